//! What of a folder a build sees: `.dockerignore` semantics and the files of a context with their sizes. Pure; no I/O.
//!
//! * [`IgnoreFile`]: a `.dockerignore`, read and matched as moby's `patternmatcher` does, which is not how `.gitignore` works.
//! * [`Tree`]: the files that a context holds after its ignore file, and which of them a `COPY` takes.

mod glob;
mod ignore_file;
mod misses;
mod path;
mod source;
mod tree;

pub use ignore_file::{IgnoreFile, InTurn, Matched, Pattern};
pub use misses::Miss;
pub use source::{CopySource, SourcePart};
pub use tree::{Summary, SummaryEntry, Tree, TreeFile};
