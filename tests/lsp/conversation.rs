//! How a conversation goes: settings, folders, files on disk, encodings, cancelling, ends, and nonsense.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::client::{Client, capabilities, codes, pulling, uri};
use super::common::folder::{put, repository};
use super::{DOCKERFILE, service};

#[test]
fn settings_of_the_editor_count_as_the_command_line_does() {
    let folder = service("flask\n");
    for (options, is_told) in [
        (json!({}), true),
        (json!({ "ignore": ["caches"] }), false),
        (json!({ "select": ["stages"] }), false),
        (json!({ "select": ["stages"], "extendSelect": ["DL3042"] }), true),
        (json!({ "enable": false }), false),
    ] {
        let mut client = Client::start(&folder, pulling(), options.clone());
        let own = uri(&folder, "Dockerfile");
        client.open(&own, "dockerfile", DOCKERFILE);
        let found = client.pull(&own);
        assert_eq!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"), is_told, "{options}");
    }
    let mut client = Client::start(&folder, capabilities(), json!({ "ignore": ["nonsense"] }));
    let warning = client.wait(|it| it["method"] == "window/showMessage");
    assert!(warning["params"]["message"].as_str().unwrap().contains("`nonsense`"), "{warning}");
}

#[test]
fn a_configuration_that_is_named_takes_the_place_of_others() {
    let folder = service("flask\n");
    put(&folder, "slimlint.toml", "ignore = [\"pip-cache-kept\"]\n");
    put(&folder, "ci/other.toml", "ignore = [\"stages\"]\n");
    for (options, is_told) in [(json!({}), false), (json!({ "configuration": "ci/other.toml" }), true)] {
        let mut client = Client::start(&folder, pulling(), options);
        let own = uri(&folder, "Dockerfile");
        client.open(&own, "dockerfile", DOCKERFILE);
        let found = client.pull(&own);
        assert_eq!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"), is_told);
    }
}

#[test]
fn what_a_baseline_knows_is_neither_told_nor_fixed() {
    let folder = service("flask\n");
    put(&folder, "slimlint.toml", "baseline = \"slimlint-baseline.json\"\n");
    let written = Command::new(env!("CARGO_BIN_EXE_slimlint"))
        .current_dir(folder.path())
        .args(["--write-baseline", "Dockerfile"])
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:?}");
    let mut client = Client::start(&folder, pulling(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    assert!(client.pull(&own)["items"].as_array().unwrap().is_empty());
    assert!(client.actions(&own, 2, None).is_empty());
    client.change(&own, json!([{ "text": format!("{DOCKERFILE}RUN pip install django\n") }]));
    let found = client.pull(&own);
    let found = found["items"].as_array().unwrap();
    assert!(!found.is_empty() && found.iter().all(|it| it["range"]["start"]["line"] == 4), "{found:?}");
}

#[test]
fn a_configuration_is_heeded_while_it_is_typed_and_told_what_is_wrong_with_it() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let (own, configuration) = (uri(&folder, "Dockerfile"), uri(&folder, "slimlint.toml"));
    client.open(&own, "dockerfile", DOCKERFILE);
    assert!(codes(&client.published(&own)).contains(&"pip-cache-kept"));
    client.open(&configuration, "toml", "ignore = [\"pip-cache-kept\"]\n");
    client.published_where(&own, |found| !codes(found).contains(&"pip-cache-kept"));
    client.change(&configuration, json!([{ "text": "# é\nignore = [\"é\", \"pip-cache\"]\n" }]));
    let wrong = client.published_where(&configuration, |found| codes(found) == ["configuration", "configuration"]);
    assert_eq!(wrong[1]["range"]["start"], json!({ "line": 1, "character": 15 }), "{wrong:?}");
    client.change(&configuration, json!([{ "text": "" }]));
    client.published_where(&configuration, <[Value]>::is_empty);
    client.published_where(&own, |found| codes(found).contains(&"pip-cache-kept"));
}

#[test]
fn the_editor_is_asked_for_its_configuration_and_for_files_that_change() {
    let folder = service("flask\n");
    let mut all = capabilities();
    all["workspace"]["configuration"] = json!(true);
    all["workspace"]["didChangeConfiguration"] = json!({ "dynamicRegistration": true });
    all["workspace"]["didChangeWatchedFiles"] = json!({ "dynamicRegistration": true });
    let mut client = Client::start(&folder, all, json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    let registered = client.wait(|it| it["method"] == "client/registerCapability");
    let methods: Vec<&str> = registered["params"]["registrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"]);
    client.send(&json!({ "jsonrpc": "2.0", "id": registered["id"], "result": null }));
    let tell = |client: &mut Client, sections: Value| {
        let asked = client.wait(|it| it["method"] == "workspace/configuration");
        assert_eq!(asked["params"]["items"][0], json!({ "section": "slimlint" }));
        assert_eq!(asked["params"]["items"][1]["scopeUri"], uri(&folder, "").trim_end_matches('/'));
        client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": sections }));
    };
    // Nothing is told before it is known what is wanted.
    tell(&mut client, json!([{ "enable": true }, { "ignore": ["pip-cache-kept"] }]));
    assert!(!codes(&client.published(&own)).contains(&"pip-cache-kept"));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    tell(&mut client, json!([null, null]));
    client.published_where(&own, |found| codes(found).contains(&"pip-cache-kept"));

    fs::write(folder.path().join("slimlint.toml"), "ignore = [\"pip-cache-kept\"]\n").unwrap();
    let changes = json!([{ "uri": uri(&folder, "slimlint.toml"), "type": 1 }]);
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    client.published_where(&own, |found| !codes(found).contains(&"pip-cache-kept"));
    fs::remove_file(folder.path().join("slimlint.toml")).unwrap();
    let changes = json!([{ "uri": uri(&folder, "slimlint.toml"), "type": 3 }]);
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    client.published_where(&own, |found| codes(found).contains(&"pip-cache-kept"));
}

#[test]
fn settings_that_are_sent_hold_from_then_on() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, capabilities(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    assert!(codes(&client.published(&own)).contains(&"pip-cache-kept"));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "slimlint": { "enable": false } } }));
    client.published_where(&own, <[Value]>::is_empty);
}

#[test]
fn what_changes_on_disk_is_pulled_again() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, pulling(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    client.pull(&own);
    put(&folder, "slimlint.toml", "select = [\"stages\"]\n");
    let changes = json!([{ "uri": uri(&folder, "slimlint.toml"), "type": 1 }]);
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    client.wait(|it| it["method"] == "workspace/diagnostic/refresh");
    assert!(client.pull(&own)["items"].as_array().unwrap().is_empty());
}

#[test]
fn each_folder_has_its_own_root_and_configuration() {
    let (one, two) = (service("flask\n"), service("flask\n"));
    put(&two, "slimlint.toml", "ignore = [\"pip-cache-kept\"]\n");
    let mut client = Client::silent();
    let folder = |it| json!({ "uri": uri(it, "").trim_end_matches('/'), "name": "it" });
    client.initialize(json!([folder(&one)]), pulling(), json!({}));
    let added = json!({ "event": { "added": [folder(&two)], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", added);
    for (folder, is_told) in [(&one, true), (&two, false)] {
        let own = uri(folder, "Dockerfile");
        client.open(&own, "dockerfile", DOCKERFILE);
        let found = client.pull(&own);
        assert_eq!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"), is_told);
    }
    let removed = json!({ "event": { "added": [], "removed": [folder(&one)] } });
    client.notify("workspace/didChangeWorkspaceFolders", removed);
    let found = client.pull(&uri(&one, "Dockerfile"));
    assert!(codes(found["items"].as_array().unwrap()).contains(&"pip-cache-kept"));
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "FROM python:3.12-slim\nRUN echo '😀é' && pip install flask\n";
    let folder = repository(&[("Dockerfile", text)]);
    for (offered, chosen, column) in [
        (json!(["utf-16", "utf-8"]), "utf-8", text.lines().nth(1).unwrap().find("pip").unwrap()),
        (json!(["utf-16"]), "utf-16", 18),
        (json!(["utf-32"]), "utf-32", 17),
        (Value::Null, "utf-16", 18),
    ] {
        let mut all = pulling();
        all["general"]["positionEncodings"] = offered;
        let mut client = Client::silent();
        let folders = json!([{ "uri": uri(&folder, "").trim_end_matches('/'), "name": "it" }]);
        let capabilities = client.initialize(folders, all, json!({}));
        assert_eq!(capabilities["positionEncoding"], chosen);
        let own = uri(&folder, "Dockerfile");
        client.open(&own, "dockerfile", text);
        let place = |client: &mut Client| {
            let found = client.pull(&own);
            let found = found["items"].as_array().unwrap().clone();
            let pip = found.iter().find(|it| it["code"] == "pip-cache-kept").unwrap();
            pip["range"]["start"]["character"].as_u64().unwrap() as usize
        };
        assert_eq!(place(&mut client), column, "{chosen}");
        let at = json!({ "line": 1, "character": column });
        client.change(&own, json!([{ "range": { "start": at, "end": at }, "text": "true && " }]));
        assert_eq!(place(&mut client), column + 8, "{chosen}");
    }
}

#[test]
fn a_request_that_is_cancelled_in_time_is_not_answered() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, pulling(), json!({}));
    let own = uri(&folder, "Dockerfile");
    client.open(&own, "dockerfile", DOCKERFILE);
    // All of them are there before the first is looked at.
    let ask = |id: i64| json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/diagnostic", "params": { "textDocument": { "uri": own } } });
    let cancel = |id: i64| json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } });
    let mut bytes = Vec::new();
    let ids: Vec<i64> = (1000..1050).collect();
    for message in ids
        .iter()
        .map(|id| ask(*id))
        .chain(ids.iter().map(|id| cancel(*id)))
        .chain([cancel(7), json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": {} })])
    {
        let body = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes());
    }
    client.send_raw(&bytes);
    let answers: Vec<Value> = ids.iter().map(|id| client.answer(*id)).collect();
    let cancelled = answers.iter().filter(|answer| answer["error"]["code"] == -32800).count();
    assert!(cancelled > 0, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["error"]["code"] == -32800 || answer["result"]["kind"] == "full"));
}

#[test]
fn the_beginning_and_the_end_are_as_agreed() {
    let folder = service("flask\n");
    let mut client = Client::silent();
    let id = client.ask("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32002);
    client.notify("textDocument/didOpen", json!({}));
    client.initialize(json!([]), capabilities(), json!(null));
    let id = client.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.open(&uri(&folder, "Dockerfile"), "dockerfile", DOCKERFILE);
    assert_eq!(client.request("shutdown", Value::Null), Value::Null);
    let id = client.ask("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.code(), 0);

    let mut client = Client::start(&folder, capabilities(), json!({}));
    client.notify("exit", Value::Null);
    assert_eq!(client.code(), 1);
    let mut client = Client::start(&folder, capabilities(), json!({}));
    client.leave();
    assert_eq!(client.code(), 1);
}

#[test]
fn nonsense_is_answered_and_passed_over() {
    let folder = service("flask\n");
    let mut client = Client::start(&folder, pulling(), json!({}));
    let own = uri(&folder, "Dockerfile");
    for (raw, code) in [
        ("Content-Length: 9\r\n\r\n{nonsense", -32700),
        ("X: y\r\n\r\n", -32700),
        ("Content-Length: 2\r\n\r\n[]", -32600),
    ] {
        client.send_raw(raw.as_bytes());
        let answer = client.wait(|it| it.get("id").is_some_and(Value::is_null));
        assert_eq!(answer["error"]["code"], code);
    }
    for (method, params, code) in [
        ("nonsense", json!({}), -32601),
        ("textDocument/hover", json!({}), -32602),
        ("textDocument/hover", json!([1]), -32602),
        ("textDocument/diagnostic", json!({ "textDocument": { "uri": "file:///not/open" } }), -32602),
        ("workspace/executeCommand", json!({ "command": "rm" }), -32602),
        ("workspace/executeCommand", json!({ "command": "slimlint.explain", "arguments": [7] }), -32602),
        ("codeAction/resolve", json!({ "title": "x", "data": 7 }), -32602),
    ] {
        let id = client.ask(method, params);
        assert_eq!(client.answer(id)["error"]["code"], code, "{method}");
    }
    client.notify("textDocument/didChange", json!({ "nonsense": true }));
    client.change(&own, json!([{ "text": "FROM a\n" }]));
    client.notify("nonsense", json!(null));
    client.send(&json!({ "jsonrpc": "2.0", "id": 99, "result": null }));
    client.open(&own, "dockerfile", DOCKERFILE);
    let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
    client.change(&own, json!([{ "range": { "start": far, "end": far }, "text": "# é\n" }]));
    let back = json!({ "line": 3, "character": 9 });
    client.change(&own, json!([{ "range": { "start": far, "end": back }, "text": "" }]));
    assert!(codes(client.pull(&own)["items"].as_array().unwrap()).contains(&"pip-cache-kept"));
    for method in ["textDocument/hover", "textDocument/completion"] {
        client.at(method, &own, 4_000_000_000, 7);
        client.at(method, &own, 0, 4_000_000_000);
    }
    assert_eq!(client.end(), 0);
}
