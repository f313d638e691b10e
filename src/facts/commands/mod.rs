//! Invocations of the tools that install, read as those tools read their command lines.

mod apk;
mod apt;
mod conda;
mod git;
mod node;
mod options;
mod pdm;
mod pip;
mod pipenv;
mod pnpm;
mod poetry;
mod removal;
mod rpm;
mod uv;
mod yarn;

pub use apk::{Apk, ApkAction};
pub(super) use apt::recommends_option;
pub use apt::{Apt, AptAction, is_archive};
pub use conda::{Conda, CondaAction};
pub use git::{GitClone, fetches_an_installer_by_git};
pub use node::{Npm, NpmAction};
pub use options::{Flag, Options};
pub use pdm::{Pdm, PdmAction};
pub use pip::{Pip, PipAction};
pub use pipenv::{Pipenv, PipenvAction};
pub use pnpm::{Pnpm, PnpmAction};
pub use poetry::{Poetry, PoetryAction};
pub use removal::{Removal, removal};
pub use rpm::{Rpm, RpmAction, RpmTool};
pub use uv::{Uv, UvAction};
pub use yarn::{Yarn, YarnAction};
