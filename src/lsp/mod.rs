//! `slimlint lsp`: a language server.
//!
//! It tells what the linter finds while a person types, with all that is unsaved taken into account, and offers what `--fix` does, what
//! `why` knows and what the pages say. It lints nothing by itself: `project` asks [`crate::lint::Linter`], the other modules turn what
//! that says into the protocol's terms and back.
//!
//! * `server`: the loop; `dispatch`, which request is answered by what; `lifecycle`, settings, folders and files on disk.
//! * `sync`: documents and findings; `diagnostics`, how a finding is told.
//! * `actions` with `edits`, `hover`, `hints`, `links`, `completion`, `commands`: what can be asked for.
//! * `positions`, `uris`, `documents`, `settings`, `capabilities`, `transport`: the protocol's terms.

#![expect(clippy::needless_pass_by_value, reason = "what answers a request owns its parameters, used up or not")]

mod actions;
mod capabilities;
mod commands;
mod completion;
mod diagnostics;
mod dispatch;
mod documents;
mod edits;
mod hints;
mod hover;
mod known;
mod lifecycle;
mod links;
mod positions;
mod project;
mod server;
mod settings;
mod sync;
mod transport;
mod uris;

use std::thread;

use lsp_server::Connection;

/// Parsers bound their depth, but a frame of theirs in a build without optimisation is large.
const STACK_BYTES: usize = 16 << 20;

/// Serves an editor over standard input and output until it ends the conversation, or is gone. Nothing else may read or write there
/// meanwhile. Returns whether it ended as agreed.
#[must_use]
pub fn serve_stdio() -> bool {
    let (connection, writer) = transport::stdio();
    let ended = serve(connection);
    // What is written last must not be lost; that the editor reads no more is no matter.
    let _ = writer.join();
    ended
}

/// Serves whoever is at the other end of `connection`, as [`serve_stdio`] does.
#[must_use]
pub fn serve(connection: Connection) -> bool {
    let run = move || server::Server::new(connection).run();
    let thread = thread::Builder::new().name("slimlint-lsp".to_owned()).stack_size(STACK_BYTES).spawn(run);
    thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
}
