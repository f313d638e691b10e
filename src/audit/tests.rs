use std::path::Path;

use crate::config::Settings;
use crate::lint::lint;
use crate::output::Paint;
use crate::workspace::Workspace;

use super::*;

const TORCH: &str =
    "FROM python:3.11-slim\nCOPY req.txt .\nRUN pip install --no-cache-dir -r req.txt\nCMD [\"python\"]\n";

pub(super) fn reports(files: &[(&str, &str)]) -> Vec<(Workspace, Report)> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let workspace = Workspace::in_memory(files.clone());
    let is_dockerfile = |path: &String| path.ends_with("Dockerfile");
    let paths: Vec<String> = files.map(|(path, _)| path).filter(is_dockerfile).collect();
    let report = lint(&workspace, &paths, &Settings::default());
    vec![(workspace, report)]
}

fn audit(files: &[(&str, &str)]) -> Audit {
    Audit::of(&reports(files), Path::new("/workspace"))
}

fn written(audit: &Audit, shown: &Shown, format: AuditFormat) -> String {
    let sources = Sources { reports: &[], patches: &[], cwd: Path::new("/workspace") };
    let mut out = Vec::new();
    write(audit, &sources, shown, format, Paint::new(false), &mut out).expect("writes");
    String::from_utf8(out).expect("text")
}

#[test]
fn services_are_ranked_by_what_could_be_saved_and_share_their_cause() {
    let audit = audit(&[
        ("small/Dockerfile", "FROM alpine:3.20\nCMD [\"sh\"]\n"),
        ("b/Dockerfile", "FROM python:3.11-slim\nCOPY shared.txt .\nRUN pip install --no-cache-dir -r shared.txt\n"),
        ("a/Dockerfile", "FROM python:3.11-slim\nCOPY shared.txt .\nRUN pip install --no-cache-dir -r shared.txt\n"),
        ("shared.txt", "torch==2.7.1\n"),
    ]);
    let names: Vec<&str> = audit.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "small"]);
    let first = &audit.services[0];
    assert_eq!(first.dominant.as_deref(), Some("torch (CUDA)"));
    assert!(first.reclaimable_bytes > 3_000_000_000 && first.image_bytes() > Some(first.reclaimable_bytes));
    let cause = audit.causes.iter().find(|cause| cause.rule == "cuda-torch-on-cpu").expect("torch");
    assert_eq!((cause.services.as_slice(), cause.wheres.len()), (&[0, 1][..], 1));
    assert_eq!(cause.wheres[0].subject.name(), "shared.txt:1");
    let of_one = first.levers.iter().find(|lever| lever.rule == "cuda-torch-on-cpu").and_then(|lever| lever.bytes);
    assert_eq!((Some(cause.bytes / 2), cause.bytes % 2), (of_one, 0));
    let sum: u64 = audit.services.iter().map(|service| service.reclaimable_bytes).sum();
    assert_eq!(audit.totals.reclaimable_bytes, sum);
}

#[test]
fn a_file_that_ships_two_images_is_two_services_with_findings_of_their_own() {
    let audit = audit(&[(
        "Dockerfile",
        "FROM python:3.11-slim AS api\nRUN pip install flask\nCMD [\"flask\"]\n\
         FROM debian:12-slim AS worker\nRUN apt-get update && apt-get install -y --no-install-recommends curl\nCMD [\"sh\"]\n",
    )]);
    let rules = |name: &str| {
        let service = audit.services.iter().find(|service| service.name == name).expect("a service");
        service.levers.iter().map(|lever| lever.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules("Dockerfile#api"), ["pip-cache-kept"]);
    assert_eq!(rules("Dockerfile#worker"), ["apt-lists-kept"]);
}

#[test]
fn what_is_not_known_is_unknown_and_counted() {
    let audit = audit(&[("Dockerfile", "FROM registry.example.invalid/own:1\nRUN apk add curl\nCMD [\"sh\"]\n")]);
    let service = &audit.services[0];
    assert_eq!((service.image_bytes(), audit.totals.unknown_images, audit.totals.complete), (None, 1, false));
    assert!(service.unknown().any(|part| part == "base"));
    let json: serde_json::Value =
        serde_json::from_str(&written(&audit, &Shown::default(), AuditFormat::Json)).expect("JSON");
    assert!(json["services"][0]["image_bytes"].is_null());
    assert!(written(&audit, &Shown::default(), AuditFormat::Table).contains("unknown"));
}

#[test]
fn every_format_tells_the_same_figures() {
    let audit = audit(&[("api/Dockerfile", TORCH), ("api/req.txt", "torch==2.7.1\n")]);
    let shown = Shown { keep: Some(10), ..Shown::default() };
    let bytes = audit.services[0].reclaimable_bytes;
    let json: serde_json::Value = serde_json::from_str(&written(&audit, &shown, AuditFormat::Json)).expect("JSON");
    assert_eq!(json["services"][0]["reclaimable_bytes"], bytes);
    assert_eq!(json["totals"]["kept"]["reclaimable_bytes"], 10 * bytes);
    assert_eq!(json["causes"][0]["services"][0], "api");
    let csv = written(&audit, &shown, AuditFormat::Csv);
    assert!(
        csv.lines()
            .nth(1)
            .is_some_and(|row| row.starts_with("api,api/Dockerfile,") && row.contains(&format!(",{bytes},"))),
        "{csv}"
    );
    let table = written(&audit, &shown, AuditFormat::Table);
    assert!(table.contains("1 service   images ") && table.contains("10 versions of each in a registry: "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    let markdown = written(&audit, &shown, AuditFormat::Markdown);
    assert!(markdown.contains("| <code>api</code> | <code>python:3.11-slim</code> |"), "{markdown}");
    // What is not known of one image is not known of the sum.
    let row = table.lines().find(|line| line.starts_with("api ")).expect("a row");
    let cell = |text: &str| text.split("  ").map(str::trim).find(|cell| cell.ends_with("GB")).map(str::to_owned);
    let image = cell(row).expect("an image");
    assert!(image.starts_with('≥') && table.contains(&format!("images {image}")), "{table}");
    assert!(markdown.contains(&format!("images {image},")) && markdown.contains(&format!("| {image} |")), "{markdown}");
}

#[test]
fn what_nobody_can_measure_is_a_cause_all_the_same() {
    let npm = "FROM node:22-slim\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCMD [\"node\", \"x.js\"]\n";
    let manifest = "{\"dependencies\": {\"left-pad\": \"1\"}}\n";
    let audit = audit(&[("web/Dockerfile", npm), ("web/package.json", manifest)]);
    let cause = audit.causes.iter().find(|cause| cause.rule == "npm-cache-kept").expect("a cause");
    assert_eq!((cause.bytes, cause.at_least, cause.services.as_slice()), (0, true, &[0][..]));
    let table = written(&audit, &Shown::default(), AuditFormat::Table);
    assert!(table.contains("not measured: npm-cache-kept in 1 service"), "{table}");
}

#[test]
fn what_one_image_takes_from_another_is_not_what_that_holds() {
    let dockerfile = "FROM python:3.11-slim AS api\nRUN pip install torch==2.7.1\nCMD [\"python\"]\n\
                      FROM nginx:1.27 AS web\nCOPY --from=api /assets /usr/share/nginx/html\n";
    let compose =
        "services:\n  api:\n    build: {context: ., target: api}\n  web:\n    build: {context: ., target: web}\n";
    let audit = audit(&[("Dockerfile", dockerfile), ("compose.yml", compose)]);
    let is_heavy = |name: &str| {
        let service = audit.services.iter().find(|service| service.name == name).expect("a service");
        (service.bytes_of(Part::Python) > Some(1_000_000_000), service.reclaimable_bytes > 1_000_000_000)
    };
    assert_eq!(is_heavy("Dockerfile#api"), (true, true));
    assert_eq!(is_heavy("Dockerfile#web"), (false, false));
}

#[test]
fn a_torch_that_no_pin_names_is_in_the_image_beside_what_could_go_of_it() {
    let audit = audit(&[("Dockerfile", TORCH), ("req.txt", "basicsr==1.4.2\n")]);
    let service = &audit.services[0];
    let python = service.parts.iter().find(|part| part.part == Part::Python).expect("a part");
    assert!(python.reclaimable > 0 && python.bytes > Some(python.reclaimable), "{python:?}");
    assert_eq!(service.dominant.as_deref(), Some("torch (CUDA)"));
}

#[test]
fn rows_are_chosen_and_sums_are_over_all() {
    let audit =
        audit(&[("a/Dockerfile", TORCH), ("a/req.txt", "torch==2.7.1\n"), ("z/Dockerfile", "FROM alpine:3.20\n")]);
    let names = |shown: Shown| audit.rows(&shown).iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(Shown { limit: Some(1), ..Shown::default() }), ["a"]);
    assert_eq!(names(Shown { min_saving: 1_000_000, ..Shown::default() }), ["a"]);
    assert_eq!(names(Shown { order: Order::Name, ..Shown::default() }), ["a", "z"]);
    assert_eq!(audit.totals.services, 2);
}

#[test]
fn gates_judge_what_is_known() {
    let audit = audit(&[
        ("a/Dockerfile", TORCH),
        ("a/req.txt", "torch==2.7.1\n"),
        ("own/Dockerfile", "FROM registry.example.invalid/own:1\nCMD [\"sh\"]\n"),
    ]);
    let gates = |max_size, max_saving| Gates { max_size, max_saving };
    let names = |gates: Gates| gates.exceeded(&audit).into_iter().map(|over| over.0).collect::<Vec<_>>();
    assert_eq!(names(gates(Some(250_000_000), None)).len(), 1);
    assert!(names(gates(Some(250_000_000), None))[0].starts_with("a: the image is "));
    assert_eq!(names(gates(Some(20_000_000_000), None)), [""; 0]);
    assert!(names(gates(None, Some(500_000_000)))[0].contains("over the 500 MB of --max-saving"));
    assert_eq!(gates(Some(250_000_000), None).unjudged(&audit), ["own"]);
}
