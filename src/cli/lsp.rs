//! `slimlint lsp`: the language server.

use clap::Args;

use crate::lsp;

use super::Status;

/// What stands below the options.
pub(super) const HELP: &str = "\
An editor starts it and speaks the Language Server Protocol with it over standard input and output. It tells findings while you type
in Dockerfiles, requirements, pyproject.toml and .dockerignore, with all that is unsaved in any of them taken into account; it offers
fixes and ignore comments, shows what an install weighs and what brings a package in, and completes the names of rules.

Settings, as initializationOptions or in the section `slimlint` of the editor's configuration:
  enable         false switches everything off [default: true]
  select         rules, groups or `all` in the place of what configuration files select
  extendSelect   rules besides
  ignore         rules that do not run
  unsafeFixes    false offers only safe fixes [default: true]
  inlayHints     false shows no bytes behind lines [default: true]
  configuration  a file to use in the place of those it would find
  ignoreReason   the reason in ignore comments that it writes

Configuration files hold as they do for `slimlint check`; what an editor sets counts as the command line does.

Exit code: 0 the editor ended it, 1 the editor was gone.";

#[derive(Debug, Args)]
pub(super) struct Lsp {
    /// Use standard input and output, as it does in any case; editors pass it
    #[arg(long)]
    pub stdio: bool,
}

pub(super) fn lsp(_: &Lsp) -> Status {
    if lsp::serve_stdio() { Status::Clean } else { Status::Findings }
}
