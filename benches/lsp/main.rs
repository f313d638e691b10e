//! How long the language server takes to answer an edit: a service with 2,000 sources and a lock of 10,000 lines, random edits, and
//! after each of them the findings, asked for and told.
//!
//! `cargo bench --bench lsp`, with words of the lines that are wanted behind it (`-- Dockerfile`). `SLIMLINT_LSP_EDITS` is how many edits
//! are made of each kind.

#[path = "../service/generate.rs"]
mod generate;

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EDITS: usize = 400;

/// Numbers that look like chance and are always the same (Knuth's linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

struct Editor {
    connection: Connection,
    root: String,
    numbers: i32,
}

impl Editor {
    fn start(folder: &Path, pulls: bool) -> Self {
        let (server, connection) = Connection::memory();
        std::thread::spawn(move || slimlint::lsp::serve(server));
        let root = format!("file://{}", folder.display());
        let mut editor = Self { connection, root, numbers: 0 };
        let folders = json!([{ "uri": editor.root, "name": "it" }]);
        let diagnostic = if pulls { json!({ "diagnostic": {} }) } else { json!({}) };
        let capabilities = json!({ "general": { "positionEncodings": ["utf-8"] }, "textDocument": diagnostic });
        editor.request("initialize", json!({ "capabilities": capabilities, "workspaceFolders": folders }));
        editor.notify("initialized", json!({}));
        editor
    }

    fn uri(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    fn notify(&self, method: &str, params: Value) {
        let message = Message::Notification(Notification::new(method.to_owned(), params));
        let _ = self.connection.sender.send(message);
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.numbers += 1;
        let id = RequestId::from(self.numbers);
        let _ = self.connection.sender.send(Message::Request(Request::new(id.clone(), method.to_owned(), params)));
        loop {
            match self.connection.receiver.recv() {
                Ok(Message::Response(response)) if response.id == id => {
                    return response.response_result.unwrap_or_default();
                }
                Ok(_) => {}
                Err(_) => return Value::Null,
            }
        }
    }

    /// Waits until findings of `uri` are told.
    fn told(&self, uri: &str) {
        while let Ok(message) = self.connection.receiver.recv() {
            if let Message::Notification(it) = message
                && it.method == "textDocument/publishDiagnostics"
                && it.params.get("uri").is_some_and(|it| it == uri)
            {
                return;
            }
        }
    }

    fn open(&self, path: &str, text: &str) {
        let document = json!({ "uri": self.uri(path), "languageId": "x", "version": 0, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&self, path: &str, version: usize, at: (usize, usize), end: (usize, usize), text: &str) {
        let place = |(line, character)| json!({ "line": line, "character": character });
        let document = json!({ "uri": self.uri(path), "version": version });
        let changes = json!([{ "range": { "start": place(at), "end": place(end) }, "text": text }]);
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }
}

/// Line and column of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    (before.matches('\n').count(), at - before.rfind('\n').map_or(0, |end| end + 1))
}

fn main() -> std::io::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |what: &str| wanted.is_empty() || wanted.iter().any(|word| what.contains(word.as_str()));
    let edits = std::env::var("SLIMLINT_LSP_EDITS").ok().and_then(|it| it.parse().ok()).unwrap_or(EDITS);
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path().canonicalize()?.join("large");
    let made = generate::service(&folder, &folder.with_file_name("small"))?;
    // Clones of a real service lie longer on the disk: what was just written is not believed to be unchanged by its time alone.
    std::thread::sleep(Duration::from_secs(4));
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} sources, a lock with {} lines; {edits} edits each: p50, p95, p99",
        made.sources, made.lock_lines
    )?;
    for path in ["Dockerfile", "pyproject.toml", ".dockerignore"] {
        let what = format!("asked, {path}");
        if wants(&what) {
            report(&mut out, &what, asked(&folder, path, edits)?)?;
        }
    }
    if wants("told, Dockerfile") {
        report(&mut out, "told, Dockerfile", told(&folder, edits)?)?;
    }
    for (what, method) in
        [("hover", "textDocument/hover"), ("hints", "textDocument/inlayHint"), ("actions", "textDocument/codeAction")]
    {
        if wants(what) {
            report(&mut out, what, other(&folder, method, edits)?)?;
        }
    }
    Ok(())
}

/// The time from an edit of `path` to the answer to who asks for the findings of the Dockerfile.
fn asked(folder: &Path, path: &str, edits: usize) -> std::io::Result<Vec<Duration>> {
    let mut editor = Editor::start(folder, true);
    let original = std::fs::read_to_string(folder.join(path))?;
    let dockerfile = std::fs::read_to_string(folder.join("Dockerfile"))?;
    editor.open("Dockerfile", &dockerfile);
    editor.open(path, &original);
    let document = json!({ "textDocument": { "uri": editor.uri("Dockerfile") } });
    editor.request("textDocument/diagnostic", document.clone());
    let mut text = original.clone();
    let mut dice = Dice(7);
    let mut times = Vec::new();
    for version in 1..=edits {
        let at = dice.below(text.len() + 1);
        let (start, end, new) = match dice.below(10) {
            0..=5 => (at, at, ["a", " ", "-", "\n", "#", "\\\n"][dice.below(6)].to_owned()),
            6 | 7 => (at, (at + dice.below(6)).min(text.len()), String::new()),
            8 => {
                let from = dice.below(original.len());
                (at, at, original.get(from..(from + 40).min(original.len())).unwrap_or_default().to_owned())
            }
            _ => (0, text.len(), original.clone()),
        };
        let (from, to) = (place(&text, start), place(&text, end));
        text.replace_range(start..end, &new);
        let begin = Instant::now();
        editor.change(path, version, from, to, &new);
        editor.request("textDocument/diagnostic", document.clone());
        times.push(begin.elapsed());
    }
    Ok(times)
}

/// The time from an edit that moves a finding of the Dockerfile until that is told.
fn told(folder: &Path, edits: usize) -> std::io::Result<Vec<Duration>> {
    let editor = Editor::start(folder, false);
    let dockerfile = std::fs::read_to_string(folder.join("Dockerfile"))?.replace(" --no-cache-dir", "");
    editor.open("Dockerfile", &dockerfile);
    editor.told(&editor.uri("Dockerfile"));
    let mut times = Vec::new();
    for version in 1..=edits {
        let begin = Instant::now();
        editor.change("Dockerfile", version, (0, 0), (0, 0), "# x\n");
        editor.told(&editor.uri("Dockerfile"));
        times.push(begin.elapsed());
    }
    Ok(times)
}

/// The time from an edit of the Dockerfile to another answer about it.
fn other(folder: &Path, method: &str, edits: usize) -> std::io::Result<Vec<Duration>> {
    let mut editor = Editor::start(folder, true);
    editor.open("Dockerfile", &std::fs::read_to_string(folder.join("Dockerfile"))?);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } });
    let document = json!({ "uri": editor.uri("Dockerfile") });
    let context = json!({ "diagnostics": [] });
    let mut times = Vec::new();
    for version in 1..=edits {
        editor.change("Dockerfile", version, (0, 0), (0, 0), "# x\n");
        let position = json!({ "line": version + 5, "character": 6 });
        let params = json!({ "textDocument": document, "position": position, "range": range, "context": context });
        let begin = Instant::now();
        editor.request(method, params);
        times.push(begin.elapsed());
    }
    Ok(times)
}

fn report(out: &mut impl std::io::Write, what: &str, mut times: Vec<Duration>) -> std::io::Result<()> {
    times.sort();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    writeln!(out, "{what:24} {:9.2} ms {:9.2} ms {:9.2} ms", at(50), at(95), at(99))
}
