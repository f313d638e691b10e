//! An editor as the protocol sees it, at the other end of standard input and output.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer may take, in a build without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The address of a file.
pub fn uri(folder: &TempDir, path: &str) -> String {
    format!("file://{}/{path}", folder.path().canonicalize().unwrap().display())
}

/// What an editor can do that can everything.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "workspace": { "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] } },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
            "codeAction": { "resolveSupport": { "properties": ["edit"] }, "dataSupport": true },
        },
    })
}

/// The same, of one that asks for findings.
pub fn pulling() -> Value {
    let mut all = capabilities();
    all["textDocument"]["diagnostic"] = json!({ "relatedDocumentSupport": true });
    all["workspace"]["diagnostic"] = json!({ "refreshSupport": true });
    all
}

pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came and was not waited for.
    pub seen: VecDeque<Value>,
    numbers: i64,
    versions: i64,
}

impl Client {
    /// A server to which nothing was said yet.
    pub fn silent() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_slimlint"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    if line.trim_end().is_empty() {
                        break;
                    }
                    if let Some(value) = line.trim_end().strip_prefix("Content-Length: ") {
                        length = value.parse().unwrap();
                    }
                }
                let mut body = vec![0; length];
                output.read_exact(&mut body).unwrap();
                if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Self { child, input, messages, seen: VecDeque::new(), numbers: 0, versions: 0 }
    }

    /// A server that was initialized for `folder`.
    pub fn start(folder: &TempDir, capabilities: Value, options: Value) -> Self {
        let mut client = Self::silent();
        let folders = json!([{ "uri": uri(folder, "").trim_end_matches('/'), "name": "it" }]);
        client.initialize(folders, capabilities, options);
        client
    }

    /// Initializes; the server's capabilities.
    pub fn initialize(&mut self, folders: Value, capabilities: Value, options: Value) -> Value {
        let params = json!({
            "processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders,
            "initializationOptions": options,
        });
        let answer = self.request("initialize", params);
        self.notify("initialized", json!({}));
        answer["capabilities"].clone()
    }

    pub fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its number.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.numbers += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.numbers, "method": method, "params": params }));
        self.numbers
    }

    /// The answer to a request, with `result` or `error`.
    pub fn answer(&mut self, id: i64) -> Value {
        self.wait(|message| message["id"] == id && message.get("method").is_none())
    }

    /// The result of a request.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next message of which `is_it` holds; others are kept.
    pub fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&is_it) {
            return self.seen.remove(at).unwrap();
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server says nothing");
            if is_it(&message) {
                return message;
            }
            self.seen.push_back(message);
        }
    }

    /// The findings that are told of a document next.
    pub fn published(&mut self, uri: &str) -> Vec<Value> {
        let message = self.wait(|it| it["method"] == "textDocument/publishDiagnostics" && it["params"]["uri"] == uri);
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Waits until the findings of a document are as `is_it` wants.
    pub fn published_where(&mut self, uri: &str, is_it: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        loop {
            let found = self.published(uri);
            if is_it(&found) {
                return found;
            }
        }
    }

    pub fn open(&mut self, uri: &str, language: &str, text: &str) {
        self.versions += 1;
        let document = json!({ "uri": uri, "languageId": language, "version": self.versions, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn change(&mut self, uri: &str, changes: Value) {
        self.versions += 1;
        let document = json!({ "uri": uri, "version": self.versions });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    pub fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    pub fn pull(&mut self, uri: &str) -> Value {
        self.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }))
    }

    /// What can be done at a place.
    pub fn actions(&mut self, uri: &str, line: u32, only: Option<&str>) -> Vec<Value> {
        let at = json!({ "line": line, "character": 0 });
        let end = json!({ "line": line + 1, "character": 0 });
        let mut context = json!({ "diagnostics": [] });
        if let Some(only) = only {
            context["only"] = json!([only]);
        }
        let params =
            json!({ "textDocument": { "uri": uri }, "range": { "start": at, "end": end }, "context": context });
        self.request("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// A request about one place; `character` is a column.
    pub fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        self.request(method, json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    /// Ends the conversation as agreed; the exit code.
    pub fn end(mut self) -> i32 {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        self.notify("exit", Value::Null);
        self.code()
    }

    /// Waits for the end.
    pub fn code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// Goes away without a word.
    pub fn leave(&mut self) {
        self.input = None;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The rules of findings, in order.
pub fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().map(|it| it["code"].as_str().unwrap()).collect()
}

/// The text that edits of the protocol make of `text`, columns in units of UTF-16.
pub fn apply(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let (line, column) = (position["line"].as_u64().unwrap(), position["character"].as_u64().unwrap());
        let start: usize = text.split_inclusive('\n').take(line as usize).map(str::len).sum();
        let rest = &text[start..];
        let mut units = 0;
        let inside = rest.char_indices().find(|(_, c)| {
            let is_there = units >= column;
            units += c.len_utf16() as u64;
            is_there
        });
        start + inside.map_or(rest.len(), |(at, _)| at)
    };
    let mut all: Vec<(usize, usize, String)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap().to_owned())
        })
        .collect();
    all.sort();
    let mut result = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        result.replace_range(start..end, &new);
    }
    result
}

/// The edits of a workspace edit, by address; what is made is in there too.
pub fn edits_of(edit: &Value) -> Vec<(String, Value)> {
    if let Some(changes) = edit["changes"].as_object() {
        return changes.iter().map(|(uri, edits)| (uri.clone(), edits.clone())).collect();
    }
    let operations = edit["documentChanges"].as_array().unwrap();
    let changes = operations.iter().filter(|it| it.get("textDocument").is_some());
    changes.map(|it| (it["textDocument"]["uri"].as_str().unwrap().to_owned(), it["edits"].clone())).collect()
}

pub fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap()
}
