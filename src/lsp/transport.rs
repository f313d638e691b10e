//! Messages over standard input and output.
//!
//! `lsp-server` gives up at the first message that it cannot read. Here such a message is answered as JSON-RPC asks, and the next one is
//! read.

use std::io::{self, BufRead, Read as _, Write as _};
use std::thread::{self, JoinHandle};

use lsp_server::{Connection, ErrorCode, Message};
use serde_json::json;

/// A message that claims to be larger is passed over.
const MAX_MESSAGE_BYTES: u64 = 256 << 20;

/// Starts reading and writing. The second thread ends once the connection is dropped and everything is written.
pub(super) fn stdio() -> (Connection, JoinHandle<()>) {
    let (server, far) = Connection::memory();
    let Connection { sender, receiver } = far;
    // It waits for input that may never come, so nobody waits for it.
    let _ = thread::Builder::new().name("lsp-reader".to_owned()).spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(read) = read(&mut input) {
            let message = match read {
                Incoming::Message(message) => message,
                Incoming::End => break,
                Incoming::Unreadable(code, reason) => {
                    refuse(code, &reason);
                    continue;
                }
            };
            let is_exit = matches!(&message, Message::Notification(it) if it.method == "exit");
            if sender.send(message).is_err() || is_exit {
                break;
            }
        }
    });
    let writer = thread::spawn(move || {
        for message in receiver {
            if message.write(&mut io::stdout().lock()).is_err() {
                break;
            }
        }
    });
    (server, writer)
}

/// What was read.
#[derive(Debug)]
enum Incoming {
    Message(Message),
    /// There is nothing more.
    End,
    /// Something that is no message, with what is wrong.
    Unreadable(ErrorCode, String),
}

/// Answers what has no number to answer to.
fn refuse(code: ErrorCode, reason: &str) {
    let answer =
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code as i32, "message": reason } }).to_string();
    let mut out = io::stdout().lock();
    let _ = write!(out, "Content-Length: {}\r\n\r\n{answer}", answer.len());
    let _ = out.flush();
}

fn read(input: &mut impl BufRead) -> io::Result<Incoming> {
    let unreadable = |reason: String| Ok(Incoming::Unreadable(ErrorCode::ParseError, reason));
    let mut length = None;
    loop {
        let mut line = Vec::new();
        // A header has no long lines; what goes on for ever is none.
        let read = input.by_ref().take(4096).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Incoming::End);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.trim().eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let Some(length) = length else { return unreadable("the header names no Content-Length".to_owned()) };
    if length > MAX_MESSAGE_BYTES {
        io::copy(&mut input.by_ref().take(length), &mut io::sink())?;
        return unreadable(format!("a message of {length} bytes is too large"));
    }
    let mut body = Vec::new();
    if (input.by_ref().take(length).read_to_end(&mut body)? as u64) < length {
        return Ok(Incoming::End);
    }
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Err(error) => unreadable(format!("the message is not JSON: {error}")),
        Ok(value) => Ok(serde_json::from_value(value).map_or_else(
            |_| {
                Incoming::Unreadable(
                    ErrorCode::InvalidRequest,
                    "this is no request, response or notification".to_owned(),
                )
            },
            Incoming::Message,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_nonsense_the_next_message_is_read() {
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let input = format!("{}{}X: y\r\n\r\n{}", framed("{nonsense"), framed("[1, 2]"), framed(good));
        let mut input = input.as_bytes();
        let mut codes = Vec::new();
        loop {
            match read(&mut input).unwrap() {
                Incoming::Unreadable(code, _) => codes.push(code as i32),
                Incoming::Message(Message::Notification(found)) => {
                    assert_eq!(found.method, "exit");
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(codes, [-32700, -32600, -32700]);
        assert!(matches!(read(&mut input).unwrap(), Incoming::End));
    }

    #[test]
    fn what_is_cut_off_is_the_end() {
        for input in
            ["", "Content-Length: 10", "Content-Length: 10\r\n\r\n{}", "Content-Length: 99999999999999\r\n\r\n"]
        {
            let mut input = input.as_bytes();
            let end = (0..3).any(|_| matches!(read(&mut input).unwrap(), Incoming::End));
            assert!(end);
        }
    }
}
