//! The formats that programs and services read, read back.

use std::collections::HashSet;

use roxmltree::Node;
use serde_json::Value;

use crate::workspace::is_report;

use super::*;

pub(super) const ALL: [Format; 10] = [
    Format::Text,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
    Format::Junit,
    Format::Checkstyle,
    Format::Gnu,
    Format::Markdown,
];

const DOCKERFILE: &str = "FROM a\r\nRUN é x y\r\nRUN one \\\r\n  two\r\n";
const MANIFEST: &str = "[project]\ndependencies = [\"torch\"]\n";
/// What a repository would like to be taken for something else.
const HOSTILE: &str = "`a`<img src=x onerror=y> & \"q\" 'p' ]]> [text](https://example.invalid) | @user #1 ![i](x) %0A::error::x \u{1b}[2J\u{202e}\u{fffe}\r\n::error::y\0";

/// A finding with everything, one of several lines, one about a file as a whole, one about a file that is not there; a clean Dockerfile.
pub(super) fn reports() -> Vec<(Workspace, Report)> {
    let mut everything = finding("pip-cache-kept", at("a/Dockerfile", DOCKERFILE, "x y"));
    everything.labels =
        vec![Label { span: at("a/pyproject.toml", MANIFEST, "\"torch\""), message: "asks for it".to_owned() }];
    everything.notes = vec![("chain", "app > torch".to_owned())];
    everything.help = Some("take the other".to_owned());
    everything.savings = Some(Savings::of(Component::Package("torch".to_owned()), 4_400_000_000, Basis::Lock));
    let edit = |file: &str, start, end, text: &str| Edit {
        file: file.into(),
        range: TextRange::new(start, end),
        text: text.to_owned(),
    };
    let x = DOCKERFILE.find('x').unwrap() as u32;
    everything.fix = Some(Fix {
        title: "put `z` in".to_owned(),
        applicability: Applicability::Unsafe,
        caution: Some("it may break".to_owned()),
        edits: vec![
            edit("a/Dockerfile", x + 2, x + 3, "z"),
            edit("a/pyproject.toml", 0, 0, "# new\n"),
            edit("a/Dockerfile", x, x, "w \\\n  v "),
            edit("a/Dockerfile", DOCKERFILE.len() as u32, DOCKERFILE.len() as u32, "CMD c\n"),
        ],
    });
    let mut lines = finding("apt-lists-kept", at("a/Dockerfile", DOCKERFILE, "one \\\r\n  two"));
    lines.severity = Severity::Info;
    let mut whole = finding("missing-dockerignore", Span::new("a/Dockerfile", TextRange::default()));
    whole.severity = Severity::Error;
    whole.fix = Some(Fix {
        title: "create it".to_owned(),
        applicability: Applicability::Safe,
        caution: None,
        edits: vec![edit("a/.dockerignore", 0, 0, ".git\n")],
    });
    let absent = finding("unreadable-file", Span::new("absent/Dockerfile", TextRange::new(5, 9)));
    let files = [("a/Dockerfile", DOCKERFILE), ("a/pyproject.toml", MANIFEST), ("clean/Dockerfile", "FROM a\n")];
    results(&files, vec![everything, lines, whole, absent])
}

/// Findings whose every text is [`HOSTILE`].
pub(super) fn hostile() -> Vec<(Workspace, Report)> {
    let path = "a \u{202e}&<b>'\"|`%:,\n/Dockerfile";
    let dockerfile = format!("FROM a\nRUN {}\n", HOSTILE.replace(['\r', '\n'], ""));
    let mut found = finding("pip-cache-kept", at(path, &dockerfile, "RUN"));
    found.message = HOSTILE.to_owned();
    found.primary_label = HOSTILE.to_owned();
    found.labels = vec![Label { span: found.primary.clone(), message: HOSTILE.to_owned() }];
    found.notes = vec![("chain", HOSTILE.to_owned())];
    found.help = Some(HOSTILE.to_owned());
    let edits = vec![Edit { file: path.into(), range: TextRange::new(0, 4), text: HOSTILE.to_owned() }];
    let applicability = Applicability::Safe;
    found.fix = Some(Fix { title: HOSTILE.to_owned(), applicability, caution: Some(HOSTILE.to_owned()), edits });
    results(&[(path, &dockerfile)], vec![found])
}

fn json(reports: &[(Workspace, Report)], format: Format) -> Value {
    serde_json::from_str(&written(reports, format)).unwrap()
}

fn sarif_results(reports: &[(Workspace, Report)]) -> Vec<Value> {
    json(reports, Format::Sarif)["runs"][0]["results"].as_array().unwrap().clone()
}

fn region(value: &Value) -> [u64; 4] {
    ["startLine", "startColumn", "endLine", "endColumn"].map(|key| value[key].as_u64().unwrap())
}

/// `text` with the replacements made, by lines and columns, as an editor makes them.
fn replaced(text: &str, replacements: &Value) -> String {
    let offset = |line: u64, column: u64| {
        let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        start + text[start..].chars().take(column as usize - 1).map(char::len_utf8).sum::<usize>()
    };
    let mut text = text.to_owned();
    for replacement in replacements.as_array().unwrap().iter().rev() {
        let [line, column, end_line, end_column] = region(&replacement["deletedRegion"]);
        let range = offset(line, column)..offset(end_line, end_column);
        text.replace_range(range, replacement["insertedContent"]["text"].as_str().unwrap());
    }
    text
}

#[test]
fn sarif_has_rules_places_and_evidence() {
    let log = json(&reports(), Format::Sarif);
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["semanticVersion"]), (&"slimlint".into(), &env!("CARGO_PKG_VERSION").into()));
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 4);
    for rule in rules {
        let page = crate::rules::find(rule["id"].as_str().unwrap()).unwrap().page;
        assert_eq!(rule["shortDescription"]["text"], page.summary());
        assert!(rule["fullDescription"]["text"].as_str().unwrap().starts_with(&page.summary()));
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## What to do"));
        assert_eq!(rule["helpUri"], page.url());
        assert_eq!(rule["properties"]["confidence"], page.confidence.name());
        assert_eq!(rule["properties"]["tags"][0], page.group);
    }
    let results = run["results"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
    }
    let levels: Vec<&str> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["warning", "note", "error", "warning"]);
    let place = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    assert_eq!(region(&place(0)["region"]), [2, 7, 2, 10]);
    assert_eq!(region(&place(1)["region"]), [3, 5, 4, 6]);
    assert!(place(2).get("region").is_none() && place(3).get("region").is_none());
    assert_eq!(place(0)["artifactLocation"]["uri"], "a/Dockerfile");
    assert_eq!(place(0)["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].get("uri").is_none(), "no path of this machine");
    let first = &results[0];
    assert_eq!(
        first["message"]["text"],
        "`pip-cache-kept` is the matter\nchain: app > torch\nsaves: ~4.4 GB (lock)\nfix: (unsafe) put `z` in\nrisk: it may break\nhelp: take the other"
    );
    assert_eq!(first["locations"][0]["message"]["text"], "here");
    let related = &first["relatedLocations"][0];
    assert_eq!((&related["id"], &related["message"]["text"]), (&1.into(), &"asks for it".into()));
    assert_eq!(region(&related["physicalLocation"]["region"]), [2, 17, 2, 24]);
    assert_eq!(first["properties"]["savings"]["bytes"], 4_400_000_000_u64);
    assert_eq!(first["properties"]["savings"]["basis"], "lock");
}

#[test]
fn sarif_fixes_do_what_fixes_do() {
    let results = sarif_results(&reports());
    let fix = &results[0]["fixes"][0];
    assert_eq!(fix["description"]["text"], "(unsafe) put `z` in; it may break");
    let changes = fix["artifactChanges"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    let dockerfile = replaced(DOCKERFILE, &changes[0]["replacements"]);
    assert_eq!(dockerfile, "FROM a\r\nRUN é w \\\r\n  v x z\r\nRUN one \\\r\n  two\r\nCMD c\r\n");
    assert_eq!(replaced(MANIFEST, &changes[1]["replacements"]), format!("# new\n{MANIFEST}"));
    let text = changes[0].to_string();
    assert!(!text.contains("byteOffset"), "the viewer of VS Code takes such a file for a binary one");
    assert!(results[2].get("fixes").is_none(), "no reader creates files");
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let dockerfile = "\u{feff}FROM x y\nRUN x\n";
    let reports = results(&[("Dockerfile", dockerfile)], vec![finding("r", at("Dockerfile", dockerfile, "x y"))]);
    let result = &sarif_results(&reports)[0];
    assert_eq!(region(&result["locations"][0]["physicalLocation"]["region"]), [1, 6, 1, 9]);
    assert!(written(&reports, Format::Github).contains("line=1,endLine=1,col=6,endColumn=9,"));
    assert!(written(&reports, Format::Gnu).starts_with("Dockerfile:1.6-1.8: "));
}

#[test]
fn services_get_paths_from_the_root_of_the_repository() {
    let reports = reports();
    for (cwd, uri, base, file) in [
        ("/workspace", "a/Dockerfile", "%SRCROOT%".into(), "a/Dockerfile"),
        ("/workspace/a", "a/Dockerfile", "%SRCROOT%".into(), "a/Dockerfile"),
        ("/", "workspace/a/Dockerfile", "%SRCROOT%".into(), "workspace/a/Dockerfile"),
        ("/elsewhere", "file:///workspace/a/Dockerfile", Value::Null, "../workspace/a/Dockerfile"),
    ] {
        let written = |format| {
            let mut out = Vec::new();
            let results = Results { reports: &reports, fixed: None, baseline: None, cwd: Path::new(cwd) };
            write(&results, format, Paint::new(false), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let log: Value = serde_json::from_str(&written(Format::Sarif)).unwrap();
        let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!((&location["uri"], &location["uriBaseId"]), (&uri.into(), &base), "{cwd}");
        assert!(written(Format::Github).starts_with(&format!("::warning file={file},")), "{cwd}");
    }
}

/// Name, properties and message of a workflow command.
type WorkflowCommand = (String, Vec<(String, String)>, String);

/// The workflow commands of a log, as the runner reads them.
fn commands(log: &str) -> Vec<WorkflowCommand> {
    let unescape = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let commands = log.lines().filter_map(|line| line.strip_prefix("::")?.split_once("::")).map(|(head, message)| {
        let (name, properties) = head.split_once(' ').unwrap();
        let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
        (name.to_owned(), pairs.map(|(key, value)| (key.to_owned(), unescape(value))).collect(), unescape(message))
    });
    commands.collect()
}

#[test]
fn github_gets_one_command_for_each_finding() {
    let log = written(&reports(), Format::Github);
    let commands = commands(&log);
    let names: Vec<&str> = commands.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(names, ["warning", "notice", "error", "warning"]);
    let shown: Vec<String> = commands
        .iter()
        .map(|(_, properties, _)| properties.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>())
        .map(|pairs| pairs.join(" "))
        .collect();
    assert_eq!(shown[0], "file=a/Dockerfile line=2 endLine=2 col=7 endColumn=10 title=slimlint: pip-cache-kept");
    assert_eq!(shown[1], "file=a/Dockerfile line=3 endLine=4 title=slimlint: apt-lists-kept");
    assert_eq!(shown[2], "file=a/Dockerfile line=1 title=slimlint: missing-dockerignore");
    assert!(commands[0].2.starts_with("`pip-cache-kept` is the matter\nchain: app > torch\nsaves: ~4.4 GB"));
    assert_eq!(log.lines().count(), 5, "the last line sums up");

    let log = written(&hostile(), Format::Github);
    assert_eq!((log.lines().count(), log.matches("\n::").count()), (2, 0), "{log}");
    assert!(log.contains("%250A::error::x"), "{log}");
    let file = &self::commands(&log)[0].1[0].1;
    assert_eq!(file, r#"a \u{202e}&<b>'"|`%:,\x0a/Dockerfile"#);
}

#[test]
fn gitlab_gets_what_its_parser_asks_for() {
    let report = json(&reports(), Format::Gitlab);
    let issues = report.as_array().unwrap();
    assert_eq!(issues.len(), 4);
    for issue in issues {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {issue}");
        }
        assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0));
    }
    let severities: Vec<&str> = issues.iter().map(|issue| issue["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["major", "info", "blocker", "major"]);
    assert_eq!(issues[0]["location"]["path"], "a/Dockerfile");
    assert_eq!(issues[0]["description"], "`pip-cache-kept` is the matter (−4.4 GB)");
    assert_eq!(
        (&issues[1]["location"]["lines"]["begin"], &issues[1]["location"]["lines"]["end"]),
        (&3.into(), &4.into())
    );
    // A message is for people, a path for programs.
    let hostile = json(&hostile(), Format::Gitlab);
    assert!(hostile[0]["description"].as_str().unwrap().contains(r"\u{202e}"));
    assert_eq!(hostile[0]["location"]["path"], "a \u{202e}&<b>'\"|`%:,\n/Dockerfile");
}

#[test]
fn fingerprints_are_unique_and_survive_lines_above() {
    let fingerprints = |above: &str, message: &str| {
        let dockerfile = format!("{above}FROM a\nRUN x y\nRUN  x z\nRUN x y\n");
        let found = |from: usize, needle: &str| {
            let start = dockerfile[from..].find(needle).unwrap() + from;
            let mut found = finding("r", Span::new("Dockerfile", TextRange::from_usize(start, start + needle.len())));
            found.message = message.to_owned();
            found
        };
        let last = dockerfile.rfind("x y").unwrap();
        let other = Diagnostic { rule: "s", ..found(0, "y") };
        let whole = finding("r", Span::new("Dockerfile", TextRange::default()));
        let all = vec![found(0, "x"), found(0, "y"), found(0, "y"), found(last, "x"), other, whole];
        let reports = results(&[("Dockerfile", &dockerfile)], all);
        let gitlab = json(&reports, Format::Gitlab);
        let gitlab = gitlab.as_array().unwrap().iter().map(|issue| issue["fingerprint"].clone()).collect::<Vec<_>>();
        let sarif = sarif_results(&reports)
            .iter()
            .map(|result| result["partialFingerprints"]["slimlint/v1"].clone())
            .collect::<Vec<_>>();
        assert_eq!(gitlab, sarif);
        gitlab
    };
    let before = fingerprints("", "saves 5 MB");
    assert_eq!(before.iter().map(Value::to_string).collect::<HashSet<_>>().len(), before.len());
    assert_eq!(fingerprints("# é\n\n#\n", "saves 6 MB"), before);
}

#[test]
fn every_format_escapes_what_acts() {
    for format in ALL {
        let shown = written(&hostile(), format);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.chars().any(acts), "{format:?}: {shown:?}");
        assert!(shown.contains("u202e") || shown.contains("u{202e}") || shown.contains("%E2%80%AE"), "{format:?}");
    }
    let result = &sarif_results(&hostile())[0];
    assert!(!result["message"]["text"].as_str().unwrap().contains("]("), "no link in {}", result["message"]);
    let inserted = &result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"];
    assert_eq!(*inserted, HOSTILE.replace("\r\n", "\n"), "what is inserted is exact");
}

#[test]
fn reports_of_nothing_are_complete() {
    let nothing: [Vec<(Workspace, Report)>; 2] = [Vec::new(), results(&[("Dockerfile", "FROM a\n")], Vec::new())];
    for reports in nothing {
        let files = reports.len();
        assert_eq!(json(&reports, Format::Gitlab), serde_json::json!([]));
        let log = json(&reports, Format::Sarif);
        assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
        assert_eq!(json(&reports, Format::Json)["diagnostics"], serde_json::json!([]));
        for format in [Format::Junit, Format::Checkstyle] {
            let text = written(&reports, format);
            let document = roxmltree::Document::parse(&text).unwrap();
            let elements = document.root_element().children().filter(Node::is_element).count();
            assert_eq!(elements, files, "{format:?}");
        }
        assert!(written(&reports, Format::Markdown).starts_with("### slimlint\n\nNothing to slim in "));
        assert_eq!(written(&reports, Format::Gnu), "");
    }
}

#[test]
fn statistics_stand_beside_findings_or_nowhere() {
    let reports = reports();
    for format in ALL {
        let mut out = Vec::new();
        let results = Results { reports: &reports, fixed: None, baseline: None, cwd: Path::new("/workspace") };
        write_statistics(&results, format, Paint::new(false), &mut out).unwrap();
        let is_same = out == written(&reports, format).into_bytes();
        assert_eq!(is_same, !format.has_statistics(), "{format:?}");
    }
}

#[test]
fn the_root_of_xml_stands_right_behind_the_declaration() {
    for (format, root) in [(Format::Junit, "<testsuites "), (Format::Checkstyle, "<checkstyle ")] {
        let text = written(&reports(), format);
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with(root)), "{text}");
    }
}

#[test]
fn a_report_is_no_source() {
    for format in [Format::Json, Format::Sarif, Format::Gitlab, Format::Junit, Format::Checkstyle] {
        assert!(is_report(&written(&reports(), format)), "{format:?}");
    }
}
