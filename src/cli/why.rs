//! `slimlint why PACKAGE`: the chains that bring a package in, with bytes.

use crate::lint::{self, Why as Reasons};
use crate::output;
use crate::python::PackageName;
use crate::workspace::{Workspace, discover_where};

use super::args::{ListFormat, Why};
use super::check::tell;
use super::feeds::with_readers;
use super::{Status, Terminal, options};

pub(super) fn why(arguments: &Why, terminal: &mut Terminal<'_>) -> Status {
    let mut configurations = match options::of_files(&arguments.configuration, terminal) {
        Ok(configurations) => configurations,
        Err(status) => return status,
    };
    let package = PackageName::new(arguments.package.trim());
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if package.as_str().is_empty() || !package.as_str().chars().all(is_name) {
        return terminal
            .error(&format!("`{}` is no name of a package; give it without version and extras", arguments.package));
    }
    let mut found = discover_where(&arguments.paths, &terminal.cwd, |workspace, path, named| {
        configurations.keeps(workspace, path, named)
    });
    let mut status = Status::Clean;
    for problem in &found.problems {
        status = status.max(tell(problem, terminal));
    }
    let mut reasons: Vec<(Workspace, Reasons)> = Vec::new();
    for (workspace, paths) in found.workspaces {
        if let Some(message) = options::context_outside(&arguments.configuration, &workspace, &terminal.cwd) {
            return terminal.error(&message);
        }
        let feeds = found.feeds.remove(workspace.root());
        let (paths, settings, trouble) = with_readers(&workspace, paths, feeds, &mut configurations, terminal);
        status = status.max(trouble);
        let why = lint::why(&workspace, &paths, &settings, &package);
        reasons.push((workspace, why));
    }
    let is_installed = reasons.iter().any(|(_, why)| !why.installed.is_empty());
    let cwd = terminal.cwd.clone();
    let written = terminal.write(|out, paint| match arguments.format {
        ListFormat::Text => output::write_why(package.as_str(), &reasons, &cwd, paint, out),
        ListFormat::Json => output::write_why_json(package.as_str(), &reasons, &cwd, out),
    });
    let answer = if is_installed { Status::Clean } else { Status::Findings };
    status.max(written).max(answer)
}
