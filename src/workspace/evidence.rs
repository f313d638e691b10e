use std::collections::BTreeSet;

use crate::context::{CopySource, SourcePart};

use super::Workspace;
use super::listing::join;

/// Folders listed for one glob before it counts as not found.
const MAX_LISTINGS: usize = 500;

/// What can speak for a folder being the build context.
pub(super) struct Candidates {
    sources: Vec<CopySource>,
    named: Vec<CopySource>,
}

/// How much of it does; sources count before named files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Votes {
    sources: usize,
    named: usize,
}

impl Votes {
    pub(super) fn has_no_sources(self) -> bool {
        self.sources == 0
    }

    /// Whether no fewer sources speak for it than `other` has.
    pub(super) fn has_sources_of(self, other: Self) -> bool {
        self.sources >= other.sources
    }
}

impl Candidates {
    pub(super) fn new(sources: &[String], named_files: &[String]) -> Self {
        let sources: BTreeSet<&String> = sources.iter().collect();
        // An absolute path that RUN names lies in the image, not in the context.
        let named: BTreeSet<&String> = named_files.iter().filter(|path| !path.starts_with(['/', '~'])).collect();
        let speaking = |paths: BTreeSet<&String>| paths.into_iter().filter_map(|path| speaking(path)).collect();
        Self { sources: speaking(sources), named: speaking(named) }
    }

    pub(super) fn votes(&self, workspace: &Workspace, folder: &str) -> Votes {
        let count = |paths: &[CopySource]| {
            paths.iter().filter(|path| found(workspace, folder, path.parts(), &mut { MAX_LISTINGS })).count()
        };
        Votes { sources: count(&self.sources), named: count(&self.named) }
    }

    /// Whether no other folder can have more votes.
    pub(super) fn all_found(&self, votes: Votes) -> bool {
        votes.sources == self.sources.len() && votes.named == self.named.len()
    }

    pub(super) fn describe(&self, votes: Votes) -> String {
        let sources = share(votes.sources, self.sources.len(), "COPY source");
        let named = share(votes.named, self.named.len(), "file named in RUN");
        match (votes, self.sources.len(), self.named.len()) {
            (Votes { sources: 0, named: 0 }, 0, 0) => "no COPY source names a file, so its own folder".to_owned(),
            (Votes { sources: 0, named: 0 }, ..) => "what it copies exists nowhere, so its own folder".to_owned(),
            (Votes { sources: 0, .. }, ..) => format!("{named} here"),
            (_, _, 0) | (Votes { named: 0, .. }, ..) => format!("{sources} here"),
            _ => format!("{sources} here, and {named}"),
        }
    }
}

fn share(found: usize, all: usize, noun: &str) -> String {
    let (plural, verb) = if all == 1 { ("", "exists") } else { ("s", "exist") };
    match noun.split_once(' ') {
        Some(("file", rest)) => format!("{found} of {all} file{plural} {rest} {verb}"),
        _ => format!("{found} of {all} {noun}{plural} {verb}"),
    }
}

/// `path` as a source, if it names something that a folder could hold.
fn speaking(path: &str) -> Option<CopySource> {
    let elsewhere = path.contains("://") || path.contains('$') || path.starts_with("<<") || path.starts_with("git@");
    CopySource::parse(path).filter(|source| !elsewhere && !source.names_nothing())
}

/// Whether something below `folder` matches `parts`.
fn found(workspace: &Workspace, folder: &str, parts: &[SourcePart], listings: &mut usize) -> bool {
    let mut at = folder.to_owned();
    let mut rest = parts;
    while let [part, tail @ ..] = rest {
        let Some(name) = part.literal() else { break };
        if !at.is_empty() {
            at.push('/');
        }
        at.push_str(name);
        rest = tail;
    }
    let [glob, tail @ ..] = rest else { return workspace.exists(&at) };
    if *listings == 0 || !workspace.is_dir(&at) {
        return false;
    }
    *listings -= 1;
    let entries = workspace.entries(&at);
    if glob.is_any_depth() {
        return !entries.is_empty();
    }
    entries.iter().any(|entry| {
        glob.matches(&entry.name)
            && (tail.is_empty() || (entry.is_dir && found(workspace, &join(&at, &entry.name), tail, listings)))
    })
}
