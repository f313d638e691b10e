use std::path::Path;

use serde_json::Value;

use crate::audit::tests::reports;
use crate::audit::{Audit, Patches, Shown, Sources};
use crate::config::Settings;

use super::{TEMPLATE, embed, write};

const FLASK: &str = "FROM python:3.11-slim\nRUN pip install flask\nCMD [\"flask\"]\n";

fn html(files: &[(&str, &str)], shown: &Shown) -> String {
    let reports = reports(files);
    let cwd = Path::new("/workspace");
    let audit = Audit::of(&reports, cwd);
    let rows = audit.rows(shown);
    let plan = |(workspace, report): &(_, _)| Patches::plan(workspace, report, &rows, &Settings::default());
    let patches: Vec<Patches> = reports.iter().map(plan).collect();
    let sources = Sources { reports: &reports, patches: &patches, cwd };
    let mut out = Vec::new();
    write(&audit, &sources, shown, &mut out).expect("writes");
    String::from_utf8(out).expect("text")
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).expect(start).0
}

fn data(html: &str) -> Value {
    serde_json::from_str(between(html, "id=\"data\">", "</script>")).expect("JSON")
}

#[test]
fn services_share_their_cause_and_their_patches() {
    let service = "FROM python:3.11-slim\nCOPY shared.txt .\nRUN pip install -r shared.txt\nCMD [\"python\"]\n";
    let html = html(
        &[("a/Dockerfile", service), ("b/Dockerfile", service), ("shared.txt", "torch==2.7.1\n")],
        &Shown::default(),
    );
    let data = data(&html);
    let cause = &data["causes"][0];
    assert_eq!((&cause["rule"], &cause["count"]), (&Value::from("cuda-torch-on-cpu"), &Value::from(2)));
    assert_eq!(
        (&cause["places"][0]["name"], cause["places"].as_array().map(Vec::len)),
        (&"shared.txt:1".into(), Some(1))
    );
    assert_eq!(cause["places"][0]["services"], Value::from(vec![0, 1]));
    for service in data["services"].as_array().expect("services") {
        let parts = service["parts"].as_array().expect("parts").iter();
        let sum: u64 = parts.filter_map(|part| part[0].as_u64()).sum();
        assert_eq!(service["image"], sum);
        let patch =
            |index: &Value| data["patches"][usize::try_from(index.as_u64().expect("index")).expect("small")].clone();
        let patches: Vec<Value> = service["patches"].as_array().expect("patches").iter().map(patch).collect();
        let own = patches.iter().find(|patch| patch["file"] == service["dockerfile"]).expect("its own patch");
        assert!(own["text"].as_str().is_some_and(|text| text.contains("\n+RUN pip install --no-cache-dir")), "{own}");
    }
}

#[test]
fn hostile_names_are_no_markup() {
    let path = "x</script><b id=hostile>\u{202e}'\"&/Dockerfile";
    let html = html(&[(path, FLASK)], &Shown::default());
    // The ends of the data and of the script.
    assert_eq!(html.matches("</script").count(), 2);
    assert!(!html.contains("<b id=hostile") && !html.contains('\u{202e}'));
    assert!(
        between(&html, "<main id=\"plain\">", "</main>")
            .contains("x&lt;/script&gt;&lt;b id=hostile&gt;\\u{202e}&#39;&quot;&amp;")
    );
    assert_eq!(data(&html)["services"][0]["name"], "x</script><b id=hostile>\\u{202e}'\"&");
    let slug = data(&html)["services"][0]["slug"].as_str().expect("slug").to_owned();
    assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{slug}");
}

#[test]
fn patches_show_no_credentials() {
    let dockerfile =
        "FROM python:3.11-slim\nRUN pip install --index-url https://ann:hunter2@example.invalid/simple flask\n";
    let html = html(&[("Dockerfile", dockerfile)], &Shown::default());
    let patch = data(&html)["patches"][0]["text"].as_str().expect("a patch").to_owned();
    assert!(patch.contains("@example.invalid/simple"), "{patch}");
    assert!(!html.contains("hunter2"));
}

/// The policy allows exactly the style and the script that stand in the file, and no address.
#[test]
fn only_what_stands_in_the_file_is_allowed() {
    let html = html(&[("Dockerfile", FLASK)], &Shown::default());
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
    let style = embed::hash(between(&html, "<style>", "</style>"));
    let script = embed::hash(between(&html, "<script>", "</script>"));
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&format!("style-src '{style}';")), "{policy}");
    assert!(policy.contains(&format!("script-src '{script}';")), "{policy}");
    for reference in ["http:", "https:", "src=", "url(", "@import", "innerHTML", "eval("] {
        let assets = [between(&html, "<style>", "</style>"), between(&html, "<script>", "</script>")];
        assert!(!assets.iter().any(|asset| asset.contains(reference)), "{reference}");
    }
}

#[test]
fn every_mark_of_the_template_is_known() {
    let marks: Vec<&str> = TEMPLATE.split("{{").skip(1).filter_map(|piece| Some(piece.split_once("}}")?.0)).collect();
    assert_eq!(marks, ["policy", "title", "style", "title", "data", "script", "plain"]);
}

#[test]
fn without_its_script_it_is_a_table_with_all_findings() {
    let html = html(&[("api/Dockerfile", FLASK), ("web/Dockerfile", "FROM alpine:3.20\n")], &Shown::default());
    let plain = between(&html, "<main id=\"plain\">", "</main>");
    let findings = data(&html)["findings"].as_array().map(Vec::len).expect("findings");
    assert!(findings > 0);
    assert_eq!(plain.matches("<tr id=\"service-").count(), 2);
    assert_eq!(plain.matches("<li id=\"finding-").count(), findings);
    assert!(plain.contains("<a href=\"#finding-1\">") && plain.contains("api/Dockerfile:2"), "{plain}");
}

#[test]
fn what_is_left_out_is_counted() {
    let files = [("a/Dockerfile", FLASK), ("b/Dockerfile", FLASK)];
    let data = data(&html(&files, &Shown { limit: Some(1), ..Shown::default() }));
    assert_eq!(data["services"].as_array().map(Vec::len), Some(1));
    assert_eq!((&data["totals"]["services"], &data["totals"]["left_out"]), (&Value::from(2), &Value::from(1)));
    let parts = data["totals"]["parts"].as_array().expect("parts").iter();
    assert_eq!(data["totals"]["image_bytes"], parts.filter_map(|part| part[0].as_u64()).sum::<u64>());
    for cause in data["causes"].as_array().expect("causes") {
        assert_eq!((&cause["count"], &cause["services"]), (&Value::from(2), &Value::from(vec![0])));
    }
}

#[test]
fn nothing_is_a_report_as_well() {
    let html = html(&[], &Shown::default());
    assert_eq!(data(&html)["totals"]["services"], 0);
}
