//! XML, Markdown and lines, read back.

use roxmltree::Node;

use super::formats::{hostile, reports};
use super::*;

fn children<'n>(node: Node<'n, 'n>, name: &'static str) -> Vec<Node<'n, 'n>> {
    node.children().filter(|child| child.has_tag_name(name)).collect()
}

#[test]
fn junit_has_a_suite_for_each_file_and_a_test_for_each_finding() {
    let text = written(&reports(), Format::Junit);
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites"));
    assert_eq!((root.attribute("tests"), root.attribute("failures")), (Some("5"), Some("4")));
    let suites = children(root, "testsuite");
    let names: Vec<_> = suites.iter().filter_map(|suite| suite.attribute("name")).collect();
    assert_eq!(names, ["a/Dockerfile", "absent/Dockerfile", "clean/Dockerfile"]);
    for suite in &suites {
        let cases = children(*suite, "testcase");
        assert_eq!(suite.attribute("tests"), Some(cases.len().to_string().as_str()));
        let failures = cases.iter().filter(|case| !children(**case, "failure").is_empty()).count();
        assert_eq!(suite.attribute("failures"), Some(failures.to_string().as_str()));
    }
    let first = children(suites[0], "testcase")[0];
    assert_eq!((first.attribute("name"), first.attribute("line")), (Some("pip-cache-kept"), Some("2")));
    let failure = children(first, "failure")[0];
    assert_eq!(failure.attribute("message"), Some("`pip-cache-kept` is the matter"));
    assert_eq!(failure.attribute("type"), Some("warning"));
    let body = failure.text().unwrap();
    assert!(body.starts_with("a/Dockerfile:2:7: warning: `pip-cache-kept` is the matter [pip-cache-kept]\nchain: app"));
    assert!(children(children(suites[2], "testcase")[0], "failure").is_empty());
}

#[test]
fn tests_of_junit_have_names_of_their_own() {
    let dockerfile = "FROM a\nRUN x\nRUN y\n";
    let both = ["x", "y"].map(|needle| finding("pip-cache-kept", at("Dockerfile", dockerfile, needle)));
    let text = written(&results(&[("Dockerfile", dockerfile)], both.into()), Format::Junit);
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let names: Vec<_> = cases.filter_map(|case| case.attribute("name")).collect();
    assert_eq!(names, ["pip-cache-kept", "pip-cache-kept #2"]);
}

#[test]
fn checkstyle_has_each_file_once() {
    let text = written(&reports(), Format::Checkstyle);
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name("checkstyle") && root.attribute("version").is_some());
    let files = children(root, "file");
    let names: Vec<_> = files.iter().filter_map(|file| file.attribute("name")).collect();
    assert_eq!(names, ["a/Dockerfile", "absent/Dockerfile", "clean/Dockerfile"]);
    let errors = children(files[0], "error");
    let shown: Vec<Vec<_>> = errors
        .iter()
        .map(|error| ["line", "column", "severity", "source"].map(|name| error.attribute(name).unwrap_or("-")).into())
        .collect();
    assert_eq!(
        shown,
        [
            ["2", "7", "warning", "slimlint.pip-cache-kept"],
            ["3", "5", "info", "slimlint.apt-lists-kept"],
            ["1", "-", "error", "slimlint.missing-dockerignore"],
        ]
    );
    assert_eq!(errors[0].attribute("message"), Some("`pip-cache-kept` is the matter (−4.4 GB)"));
    assert!(children(files[2], "error").is_empty());
}

#[test]
fn xml_holds_whatever_a_repository_says() {
    for format in [Format::Junit, Format::Checkstyle] {
        let text = written(&hostile(), format);
        let document = roxmltree::Document::parse(&text).unwrap();
        let said = document.descendants().find_map(|node| node.attribute("message")).unwrap();
        assert!(said.starts_with(r#"`a`<img src=x onerror=y> & "q" 'p' ]]> [text]"#), "{said}");
        assert!(said.ends_with(r"\x1b[2J\u{202e}\u{fffe}\x0d\x0a::error::y\x00"), "{said}");
        let file = document.descendants().find(|node| node.has_tag_name("file") || node.has_tag_name("testsuite"));
        assert_eq!(file.unwrap().attribute("name"), Some(r#"a \u{202e}&<b>'"|`%:,\x0a/Dockerfile"#));
    }
}

#[test]
fn gnu_names_the_last_character() {
    let shown = written(&reports(), Format::Gnu);
    let expected = "\
a/Dockerfile:2.7-2.9: warning: `pip-cache-kept` is the matter [pip-cache-kept] [−4.4 GB]
a/Dockerfile:3.5-4.5: info: `apt-lists-kept` is the matter [apt-lists-kept]
a/Dockerfile:1: error: `missing-dockerignore` is the matter [missing-dockerignore]
absent/Dockerfile:1: warning: `unreadable-file` is the matter [unreadable-file]
";
    assert_eq!(shown, expected);
    let end = results(&[("Dockerfile", "FROM a")], vec![finding("r", Span::new("Dockerfile", TextRange::new(6, 6)))]);
    assert!(written(&end, Format::Gnu).starts_with("Dockerfile:1.7: "));
}

#[test]
fn no_line_of_output_is_a_command_of_a_service() {
    let reports = results(
        &[("::error::x/Dockerfile", "FROM a\n")],
        vec![finding("r", at("::error::x/Dockerfile", "FROM a\n", "a"))],
    );
    for format in [Format::Concise, Format::Gnu] {
        assert!(written(&reports, format).starts_with("./::error::x/Dockerfile:1"), "{format:?}");
    }
    assert!(written(&reports, Format::Github).starts_with("::warning file=%3A%3Aerror%3A%3Ax/Dockerfile,"));
}

#[test]
fn markdown_tells_the_largest_first() {
    let shown = written(&reports(), Format::Markdown);
    let page = |rule: &str| crate::rules::find(rule).unwrap().page.url();
    let expected = format!(
        "\
### slimlint

Found 4 problems in 2 Dockerfiles (1 safe fix with --fix, 1 more with --unsafe-fixes).

About 4.4 GB in images could be saved.

| severity | place | finding | saves |
|---|---|---|---|
| error | <code>a/Dockerfile</code> | <code>missing-dockerignore</code> is the matter ([missing-dockerignore]({}), safe fix) |  |
| warning | <code>a/Dockerfile:2</code> | <code>pip-cache-kept</code> is the matter ([pip-cache-kept]({}), unsafe fix) | −4.4 GB |
| warning | <code>absent/Dockerfile</code> | <code>unreadable-file</code> is the matter ([unreadable-file]({})) |  |
| info | <code>a/Dockerfile:3</code> | <code>apt-lists-kept</code> is the matter ([apt-lists-kept]({})) |  |
",
        page("missing-dockerignore"),
        page("pip-cache-kept"),
        page("unreadable-file"),
        page("apt-lists-kept")
    );
    assert_eq!(shown, expected);
}

#[test]
fn nothing_of_a_repository_is_markup() {
    let shown = written(&hostile(), Format::Markdown);
    let url = crate::rules::find("pip-cache-kept").unwrap().page.url();
    let row = shown.lines().find(|line| line.starts_with("| warning")).unwrap();
    let own = row.replace(&format!("([pip-cache-kept]({url}), safe fix)"), "");
    assert_eq!(own.matches('|').count(), 5, "{own}");
    assert!(!own.contains("https://"), "{own}");
    let own = own.replace("<code>", "").replace("</code>", "");
    for sign in ["<", ">", "[", "]", "*", "_", "`", "\\", "~"] {
        assert!(!own.contains(sign), "{sign} in {own}");
    }
    assert!(row.contains("<code>@</code>user <code>#</code>1 <code>&#33;</code>&#91;i&#93;"), "{row}");
    assert!(row.contains("https<code>:</code>//example.invalid"), "{row}");
}

#[test]
fn markdown_fits_into_a_comment() {
    let dockerfile = format!("FROM a\n{}", "RUN x\n".repeat(2_000));
    let places = dockerfile.match_indices('x').map(|(at, _)| TextRange::from_usize(at, at + 1));
    let all: Vec<Diagnostic> = places.map(|range| finding("pip-cache-kept", Span::new("Dockerfile", range))).collect();
    let shown = written(&results(&[("Dockerfile", &dockerfile)], all), Format::Markdown);
    assert!((50_000..65_536).contains(&shown.len()), "{}", shown.len());
    let rows = shown.lines().filter(|line| line.starts_with("| warning")).count();
    assert!(shown.ends_with(&format!("\n{} more, which are too many for a comment.\n", 2_000 - rows)));
}
