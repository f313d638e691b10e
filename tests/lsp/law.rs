//! However a file was edited, the server says what a fresh look at the result says.

use std::collections::BTreeMap;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use slimlint::config::Settings;
use slimlint::lint::lint_one;
use slimlint::workspace::{NameKind, Workspace, is_dockerfile_name, is_template};
use tempfile::TempDir;

use super::client::{capabilities, pulling, uri};
use super::common::folder::{put, repository};
use super::common::samples;

/// Edits in a run of the tests; `SLIMLINT_LSP_EDITS` asks for more.
const EDITS: usize = 300;
/// Edits after which the findings are compared.
const STEP: usize = 5;
/// How long an answer may take, in a build without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Numbers that look like chance and are always the same (Knuth's linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    /// An offset at which a character begins.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// The server at the other end of a channel.
struct Editor {
    connection: Connection,
    numbers: i32,
    versions: i32,
    /// By address, what was told last.
    told: BTreeMap<String, Found>,
}

impl Editor {
    fn start(folder: &TempDir, capabilities: Value) -> Self {
        let (server, connection) = Connection::memory();
        std::thread::spawn(move || slimlint::lsp::serve(server));
        let mut editor = Self { connection, numbers: 0, versions: 0, told: BTreeMap::new() };
        let root = uri(folder, "");
        let folders = json!([{ "uri": root.trim_end_matches('/'), "name": "it" }]);
        editor.request("initialize", json!({ "capabilities": capabilities, "workspaceFolders": folders }));
        editor.notify("initialized", json!({}));
        editor
    }

    fn notify(&self, method: &str, params: Value) {
        let message = Notification::new(method.to_owned(), params);
        self.connection.sender.send(Message::Notification(message)).unwrap();
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.numbers += 1;
        let id = RequestId::from(self.numbers);
        self.connection.sender.send(Message::Request(Request::new(id.clone(), method.to_owned(), params))).unwrap();
        loop {
            let message = self.connection.receiver.recv_timeout(PATIENCE).expect("an answer");
            self.note(&message);
            if let Message::Response(response) = message
                && response.id == id
            {
                return response.response_result.unwrap_or_else(|error| panic!("{method}: {error:?}"));
            }
        }
    }

    /// Keeps what is told of findings.
    fn note(&mut self, message: &Message) {
        if let Message::Notification(it) = message
            && it.method == "textDocument/publishDiagnostics"
        {
            let uri = it.params["uri"].as_str().unwrap().to_owned();
            self.told.insert(uri, told(&it.params["diagnostics"]));
        }
    }

    /// Waits until what is told of a document is `expected`, which may take until all that can wait is done.
    fn tells(&mut self, uri: &str, expected: &Found) {
        while self.told.get(uri).is_none_or(|found| found != expected) {
            let Ok(message) = self.connection.receiver.recv_timeout(PATIENCE) else {
                assert_eq!(self.told.get(uri), Some(expected));
                return;
            };
            self.note(&message);
        }
    }

    fn change(&mut self, uri: &str, changes: Value) {
        self.versions += 1;
        let document = json!({ "uri": uri, "version": self.versions });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }
}

/// A place in units of UTF-16.
fn position(text: &str, at: usize) -> Value {
    // As the protocol counts lines.
    let before = &text[..at];
    let mut line = 0;
    let mut start = 0;
    let bytes = before.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        let is_pair = *byte == b'\r' && text.as_bytes().get(index + 1) == Some(&b'\n');
        if *byte == b'\n' || (*byte == b'\r' && !is_pair) {
            line += 1;
            start = index + 1;
        }
    }
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// Rule, place and first line of the message of each finding in a file.
type Found = Vec<(String, Value, String)>;

fn told(items: &Value) -> Found {
    let mut found: Found = items
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let message = it["message"].as_str().unwrap().lines().next().unwrap().to_owned();
            (it["code"].as_str().unwrap().to_owned(), it["range"].clone(), message)
        })
        .collect();
    found.sort_by_key(|(rule, range, message)| format!("{rule} {range} {message}"));
    found
}

/// What a fresh look says of the Dockerfile, told there.
fn fresh(folder: &TempDir, texts: &BTreeMap<String, String>, dockerfile: &str) -> Found {
    let workspace = Workspace::open(folder.path()).unwrap();
    for (path, text) in texts {
        workspace.set_overlay(path, Some(text.clone().into_bytes()));
    }
    if is_template(&workspace, dockerfile) {
        return Found::new();
    }
    let report = lint_one(&workspace, dockerfile, &Settings::default());
    let text = &texts[dockerfile];
    let own = report.diagnostics.iter().filter(|found| *found.primary.file == *dockerfile);
    let place = |at: u32| {
        let mut at = (at as usize).min(text.len());
        // Inside of what ends a line there is no place.
        if text[..at].ends_with('\r') && text[at..].starts_with('\n') {
            at -= 1;
        }
        position(text, at)
    };
    let mut found: Found = own
        .map(|found| {
            let range = found.primary.range;
            let range = json!({ "start": place(range.start()), "end": place(range.end()) });
            (found.rule.to_owned(), range, slimlint::output::escape(&found.message).into_owned())
        })
        .collect();
    found.sort_by_key(|(rule, range, message)| format!("{rule} {range} {message}"));
    found
}

fn edits() -> usize {
    std::env::var("SLIMLINT_LSP_EDITS").ok().and_then(|number| number.parse().ok()).unwrap_or(EDITS)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_dockerfile(path: &str) -> bool {
    is_dockerfile_name(name(path)) == NameKind::Yes
}

#[test]
fn random_edits_leave_no_trace() {
    let pieces: Vec<String> = samples::corpus()
        .iter()
        .chain(&samples::examples())
        .flat_map(|example| example.files.values().cloned().collect::<Vec<_>>())
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty() && text.len() < 20_000)
        .collect();
    let mut dice = Dice(20_261_122);
    let is_service = |files: &BTreeMap<String, Vec<u8>>| files.keys().any(|path| is_dockerfile(path));
    let examples: Vec<_> = samples::examples().into_iter().filter(|example| is_service(&example.files)).collect();
    let corpus = samples::corpus();
    let mut left = edits();
    for service in corpus.iter().cycle() {
        if left == 0 {
            break;
        }
        // Examples are small, and all rules are among them.
        let service = if dice.below(3) > 0 { &examples[dice.below(examples.len())] } else { service };
        let own = left.min(40);
        left -= own;
        let texts: BTreeMap<String, String> = service
            .files
            .iter()
            .filter_map(|(path, bytes)| Some((path.clone(), String::from_utf8(bytes.clone()).ok()?)))
            .collect();
        let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let folder = repository(&files);
        let is_pulling = dice.below(4) > 0;
        edit(&folder, &texts, &pieces, own, &mut dice, is_pulling);
    }
}

/// Edits the documents of one service at random and compares what is told.
fn edit(
    folder: &TempDir,
    files: &BTreeMap<String, String>,
    pieces: &[String],
    count: usize,
    dice: &mut Dice,
    is_pulling: bool,
) {
    let mut editor = Editor::start(folder, if is_pulling { pulling() } else { capabilities() });
    let is_edited_most = |path: &&String| {
        is_dockerfile(path) || ["requirements.txt", "pyproject.toml", ".dockerignore"].contains(&name(path))
    };
    let most: Vec<&String> = files.keys().filter(is_edited_most).collect();
    let all: Vec<&String> = files.keys().collect();
    let dockerfile = most.iter().find(|path| is_dockerfile(path)).copied().unwrap().clone();
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for path in &all {
        let path = path.as_str();
        let document = json!({ "uri": uri(folder, path), "languageId": "x", "version": 0, "text": files[path] });
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        texts.insert(path.to_owned(), files[path].clone());
    }
    for number in 1..=count {
        // What sources, locks and the like say matters too, wherever it is remembered.
        let paths = if dice.below(3) > 0 { &most } else { &all };
        let path = paths[dice.below(paths.len())];
        let text = texts.get_mut(path).unwrap();
        let (mut start, mut end) = (dice.place(text), dice.place(text));
        if start > end {
            (start, end) = (end, start);
        }
        let new = match dice.below(8) {
            // Typing.
            0..=3 => {
                end = start;
                [" ", "\n", "\\", "a", "-", "\"", "😀", "\r\n", "$", "#", "=", "["][dice.below(12)].to_owned()
            }
            // Deleting a little.
            4 | 5 => {
                end = text[start..end].char_indices().nth(8).map_or(end, |(at, _)| start + at);
                String::new()
            }
            // Pasting.
            6 => {
                end = start;
                let piece = &pieces[dice.below(pieces.len())];
                let (from, to) = (dice.place(piece), dice.place(piece));
                piece[from.min(to)..from.max(to)].chars().take(400).collect()
            }
            // Starting anew, so that most of the time there is something to find.
            _ => {
                (start, end) = (0, text.len());
                files[path].clone()
            }
        };
        let range = json!({ "start": position(text, start), "end": position(text, end) });
        // An editor has no places between the two of `\r\n`.
        let is_split = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
        if is_split(start) || is_split(end) {
            continue;
        }
        text.replace_range(start..end, &new);
        editor.change(&uri(folder, path), json!([{ "range": range, "text": new }]));
        if number % STEP == 0 {
            compare(&mut editor, folder, &texts, &dockerfile, dice, is_pulling);
        }
    }
    put(folder, ".git/done", "");
    editor.request("shutdown", Value::Null);
    editor.notify("exit", Value::Null);
}

fn compare(
    editor: &mut Editor,
    folder: &TempDir,
    texts: &BTreeMap<String, String>,
    dockerfile: &str,
    dice: &mut Dice,
    is_pulling: bool,
) {
    let own = uri(folder, dockerfile);
    // Whatever else is asked for must not matter.
    let at = position(&texts[dockerfile], dice.place(&texts[dockerfile]));
    let document = json!({ "uri": own });
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9999, "character": 0 } });
    match dice.below(6) {
        0 => drop(editor.request("textDocument/hover", json!({ "textDocument": document, "position": at }))),
        1 => drop(editor.request("textDocument/completion", json!({ "textDocument": document, "position": at }))),
        2 => drop(editor.request("textDocument/inlayHint", json!({ "textDocument": document, "range": whole }))),
        3 => drop(editor.request("textDocument/documentLink", json!({ "textDocument": document }))),
        _ => {
            let context = json!({ "diagnostics": [] });
            let params = json!({ "textDocument": document, "range": whole, "context": context });
            let actions = editor.request("textDocument/codeAction", params);
            let actions: Vec<&Value> =
                actions.as_array().unwrap().iter().filter(|it| it.get("data").is_some()).collect();
            if !actions.is_empty() {
                let action = actions[dice.below(actions.len())].clone();
                editor.numbers += 1;
                let id = RequestId::from(editor.numbers);
                let request = Request::new(id, "codeAction/resolve".to_owned(), action);
                editor.connection.sender.send(Message::Request(request)).unwrap();
            }
        }
    }
    let expected = fresh(folder, texts, dockerfile);
    if !is_pulling {
        editor.tells(&own, &expected);
        return;
    }
    let found = editor.request("textDocument/diagnostic", json!({ "textDocument": document }));
    assert_eq!(told(&found["items"]), expected, "{texts:#?}");
}
