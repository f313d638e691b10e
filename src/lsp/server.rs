//! The state of a server, and its loop.
//!
//! One thread does everything in the order in which it comes. Before each message what has come meanwhile is taken in, so that a request
//! which is no longer wanted is dropped, and several changes are linted once. What can wait is done in small parts when nothing comes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use lsp_types::{Diagnostic, Uri};
use serde::Serialize;
use serde_json::Value;

use crate::workspace::place;

use super::capabilities::Client;
use super::documents::{Document, Place};
use super::project::{Project, is_dockerfile};
use super::settings::Settings;
use super::uris;

/// How long nothing must come before what can wait is done.
const REST: Duration = Duration::from_millis(120);
/// How long an editor may take to tell its configuration before findings are told without it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a request fails with.
pub(super) type Failure = ResponseError;

/// A failure with its message.
pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> Failure {
    ResponseError { code: code as i32, message: message.into(), data: None }
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Nothing was said yet.
    Silent,
    /// Requests are answered.
    Running,
    /// Nothing is wanted but the end.
    ShutDown,
}

/// What the server asked the editor for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Its configuration, for these folders and for all others.
    Configuration(Vec<PathBuf>),
    /// Something whose answer says nothing.
    Other,
}

/// A folder of the editor.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub uri: Uri,
    pub path: PathBuf,
    /// What the editor's configuration says for it.
    pub settings: Option<Settings>,
}

/// A server in conversation with one editor.
pub(super) struct Server {
    connection: Connection,
    queue: VecDeque<Message>,
    asked: HashMap<RequestId, Asked>,
    numbers: i32,
    pub phase: Phase,
    pub client: Client,
    pub folders: Vec<Folder>,
    /// What holds outside of the folders, and in those of which nothing is said.
    pub settings: Settings,
    /// By address.
    pub documents: BTreeMap<String, Document>,
    pub projects: BTreeMap<PathBuf, Project>,
    /// What was told last, by root and file.
    pub published: BTreeMap<Place, Vec<Diagnostic>>,
    /// Until when the editor's configuration is waited for.
    pub waits: Option<Instant>,
    /// Roots below which something changed on disk; whether files came or went.
    pub disk: BTreeMap<PathBuf, bool>,
}

impl Server {
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            queue: VecDeque::new(),
            asked: HashMap::new(),
            numbers: 0,
            phase: Phase::Silent,
            client: Client::default(),
            folders: Vec::new(),
            settings: Settings::default(),
            documents: BTreeMap::new(),
            projects: BTreeMap::new(),
            published: BTreeMap::new(),
            waits: None,
            disk: BTreeMap::new(),
        }
    }

    /// Goes on until the editor ends it; whether it ended as agreed.
    pub fn run(mut self) -> bool {
        loop {
            let Some(message) = self.next() else { return false };
            match message {
                Message::Notification(Notification { method, .. }) if method == "exit" => {
                    return self.phase == Phase::ShutDown;
                }
                Message::Notification(notification) => self.hear(notification),
                Message::Request(request) => self.answer(request),
                Message::Response(response) => self.take_answer(response),
            }
        }
    }

    /// The next message; `None` when the editor is gone. Meanwhile what is due is done.
    fn next(&mut self) -> Option<Message> {
        loop {
            self.drain();
            if let Some(message) = self.queue.pop_front() {
                return Some(message);
            }
            if self.phase != Phase::Running || self.is_waiting() {
                match self.connection.receiver.recv_timeout(PATIENCE) {
                    Ok(message) => self.enqueue(message),
                    Err(error) if error.is_disconnected() => return None,
                    Err(_) => {}
                }
                continue;
            }
            if self.guarded(Self::do_urgent) {
                continue;
            }
            match self.connection.receiver.recv_timeout(REST) {
                Ok(message) => self.enqueue(message),
                Err(error) if error.is_disconnected() => return None,
                Err(_) => {
                    if !self.guarded(Self::do_what_waits) {
                        // There is nothing left to do until something comes.
                        self.enqueue(self.connection.receiver.recv().ok()?);
                    }
                }
            }
        }
    }

    fn is_waiting(&mut self) -> bool {
        if self.waits.is_some_and(|until| until <= Instant::now()) {
            self.waits = None;
        }
        self.waits.is_some()
    }

    /// Waits for the editor's configuration before anything is told.
    pub fn wait(&mut self) {
        self.waits = Some(Instant::now() + PATIENCE);
    }

    fn drain(&mut self) {
        while let Ok(message) = self.connection.receiver.try_recv() {
            self.enqueue(message);
        }
    }

    /// Queues a message. A request that is cancelled before its turn is answered so.
    fn enqueue(&mut self, message: Message) {
        let cancelled = match &message {
            Message::Notification(it) if it.method == "$/cancelRequest" => it.params.get("id").cloned(),
            _ => None,
        };
        let Some(id) = cancelled else {
            self.queue.push_back(message);
            return;
        };
        let Ok(id) = serde_json::from_value::<RequestId>(id) else { return };
        let is_it = |message: &Message| matches!(message, Message::Request(request) if request.id == id);
        if let Some(position) = self.queue.iter().position(is_it) {
            self.queue.remove(position);
            let error = failure(ErrorCode::RequestCanceled, "the request was cancelled");
            self.respond(id, Err(error));
        }
    }

    /// Does `work`; when it panics, all that may be half done is made anew.
    fn guarded(&mut self, work: fn(&mut Self) -> bool) -> bool {
        catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|_| {
            self.start_over();
            false
        })
    }

    fn answer(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let answer = match self.phase {
            Phase::ShutDown => Err(failure(ErrorCode::InvalidRequest, "the server was shut down")),
            Phase::Silent if method != "initialize" => {
                Err(failure(ErrorCode::ServerNotInitialized, "the server was not initialized"))
            }
            _ => catch_unwind(AssertUnwindSafe(|| self.dispatch(&method, params))).unwrap_or_else(|_| {
                self.start_over();
                Err(failure(
                    ErrorCode::InternalError,
                    format!("slimlint failed on `{method}`; this is a bug in slimlint"),
                ))
            }),
        };
        self.respond(id, answer);
    }

    fn hear(&mut self, notification: Notification) {
        if self.phase != Phase::Running {
            return;
        }
        let Notification { method, params } = notification;
        if catch_unwind(AssertUnwindSafe(|| self.notice(&method, params))).is_err() {
            self.start_over();
        }
    }

    fn take_answer(&mut self, response: Response) {
        let Some(asked) = self.asked.remove(&response.id) else { return };
        let answer = response.response_result.ok();
        if catch_unwind(AssertUnwindSafe(|| self.told(&asked, answer))).is_err() {
            self.start_over();
        }
    }

    /// Forgets all but the documents.
    fn start_over(&mut self) {
        self.projects.clear();
        let known: Vec<String> = self.documents.keys().cloned().collect();
        for uri in known {
            let taken = catch_unwind(AssertUnwindSafe(|| self.place_document(&uri)));
            if taken.is_err() {
                self.documents.remove(&uri);
            }
        }
    }

    fn respond(&mut self, id: RequestId, answer: Result<Value, Failure>) {
        let _ = self.connection.sender.send(Message::Response(Response { id, response_result: answer }));
    }

    /// Tells the editor something.
    pub fn notify(&mut self, method: &str, params: impl Serialize) {
        let _ = self.connection.sender.send(Message::Notification(Notification::new(method.to_owned(), params)));
    }

    /// Asks the editor for something.
    pub fn ask(&mut self, method: &str, params: impl Serialize, asked: Asked) {
        self.numbers += 1;
        let id = RequestId::from(format!("slimlint-{}", self.numbers));
        self.asked.insert(id.clone(), asked);
        let _ = self.connection.sender.send(Message::Request(Request::new(id, method.to_owned(), params)));
    }

    /// Shows a message to the person.
    pub fn warn(&mut self, message: &str) {
        let message = crate::output::escape(message).into_owned();
        let typ = lsp_types::MessageType::WARNING;
        self.notify("window/showMessage", lsp_types::ShowMessageParams { typ, message });
    }

    /// The editor's folder that holds a path, and what holds there.
    pub fn folder_of(&self, path: &Path) -> (PathBuf, Settings) {
        let holding = self.folders.iter().filter(|folder| path.starts_with(&folder.path));
        let nearest = holding.max_by_key(|folder| folder.path.components().count());
        let settings = nearest.and_then(|folder| folder.settings.clone()).unwrap_or_else(|| self.settings.clone());
        let folder = nearest.map(|folder| folder.path.as_path()).or(path.parent()).unwrap_or(path);
        (folder.to_owned(), settings)
    }

    /// Where the document at `uri` belongs.
    pub fn locate(&self, uri: &Uri, language: &str) -> Option<Place> {
        match uris::path_of(uri) {
            Some(path) => {
                let (folder, _) = self.folder_of(&path);
                let (root, path) = place(&path, &folder).ok()?;
                Some(Place { root, path })
            }
            // What was never saved is a Dockerfile when the editor says so.
            None if uri.as_str().starts_with("untitled:") && language == "dockerfile" => {
                Some(Place { root: PathBuf::from(uri.as_str()), path: "Dockerfile".to_owned() })
            }
            None => None,
        }
    }

    /// Gives the text of a document to its project, which is opened when it is the first.
    pub fn place_document(&mut self, uri: &str) {
        let Some(place) = self.documents.get(uri).map(|document| document.place.clone()) else { return };
        if !self.projects.contains_key(&place.root) && !self.open_project(&place) {
            return;
        }
        let (Some(project), Some(document)) = (self.projects.get_mut(&place.root), self.documents.get(uri)) else {
            return;
        };
        project.take(&place.path, &document.text, is_dockerfile(&document.language, &place.path));
    }

    fn open_project(&mut self, place: &Place) -> bool {
        let (folder, settings) = self.folder_of(&place.root.join(&place.path));
        if !place.root.is_absolute() {
            self.projects.insert(place.root.clone(), Project::without_files(settings));
            return true;
        }
        match Project::open(&place.root, folder, settings) {
            Ok((project, problem)) => {
                self.projects.insert(place.root.clone(), project);
                if let Some(problem) = problem {
                    self.warn(&problem);
                }
                true
            }
            Err(error) => {
                self.warn(&error.to_string());
                false
            }
        }
    }

    /// The address of a file: as the editor calls it where it is open.
    pub fn uri_of(documents: &BTreeMap<String, Document>, root: &Path, path: &str) -> Option<Uri> {
        let is_it = |document: &&Document| document.place.path == path && document.place.root == root;
        let open = documents.values().find(is_it).map(|document| document.uri.clone());
        open.or_else(|| uris::uri_of(&root.join(path)).filter(|_| root.is_absolute()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_panic_is_an_answer_and_not_the_end() {
        let (server, client) = Connection::memory();
        let thread = std::thread::spawn(move || Server::new(server).run());
        let mut numbers = 0;
        let mut request = |method: &str, params: Value| {
            numbers += 1;
            let request = Request::new(RequestId::from(numbers), method.to_owned(), params);
            client.sender.send(Message::Request(request)).unwrap();
            loop {
                if let Message::Response(response) = client.receiver.recv().unwrap() {
                    return response.response_result.map_err(|error| error.code);
                }
            }
        };
        let notify = |method: &str, params: Value| {
            let notification = Notification::new(method.to_owned(), params);
            client.sender.send(Message::Notification(notification)).unwrap();
        };
        let diagnostic = json!({ "capabilities": { "textDocument": { "diagnostic": {} } } });
        request("initialize", diagnostic).unwrap();
        let text = "FROM python:3.12-slim\nRUN pip install flask\n";
        let uri = "untitled:Untitled-1";
        let document = json!({ "uri": uri, "languageId": "dockerfile", "version": 1, "text": text });
        notify("textDocument/didOpen", json!({ "textDocument": document }));
        assert_eq!(request("slimlint/panic", Value::Null), Err(ErrorCode::InternalError as i32));
        let found = request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } })).unwrap();
        assert!(!found["items"].as_array().unwrap().is_empty(), "{found}");
        request("shutdown", Value::Null).unwrap();
        notify("exit", Value::Null);
        assert!(thread.join().unwrap());
    }
}
