//! The language server as an editor sees it: every request over standard input and output, and a law of random edits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on fails"
)]

#[path = "lsp/client.rs"]
mod client;
mod common;
#[path = "lsp/conversation.rs"]
mod conversation;
#[path = "lsp/law.rs"]
mod law;

use std::process::Command;

use client::{Client, apply, capabilities, codes, edits_of, pulling, read, uri};
use common::folder::{put, repository};
use serde_json::{Value, json};
use tempfile::TempDir;

const DOCKERFILE: &str =
    "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD [\"python\"]\n";

fn service(requirements: &str) -> TempDir {
    repository(&[("Dockerfile", DOCKERFILE), ("requirements.txt", requirements), (".dockerignore", ".git\n")])
}

/// What the program finds in the Dockerfile, as `rule line`.
fn found_by_check(folder: &TempDir, path: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_slimlint"))
        .current_dir(folder.path())
        .args(["--format", "json", path])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["diagnostics"].as_array().unwrap().iter();
    found.map(|it| format!("{} {}", it["rule"].as_str().unwrap(), it["line"])).collect()
}

fn shown(found: &[Value]) -> Vec<String> {
    let line = |it: &Value| it["range"]["start"]["line"].as_u64().unwrap() + 1;
    found.iter().map(|it| format!("{} {}", it["code"].as_str().unwrap(), line(it))).collect()
}

#[test]
fn what_is_found_is_what_check_finds() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let dockerfile = uri(&folder, "Dockerfile");
    client.open(&dockerfile, "dockerfile", DOCKERFILE);
    let found = client.published(&dockerfile);
    assert_eq!(shown(&found), found_by_check(&folder, "Dockerfile"));
    let pip = found.iter().find(|it| it["code"] == "pip-cache-kept").unwrap();
    assert_eq!(pip["severity"], 2);
    assert_eq!(pip["source"], "slimlint");
    assert!(pip["codeDescription"]["href"].as_str().unwrap().ends_with("/rules/pip-cache-kept.md"));
    assert!(pip["message"].as_str().unwrap().contains("help: "), "{pip}");
    assert_eq!(client.end(), 0);
}

#[test]
fn what_is_typed_is_linted_and_what_is_closed_is_not() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let dockerfile = uri(&folder, "Dockerfile");
    client.open(&dockerfile, "dockerfile", DOCKERFILE);
    assert!(codes(&client.published(&dockerfile)).contains(&"pip-cache-kept"));
    let at = json!({ "line": 2, "character": 15 });
    client.change(&dockerfile, json!([{ "range": { "start": at, "end": at }, "text": " --no-cache-dir" }]));
    let found = client.published_where(&dockerfile, |found| !codes(found).contains(&"pip-cache-kept"));
    let message = client.seen.iter().rev().find(|it| it["method"] == "textDocument/publishDiagnostics");
    assert!(message.is_none(), "told twice: {message:?} {found:?}");
    client.change(&dockerfile, json!([{ "text": "FROM scratch\nNONSENSE\n" }]));
    assert_eq!(codes(&client.published(&dockerfile)), ["syntax-error"]);
    client.close(&dockerfile);
    assert!(client.published(&dockerfile).is_empty());
}

#[test]
fn a_dockerfile_is_known_by_its_name_or_by_what_the_editor_says() {
    let text = "FROM python:3.12-slim\nRUN pip install flask\n";
    let names = [
        ("build.txt", "dockerfile", true),
        ("api.Dockerfile", "plaintext", true),
        ("Dockerfile.j2", "dockerfile", false),
    ];
    let folder = repository(&names.map(|(name, ..)| (name, text)));
    let mut client = Client::start(&folder, pulling(), json!({}));
    for (name, language, is_linted) in names {
        let uri = uri(&folder, name);
        client.open(&uri, language, text);
        let found = client.pull(&uri);
        assert_eq!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"), is_linted, "{name}");
    }
    client.open("untitled:Untitled-1", "dockerfile", text);
    let found = client.pull("untitled:Untitled-1");
    assert!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"), "{found}");
}

#[test]
fn an_unsaved_manifest_counts_and_its_findings_are_told_there() {
    let folder = service("flask\n");
    put(&folder, "compose.yml", "services:\n  api:\n    build: .\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let (dockerfile, requirements) = (uri(&folder, "Dockerfile"), uri(&folder, "requirements.txt"));
    client.open(&dockerfile, "dockerfile", DOCKERFILE);
    let before = client.published(&dockerfile);
    assert!(!codes(&before).contains(&"cuda-torch-on-cpu"));
    client.open(&requirements, "pip-requirements", "flask\n");
    client.change(&requirements, json!([{ "text": "flask\ntorch==2.9.0\n" }]));
    let is_torch = |found: &[Value]| codes(found).contains(&"cuda-torch-on-cpu");
    let all = [&dockerfile, &requirements];
    let message = client.wait(|it| {
        let found = it["params"]["diagnostics"].as_array();
        let is_ours = all.iter().any(|uri| it["params"]["uri"] == ***uri);
        is_ours && found.is_some_and(|found| is_torch(found))
    });
    let told_at = message["params"]["uri"].as_str().unwrap().to_owned();
    let torch =
        message["params"]["diagnostics"].as_array().unwrap().iter().find(|it| it["code"] == "cuda-torch-on-cpu");
    assert!(torch.unwrap()["relatedInformation"].is_array(), "{torch:?}");
    client.change(&requirements, json!([{ "text": "flask\n" }]));
    client.published_where(&told_at, |found| !is_torch(found));
    // As the program says it of the saved file.
    put(&folder, "requirements.txt", "flask\ntorch==2.9.0\n");
    client.close(&requirements);
    client.published_where(&told_at, is_torch);
}

#[test]
fn a_manifest_alone_is_told_of_the_dockerfiles_that_read_it() {
    let dockerfile =
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY pyproject.toml .\nRUN pip install --no-cache-dir .\nCMD [\"app\"]\n";
    let broken = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("pyproject.toml", broken)]);
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let manifest = uri(&folder, "pyproject.toml");
    client.open(&manifest, "toml", broken);
    client.published_where(&manifest, |found| codes(found) == ["unreadable-manifest"]);
    let fixed = format!("{broken}]\n");
    client.change(&manifest, json!([{ "text": fixed }]));
    client.published_where(&manifest, <[Value]>::is_empty);
    assert_eq!(client.end(), 0);
}

#[test]
fn an_ignore_file_is_told_what_it_lacks() {
    let dockerfile = "FROM python:3.12-slim\nCOPY . /app\n";
    let folder = repository(&[("Dockerfile", dockerfile), (".dockerignore", "docs\n"), ("app.py", "")]);
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let ignore = uri(&folder, ".dockerignore");
    client.open(&ignore, "ignore", "docs\n");
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", dockerfile);
    client.published_where(&own, |found| codes(found).contains(&"incomplete-dockerignore"));
    client.change(&ignore, json!([{ "text": "docs\n.git\n" }]));
    client.published_where(&own, |found| !codes(found).contains(&"incomplete-dockerignore"));
}

#[test]
fn those_who_pull_are_told_nothing_else() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, pulling(), json!({}));
    let dockerfile = uri(&folder, "Dockerfile");
    client.open(&dockerfile, "dockerfile", DOCKERFILE);
    let report = client.pull(&dockerfile);
    assert_eq!(report["kind"], "full");
    assert_eq!(shown(report["items"].as_array().unwrap()), found_by_check(&folder, "Dockerfile"));
    let again = json!({ "textDocument": { "uri": dockerfile }, "previousResultId": report["resultId"] });
    assert_eq!(client.request("textDocument/diagnostic", again)["kind"], "unchanged");
    client.change(&dockerfile, json!([{ "text": "FROM scratch\n" }]));
    assert!(client.pull(&dockerfile)["items"].as_array().unwrap().is_empty());
    assert!(!client.seen.iter().any(|it| it["method"] == "textDocument/publishDiagnostics"), "{:?}", client.seen);
}

#[test]
fn findings_of_other_files_come_with_the_answer() {
    let dockerfile =
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY pyproject.toml .\nRUN pip install --no-cache-dir .\nCMD [\"app\"]\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("pyproject.toml", "[project\n")]);
    let mut client = Client::start(&folder, pulling(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", dockerfile);
    let report = client.pull(&own);
    let related = &report["relatedDocuments"][uri(&folder, "pyproject.toml")];
    assert_eq!(codes(related["items"].as_array().unwrap()), ["unreadable-manifest"], "{report}");
}

#[test]
fn the_edits_are_those_of_fix() {
    let dockerfile = "FROM python:3.12-slim\r\nRUN apt-get update && apt-get install -y curl\r\nRUN pip install flask # 😀\r\nRUN pip install -U pip && pip install django\r\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("app.py", "import flask\n")]);
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", dockerfile);
    for only in ["source.fixAll.slimlint", "source.fixAll", "source"] {
        let actions = client.actions(&own, 0, Some(only));
        assert_eq!(actions.len(), 1, "{only}: {actions:?}");
        assert_eq!(actions[0]["kind"], "source.fixAll.slimlint");
        let resolved = client.request("codeAction/resolve", actions[0].clone());
        let edits = edits_of(&resolved["edit"]);
        let mut fixed: Vec<(String, String)> = edits
            .iter()
            .map(|(uri, edits)| (uri.clone(), apply(if *uri == own { dockerfile } else { "" }, edits)))
            .collect();
        fixed.sort();
        let other = repository(&[("Dockerfile", dockerfile), ("app.py", "import flask\n")]);
        let status = Command::new(env!("CARGO_BIN_EXE_slimlint"))
            .current_dir(other.path())
            .env("SLIMLINT_STATE_DIR", other.path().join(".git/state"))
            .args(["--fix", "--no-backup", "Dockerfile"])
            .output()
            .unwrap();
        assert!(status.status.code().unwrap() < 2);
        for (uri, text) in &fixed {
            let name = uri.rsplit('/').next().unwrap();
            assert_eq!(*text, read(other.path(), name), "{name}");
        }
        assert!(fixed.iter().any(|(uri, _)| *uri == own));
    }
}

#[test]
fn one_finding_has_a_fix_an_ignore_comment_and_a_page() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({ "ignoreReason": "for now" }));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    let actions = client.actions(&own, 2, Some("quickfix"));
    let of_pip: Vec<&Value> = actions.iter().filter(|it| it["diagnostics"][0]["code"] == "pip-cache-kept").collect();
    assert_eq!(of_pip.len(), 3, "{actions:?}");
    assert_eq!(of_pip[0]["isPreferred"], true);
    let resolved = client.request("codeAction/resolve", of_pip[0].clone());
    let edits = edits_of(&resolved["edit"]);
    assert_eq!(apply(DOCKERFILE, &edits[0].1), DOCKERFILE.replace("install -r", "install --no-cache-dir -r"));
    assert_eq!(of_pip[1]["title"], "Ignore `pip-cache-kept` here");
    let resolved = client.request("codeAction/resolve", of_pip[1].clone());
    let ignored = apply(DOCKERFILE, &edits_of(&resolved["edit"])[0].1);
    assert_eq!(ignored, DOCKERFILE.replace("RUN", "# slimlint ignore=pip-cache-kept for now\nRUN"));
    client.change(&own, json!([{ "text": ignored }]));
    let rest = client.actions(&own, 3, Some("quickfix"));
    assert!(!rest.iter().any(|it| it["diagnostics"][0]["code"] == "pip-cache-kept"), "{rest:?}");
    assert_eq!(of_pip[2]["command"]["command"], "slimlint.explain");
    let page = client.request("workspace/executeCommand", of_pip[2]["command"].clone());
    assert!(page["markdown"].as_str().unwrap().starts_with("# "), "{page}");
    // What was to be done is gone.
    let id = client.ask("codeAction/resolve", of_pip[0].clone());
    assert_eq!(client.answer(id)["error"]["code"], -32801);
}

#[test]
fn edits_come_at_once_to_those_who_cannot_ask_later() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, json!({}), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    let actions = client.actions(&own, 2, Some("quickfix"));
    let changes = &actions[0]["edit"]["changes"][&own];
    assert!(apply(DOCKERFILE, changes).contains("--no-cache-dir"), "{actions:?}");
}

#[test]
fn unsafe_fixes_are_called_so_and_can_be_left_out() {
    let dockerfile = "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\nCMD [\"curl\"]\n";
    let folder = repository(&[("Dockerfile", dockerfile)]);
    for (options, is_offered) in [(json!({}), true), (json!({ "unsafeFixes": false }), false)] {
        let mut client = Client::start(&folder, capabilities(), options);
        let own = uri(&folder, "Dockerfile");
        client.open(&own, "dockerfile", dockerfile);
        let actions = client.actions(&own, 1, Some("quickfix"));
        let unsafe_ones: Vec<&Value> =
            actions.iter().filter(|it| it["title"].as_str().unwrap().contains("(unsafe")).collect();
        assert_eq!(!unsafe_ones.is_empty(), is_offered, "{actions:?}");
        assert!(unsafe_ones.iter().all(|it| it.get("isPreferred").is_none()));
    }
}

#[test]
fn a_finding_in_a_manifest_is_ignored_on_its_line() {
    let folder = service("flask\n");
    let text = "flask\n-r base.txt\n";
    put(&folder, "requirements.txt", text);
    put(&folder, "base.txt", "-r requirements.txt\n");
    let mut client = Client::start(&folder, capabilities(), json!({ "ignoreReason": "made by the build" }));
    let requirements = uri(&folder, "requirements.txt");
    client.open(&requirements, "pip-requirements", text);
    let actions = client.actions(&requirements, 1, Some("quickfix"));
    let ignore = actions.iter().find(|it| it["title"].as_str().unwrap().starts_with("Ignore")).unwrap();
    assert_eq!(ignore["diagnostics"][0]["code"], "unreadable-manifest");
    let resolved = client.request("codeAction/resolve", ignore.clone());
    let ignored = apply(text, &edits_of(&resolved["edit"])[0].1);
    assert_eq!(ignored, "flask\n# slimlint ignore=unreadable-manifest made by the build\n-r base.txt\n");
    client.change(&requirements, json!([{ "text": ignored }]));
    let actions = client.actions(&requirements, 2, Some("quickfix"));
    assert!(actions.is_empty(), "{actions:?}");
}

#[test]
fn an_editor_that_cannot_make_files_gets_the_other_fixes() {
    let dockerfile =
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD [\"python\", \"app.py\"]\n";
    let all = |client: &mut Client, own: &str| {
        client.open(own, "dockerfile", dockerfile);
        let actions = client.actions(own, 0, Some("source.fixAll"));
        let resolved = client.request("codeAction/resolve", actions[0].clone());
        edits_of(&resolved["edit"])
    };
    let plain = json!({ "textDocument": { "codeAction": { "resolveSupport": { "properties": ["edit"] }, "dataSupport": true } } });
    let mut lists = Vec::new();
    for editor in [capabilities(), plain] {
        let folder = repository(&[("Dockerfile", dockerfile), ("app.py", "import flask\n"), ("data.bin", "")]);
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        let mut client = Client::start(&folder, editor, json!({}));
        let own = uri(&folder, "Dockerfile");
        let edits = all(&mut client, &own);
        let dockerfile_edits = edits.iter().find(|(uri, _)| *uri == own).unwrap();
        assert!(apply(dockerfile, &dockerfile_edits.1).contains("--no-cache-dir"));
        lists.push(edits.len());
    }
    assert_eq!(lists, [2, 1], "the first makes .dockerignore, too");
}

#[test]
fn what_is_under_the_pointer_is_told() {
    let text = "FROM python:3.12-slim AS app\nCOPY requirements.txt .\n# slimlint ignore=pip-cache-kept so\nRUN pip install -r requirements.txt\nRUN apt-get update && apt-get install -y gcc\n";
    let requirements = "flask==3.0.0\nsentence-transformers==5.1.0\ntorch==2.9.0\n";
    let folder = repository(&[
        ("Dockerfile", text),
        ("requirements.txt", requirements),
        ("slimlint.toml", "ignore = [\"caches\"]\n"),
    ]);
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let (own, manifest) = (uri(&folder, "Dockerfile"), uri(&folder, "requirements.txt"));
    client.open(&own, "dockerfile", text);
    client.open(&manifest, "pip-requirements", requirements);
    let mut hover = |uri: &str, line, column| {
        let found = client.at("textDocument/hover", uri, line, column);
        found["contents"]["value"].as_str().map(str::to_owned)
    };
    let install = hover(&own, 3, 6).unwrap();
    assert!(install.contains("`pip install` adds") && install.contains("GB installed"), "{install}");
    let stage = hover(&own, 0, 2).unwrap();
    assert!(stage.contains("The stage `app` holds ≥") && stage.contains("`python:3.12-slim`"), "{stage}");
    let system = hover(&own, 4, 30).unwrap();
    assert!(system.contains("`gcc`") && system.contains("MB installed"), "{system}");
    let rule = hover(&own, 2, 22).unwrap();
    assert!(rule.starts_with("# ") && rule.contains("pip-cache-kept"), "{rule}");
    let package = hover(&manifest, 2, 3).unwrap();
    assert!(package.contains("torch") && package.contains("requirements.txt:3"), "{package}");
    assert_eq!(hover(&own, 2, 1), None);
}

#[test]
fn bytes_stand_behind_the_lines_unless_they_are_switched_off() {
    let folder = service("torch==2.9.0\n");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    for is_on in [true, false] {
        let mut client = Client::start(&folder, capabilities(), json!({ "inlayHints": is_on }));
        let own = uri(&folder, "Dockerfile");
        client.open(&own, "dockerfile", DOCKERFILE);
        let hints = client.request("textDocument/inlayHint", json!({ "textDocument": { "uri": own }, "range": range }));
        let hints = hints.as_array().unwrap();
        assert_eq!(hints.is_empty(), !is_on);
        if is_on {
            let lines: Vec<u64> = hints.iter().map(|it| it["position"]["line"].as_u64().unwrap()).collect();
            assert_eq!(lines, [0, 2], "{hints:?}");
            assert!(hints[1]["label"].as_str().unwrap().ends_with(" GB"), "{hints:?}");
            assert_eq!(hints[1]["position"]["character"], 35);
        }
    }
}

#[test]
fn words_lead_to_files() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    let links = client.request("textDocument/documentLink", json!({ "textDocument": { "uri": own } }));
    let links = links.as_array().unwrap();
    let target = uri(&folder, "requirements.txt");
    let places: Vec<(u64, u64)> = links
        .iter()
        .inspect(|it| assert_eq!(it["target"], target))
        .map(|it| (it["range"]["start"]["line"].as_u64().unwrap(), it["range"]["start"]["character"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [(1, 5), (2, 19)]);
}

#[test]
fn names_are_completed_where_they_can_stand() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let mut completed = |name: &str, language: &str, text: &str| {
        let uri = uri(&folder, name);
        let at = text.find('|').unwrap();
        let (line, column) = (text[..at].matches('\n').count(), at - text[..at].rfind('\n').map_or(0, |end| end + 1));
        client.open(&uri, language, &text.replace('|', ""));
        let items = client.at("textDocument/completion", &uri, line as u32, column as u32);
        client.close(&uri);
        let items = items.as_array().cloned().unwrap_or_default();
        let labels: Vec<String> = items.iter().map(|it| it["label"].as_str().unwrap().to_owned()).collect();
        let start = items.first().map(|it| it["textEdit"]["range"]["start"]["character"].as_u64().unwrap());
        (labels, start)
    };
    let rule = "pip-cache-kept".to_owned();
    for (name, text, start) in [
        ("Dockerfile", "FROM a\n# slimlint ignore=pip-c|\nRUN b\n", 18),
        ("Dockerfile", "FROM a\n# slimlint ignore=|\nRUN b\n", 18),
        ("requirements.txt", "flask  # slimlint ignore=a,|\n", 27),
        (".dockerignore", "# slimlint ignore=|\n", 18),
        ("slimlint.toml", "select = [\"|\"]\n", 11),
        ("pyproject.toml", "[tool.slimlint]\nignore = [\n  \"pip|\n", 3),
        ("slimlint.toml", "[severity]\n|\n", 0),
    ] {
        let (labels, found) = completed(name, "", text);
        assert!(labels.contains(&rule), "{text}: {labels:?}");
        assert_eq!(found, Some(start), "{text}");
    }
    assert!(completed("slimlint.toml", "toml", "se|\n").0.contains(&"select".to_owned()));
    assert!(completed("slimlint.toml", "toml", "fail-on = \"|\"\n").0.contains(&"never".to_owned()));
    assert!(completed("Dockerfile", "", "FROM a|\n").0.is_empty());
    assert!(completed("pyproject.toml", "", "[project]\nname = \"|\"\n").0.is_empty());
}
