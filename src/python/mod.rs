//! Python manifests and sources, read as the tools read them. Pure: text in, data with spans out; no I/O.
//!
//! * [`requirements`]: `requirements.txt` and constraints files, line by line, with the range of every entry.
//! * [`pyproject`]: the parts of `pyproject.toml` that decide what an install brings.
//! * [`lock`]: names, versions and sources of what `uv.lock`, `poetry.lock` and `pdm.lock` pin.
//! * [`imports`]: which modules a source file imports, and the strings in it.

pub mod imports;
pub mod lock;
pub mod lock_metadata;
pub mod pyproject;
pub mod requirements;

mod marker;
mod name;
mod requirement;
mod scanner;

pub use name::PackageName;
pub use requirement::{Platform, Requirement};
