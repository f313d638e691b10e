use std::path::Path;

use crate::diagnostic::{
    Applicability, Basis, Component, Diagnostic, Edit, Fix, Label, Saving, Savings, Severity, Span,
};
use crate::facts::python::Dominant;
use crate::facts::{Amount, Contents};
use crate::lint::{Report, ServiceSummary};
use crate::python::PackageName;
use crate::python::closure::Part;
use crate::text::TextRange;
use crate::workspace::{Service, Workspace};

use super::*;

mod documents;
mod formats;

fn at(file: &str, text: &str, needle: &str) -> Span {
    let start = text.find(needle).unwrap();
    Span::new(file, TextRange::from_usize(start, start + needle.len()))
}

fn finding(rule: &'static str, primary: Span) -> Diagnostic {
    let message = format!("`{rule}` is the matter");
    Diagnostic { primary_label: "here".to_owned(), ..Diagnostic::new(rule, Severity::Warning, message, primary) }
}

fn results(files: &[(&str, &str)], diagnostics: Vec<Diagnostic>) -> Vec<(Workspace, Report)> {
    let workspace =
        Workspace::in_memory(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    let service = |path: &str| Service {
        dockerfile: path.to_owned(),
        context: String::new(),
        context_evidence: String::new(),
        ignore_file: None,
        builds: crate::workspace::Builds::default(),
        gpu: None,
    };
    let dockerfiles = files.iter().map(|(path, _)| *path).filter(|path| path.ends_with("Dockerfile"));
    let services = dockerfiles.map(|path| {
        let findings = (0..diagnostics.len()).filter(|&index| *diagnostics[index].primary.file == *path).collect();
        ServiceSummary { service: service(path), source: None, findings, known: Vec::new(), contents: Vec::new() }
    });
    let services = services.collect();
    vec![(workspace, Report { services, diagnostics, suppressed: 0, known: Vec::new() })]
}

fn written(reports: &[(Workspace, Report)], format: Format) -> String {
    let mut out = Vec::new();
    let results = Results { reports, fixed: None, baseline: None, cwd: Path::new("/workspace") };
    write(&results, format, Paint::new(false), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(files: &[(&str, &str)], diagnostics: Vec<Diagnostic>) -> String {
    written(&results(files, diagnostics), Format::Text)
}

#[test]
fn a_finding_with_everything() {
    let dockerfile = "FROM python:3.12\nRUN uv sync --extra providers \\\n    --frozen\n";
    let pyproject = "[project]\ndependencies = [\n    \"sentence-transformers>=3.2.1\",\n]\n";
    let mut found = finding("cuda-torch-on-cpu", at("a/Dockerfile", dockerfile, "--extra providers"));
    found.message = "`torch` installs its CUDA build, and this service reserves no GPU".to_owned();
    found.primary_label = "adds 79 packages, ~5.1 GB installed".to_owned();
    found.labels.push(Label {
        span: at("a/pyproject.toml", pyproject, "\"sentence-transformers>=3.2.1\""),
        message: "pulls torch 2.12.1 and 20 CUDA packages".to_owned(),
    });
    let chain = "mcp-server[providers] > sentence-transformers > torch 2.12.1 > nvidia-cublas, nvidia-cudnn-cu13, triton, nvidia-nccl";
    found.notes = vec![("chain", chain.to_owned()), ("gpu", "none: no compose file reserves a device".to_owned())];
    found.savings = Some(Savings::of(Component::Package("torch".to_owned()), 4_400_000_000, Basis::Lock));
    found.fix = Some(Fix {
        title: "take torch from the CPU index".to_owned(),
        applicability: Applicability::Unsafe,
        caution: None,
        edits: Vec::new(),
    });
    let expected = "\
warning[cuda-torch-on-cpu]: `torch` installs its CUDA build, and this service reserves no GPU
   ╭─[a/Dockerfile:2:13]
 2 │ RUN uv sync --extra providers \\
   ·             ────────┬────────
   ·                     ╰── adds 79 packages, ~5.1 GB installed
   ╰────
   ╭─[a/pyproject.toml:3:5]
 3 │     \"sentence-transformers>=3.2.1\",
   ·     ───────────────┬──────────────
   ·                    ╰── pulls torch 2.12.1 and 20 CUDA packages
   ╰────
      chain  mcp-server[providers] > sentence-transformers > torch 2.12.1 > nvidia-cublas,
             nvidia-cudnn-cu13, triton, nvidia-nccl
      gpu    none: no compose file reserves a device
      saves  ~4.4 GB (lock)
      fix    (unsafe) take torch from the CPU index

Found 1 problem in 1 Dockerfile (1 unsafe fix with --fix --unsafe-fixes).
";
    assert_eq!(text(&[("a/Dockerfile", dockerfile), ("a/pyproject.toml", pyproject)], vec![found]), expected);
}

#[test]
fn marks_stand_below_what_they_mark() {
    for (dockerfile, needle) in [
        ("FROM a\n\tRUN\tx y\n", "x y"),
        ("FROM a\r\nRUN x y\r\n", "x y"),
        ("FROM a\nRUN echo 好好好 && x y\n", "x y"),
        ("\u{feff}FROM x y\n", "x y"),
        ("FROM a\nRUN x y", "x y"),
        ("FROM a\nRUN \u{1b}[2J\u{202e} x y\n", "x y"),
        ("FROM a\rRUN x y\r", "x y"),
    ] {
        let shown = text(&[("Dockerfile", dockerfile)], vec![finding("r", at("Dockerfile", dockerfile, needle))]);
        let lines: Vec<&str> = shown.lines().collect();
        let marked = lines.iter().position(|line| line.contains('┬')).expect(&shown);
        let column = |line: &str, needle: &str| super::wrap::width(&line[..line.find(needle).expect(&shown)]);
        assert_eq!(column(lines[marked - 1], needle), column(lines[marked], "─┬─"), "{dockerfile:?}\n{shown}");
        assert!(!shown.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{shown:?}");
    }
}

#[test]
fn odd_places_do_no_harm() {
    let long = format!("FROM a\nRUN {} x y {}\n", "a".repeat(2_000_000), "好".repeat(1_000_000));
    let two = format!("FROM a\nRUN x y {} z\n", "a ".repeat(500));
    let whole = |file: &str, start, end| Span::new(file, TextRange::new(start, end));
    for (dockerfile, place) in [
        (long.as_str(), at("Dockerfile", &long, "x y")),
        (&two, at("Dockerfile", &two, "z")),
        ("", whole("Dockerfile", 0, 0)),
        ("FROM a\n", whole("Dockerfile", 0, 0)),
        ("FROM a\n", whole("Dockerfile", 7, 7)),
        ("FROM a", whole("Dockerfile", 6, 6)),
        ("FROM a\n\n\nRUN b\n", whole("Dockerfile", 7, 9)),
        ("FROM a\nRUN b \\\n  c\n", whole("Dockerfile", 0, 18)),
        ("FROM ä\n", whole("Dockerfile", 6, 7)),
        ("FROM a\n", whole("absent", 5, 9)),
        ("FROM a\n", whole("Dockerfile", 50, 90)),
    ] {
        let mut found = finding("r", place.clone());
        found.labels = vec![
            Label { span: whole("Dockerfile", 0, 4), message: "a long label ".repeat(12).trim().to_owned() },
            Label { span: place, message: "the same place".to_owned() },
        ];
        let reports = results(&[("Dockerfile", dockerfile)], vec![found]);
        for format in formats::ALL {
            let shown = written(&reports, format);
            let widest = shown.lines().map(super::wrap::width).max().unwrap_or_default();
            let is_for_people = matches!(format, Format::Text | Format::Concise);
            assert!(!is_for_people || widest <= 100, "{widest}\n{shown}");
        }
    }
}

#[test]
fn levers_are_told_largest_first_and_count_once() {
    let dockerfile = "FROM a\nRUN x\nRUN y\nRUN z\n";
    let saving = |component: &str, bytes| Saving {
        component: Component::Package(component.to_owned()),
        bytes,
        basis: Basis::Lock,
    };
    let mut diagnostics: Vec<Diagnostic> =
        ["x", "y", "z"].map(|word| finding("rule", at("Dockerfile", dockerfile, word))).into();
    diagnostics[0].savings = Some(Savings { items: vec![saving("a", 30_000_000)], complete: true, in_image: true });
    let items = vec![saving("a", 30_000_000), saving("torch", 4_000_000_000)];
    diagnostics[1].savings = Some(Savings { items, complete: false, in_image: true });
    diagnostics[2].savings = Some(Savings { items: vec![saving("b", 9_000_000_000)], complete: true, in_image: false });
    let reports = results(&[("Dockerfile", dockerfile)], diagnostics);
    assert_eq!(Totals::of(&reports).bytes, 4_030_000_000);
    let shown = written(&reports, Format::Text);
    let levers = "\
Dockerfile   ~4.0 GB to save
  1. `rule` is the matter  −4.0 GB  rule
  2. `rule` is the matter  −30 MB   rule
  nothing else is worth more than 20 MB
";
    assert!(shown.contains(levers), "{shown}");
    assert!(
        shown.contains("saves  at least 4.0 GB (lock)")
            && shown.contains("saves  ~9.0 GB less sent to the builder (lock)")
    );
    assert!(
        written(&reports, Format::Concise)
            .contains("Dockerfile:3:5: warning: `rule` is the matter [rule] [−4.0 GB or more]\n")
    );
}

#[test]
fn the_package_that_dominates_is_told_above_the_levers() {
    let contents = |complete| Contents {
        target: None,
        base: Some("python:3.12".to_owned()),
        stages: Vec::new(),
        base_bytes: Some(400_000_000),
        system: Amount::NONE,
        python: Amount { bytes: 5_000_000_000, complete },
        node: Amount::NONE,
        copied: Amount::NONE,
        other: Amount::NONE,
        dominant: Some(Dominant {
            package: PackageName::new("torch"),
            with_cuda: true,
            bytes: 4_900_000_000,
            pulled_by: Some(PackageName::new("sentence-transformers")),
            part: Some(Part::Extra(PackageName::new("providers"))),
        }),
    };
    let mut reports = results(&[("Dockerfile", "FROM a\n")], Vec::new());
    reports[0].1.services[0].contents = vec![contents(true)];
    let expected = "\
Dockerfile   image ~5.4 GB, of it `torch` with CUDA ~4.9 GB (90 %), pulled by
  `sentence-transformers` of the extra `providers`
  nothing found here is worth more than 20 MB

Nothing to slim in 1 Dockerfile.
";
    assert_eq!(written(&reports, Format::Text), expected);
    reports[0].1.services[0].contents = vec![Contents { base_bytes: None, ..contents(false) }];
    assert!(written(&reports, Format::Text).starts_with("Dockerfile   at least 5.0 GB beside the base, of it `torch`"));
}

#[test]
fn json_is_one_object_with_places_in_characters_and_edits_in_bytes() {
    let dockerfile = "FROM a\r\nRUN ä x\r\n";
    let mut found = finding("r", at("Dockerfile", dockerfile, "x"));
    found.message = "\u{202e}".to_owned();
    let edit = |file: &str, text: &str| Edit { file: file.into(), range: TextRange::new(0, 0), text: text.to_owned() };
    let edits = vec![edit("Dockerfile", "a\nb"), edit("new", "a\nb")];
    found.fix = Some(Fix { title: "t".to_owned(), applicability: Applicability::Safe, caution: None, edits });
    let json = written(&results(&[("Dockerfile", dockerfile)], vec![found]), Format::Json);
    assert!(json.is_ascii() && json.lines().count() == 1, "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &value["diagnostics"][0];
    assert_eq!(
        (first["line"].as_u64(), first["column"].as_u64(), first["end_column"].as_u64()),
        (Some(2), Some(7), Some(8))
    );
    assert_eq!(first["message"], "\u{202e}");
    assert_eq!(first["labels"][0]["message"], "here");
    assert_eq!(first["fix"]["edits"][0]["text"], "a\r\nb");
    assert_eq!(first["fix"]["edits"][1]["text"], "a\nb");
    assert_eq!(value["summary"]["findings"]["warning"], 1);
}

#[test]
fn sentences() {
    for (totals, sentence) in [
        (Totals { dockerfiles: 1, ..Totals::default() }, "Nothing to slim in 1 Dockerfile."),
        (
            Totals { dockerfiles: 2, suppressed: 3, ..Totals::default() },
            "Nothing to slim in 2 Dockerfiles, 3 silenced by ignore comments.",
        ),
        (
            Totals { dockerfiles: 2, warnings: 4, safe_fixes: 1, unsafe_fixes: 2, ..Totals::default() },
            "Found 4 problems in 2 Dockerfiles (1 safe fix with --fix, 2 more with --unsafe-fixes).",
        ),
        (Totals { dockerfiles: 1, errors: 1, ..Totals::default() }, "Found 1 problem in 1 Dockerfile."),
    ] {
        assert_eq!(totals.sentence(), sentence);
    }
}
