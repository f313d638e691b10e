//! Python manifests and sources, read as the tools read them. Pure: text in, data with spans out; no I/O.
//!
//! * [`requirements`]: `requirements.txt` and constraints files, line by line, with the range of every entry.
//! * [`pyproject`]: the parts of `pyproject.toml` that decide what an install brings.
//! * [`conda`]: `environment.yml`, with the requirements that it gives to pip.
//! * [`lock`]: what `uv.lock`, `poetry.lock`, `pdm.lock`, `pylock.toml` and `Pipfile.lock` pin, as one graph.
//! * [`lock_hash`]: whether a lock was made for a manifest.
//! * [`closure`]: which of that an install brings, and through what.
//! * [`dominators`]: which package is needed only because of which other.
//! * [`imports`]: which modules a source file imports, and the strings in it.

pub mod closure;
pub mod conda;
pub mod dominators;
pub mod imports;
pub mod lock;
pub mod lock_hash;
pub mod pyproject;
pub mod requirements;

mod marker;
mod name;
mod requirement;
mod scanner;
mod wheel;

pub use name::PackageName;
pub use requirement::{Libc, Platform, Requirement};
