//! Files that are named and are no Dockerfiles: `slimlint requirements.txt` lints the Dockerfiles whose builds read it.

use std::collections::BTreeSet;

use crate::config::{Configurations, PathSettings};
use crate::lint::readers;
use crate::output::shown_path;
use crate::workspace::{Feeds, Workspace};

use super::check::configured;
use super::{Status, Terminal};

/// The Dockerfiles at `paths` together with those whose builds read one of `feeds`, with their settings, as [`configured`] gives them.
pub(super) fn with_readers(
    workspace: &Workspace,
    paths: Vec<String>,
    feeds: Option<Feeds>,
    configurations: &mut Configurations,
    terminal: &mut Terminal<'_>,
) -> (Vec<String>, PathSettings, Status) {
    let Some(Feeds { files, dockerfiles }) = feeds else {
        return configured(workspace, paths, configurations, terminal);
    };
    let all: BTreeSet<String> = paths.iter().chain(&dockerfiles).cloned().collect();
    // One whose configuration cannot be used may read the file: that it is not linted is told.
    let (usable, settings, status) = configured(workspace, all.into_iter().collect(), configurations, terminal);
    let read: BTreeSet<String> = readers(workspace, &usable, &settings, &files).into_iter().collect();
    tell(workspace, &files, &dockerfiles, &read, terminal);
    let kept = usable.into_iter().filter(|path| read.contains(path) || paths.contains(path)).collect();
    (kept, settings, status)
}

fn tell(
    workspace: &Workspace,
    files: &[String],
    dockerfiles: &[String],
    read: &BTreeSet<String>,
    terminal: &mut Terminal<'_>,
) {
    let Some(first) = files.first() else { return };
    let first = shown_path(workspace.root(), first, &terminal.cwd);
    let (subject, them) = match files.len() - 1 {
        0 => (format!("`{first}` is no Dockerfile"), "it"),
        more => (format!("`{first}` and {more} more are no Dockerfiles"), "them"),
    };
    let all = dockerfiles.len();
    terminal.note(&match dockerfiles.iter().filter(|path| read.contains(*path)).count() {
        0 if all == 0 => format!("{subject}, and there is none whose build could read {them}"),
        0 => format!("{subject}, and of {all} none has a build that reads {them}"),
        count => format!("{subject}; linted: {count} of {all} whose builds read {them}"),
    });
}
