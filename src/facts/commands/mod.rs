//! Invocations of the tools that install, read as those tools read their command lines.

mod apk;
mod apt;
mod node;
mod options;
mod pip;
mod poetry;
mod removal;
mod rpm;
mod uv;

pub use apk::{Apk, ApkAction};
pub(super) use apt::recommends_option;
pub use apt::{Apt, AptAction, is_archive};
pub use node::{Npm, NpmAction};
pub use options::{Flag, Options};
pub use pip::{Pip, PipAction};
pub use poetry::{Poetry, PoetryAction};
pub use removal::{Removal, removal};
pub use rpm::{Rpm, RpmAction, RpmTool};
pub use uv::{Uv, UvAction};
