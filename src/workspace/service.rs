use std::cmp::Reverse;

use super::definitions::BuildDefinition;
use super::evidence::{Candidates, Votes};
use super::paths::{normalise, parent};
use super::{Builds, Workspace};

/// A Dockerfile with the build context it is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The Dockerfile, relative to the workspace's root.
    pub dockerfile: String,
    /// The build context's folder, relative to the root; `""` is the root.
    pub context: String,
    /// Why this folder, for people: `4 of 5 COPY sources exist here`.
    pub context_evidence: String,
    /// The ignore file that holds for the build.
    pub ignore_file: Option<String>,
    /// What the files that build it give to the build.
    pub builds: Builds,
    /// Whether the image runs on a GPU, when the configuration says so.
    pub gpu: Option<Said<bool>>,
}

/// What a person says where the files would have to be read for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The build context, relative to the root; said by a few words for people.
    pub context: Option<Said<String>>,
    /// Whether the image runs on a GPU; said by a file, relative to the root.
    pub gpu: Option<Said<bool>>,
}

/// Something that is said, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// By what.
    pub by: String,
}

impl Service {
    /// The service of `dockerfile`, which declares `arguments`, its context found by [`locate_from_sources`] unless `overrides` names it.
    #[must_use]
    pub fn from_sources(
        workspace: &Workspace,
        dockerfile: &str,
        sources: &[String],
        named_files: &[String],
        arguments: &[String],
        overrides: &Overrides,
    ) -> Self {
        let (context, context_evidence) = match &overrides.context {
            Some(Said { value, by }) => (normalise(value).unwrap_or_else(|| value.clone()), by.clone()),
            None => locate_from_sources(workspace, dockerfile, sources, named_files),
        };
        let ignore_file = workspace.ignore_file_for(dockerfile, &context);
        Self {
            dockerfile: dockerfile.to_owned(),
            context,
            context_evidence,
            ignore_file,
            builds: Builds::of(workspace, dockerfile, arguments),
            gpu: overrides.gpu.clone(),
        }
    }
}

/// The build context for which most evidence speaks, and that evidence in words.
///
/// `sources` are the literal sources of `COPY` and `ADD` that come from the context, `named_files` the files that `RUN` names
/// relative to its folder. Each votes for every folder from the Dockerfile's own up to the root in which something matches it.
/// Sources count first, since a build fails without them; named files decide between equals. What is then still equal goes to
/// the Dockerfile's own folder, else to the nearest above it. URLs, heredocs, unexpanded variables and sources that take
/// everything (`.`, `*`) vote for nothing.
///
/// A file that says how the Dockerfile is built decides where the context that it names holds no fewer of them; with fewer, it is
/// stale, or read wrongly. Compose files are believed first, then bake files, workflows, Makefiles and scripts. A source that is nothing but `..` is
/// written for the folder above, and decides where nothing else does.
#[must_use]
pub fn locate_from_sources(
    workspace: &Workspace,
    dockerfile: &str,
    sources: &[String],
    named_files: &[String],
) -> (String, String) {
    let own = parent(dockerfile);
    let candidates = Candidates::new(sources, named_files);
    let mut best = (own, candidates.votes(workspace, own));
    let mut folder = own;
    while !folder.is_empty() && !candidates.all_found(best.1) {
        folder = parent(folder);
        let votes = candidates.votes(workspace, folder);
        if votes > best.1 {
            best = (folder, votes);
        }
    }
    let said = composed(workspace, dockerfile, &candidates, best.1);
    if let Some((context, file, line)) = said.or_else(|| defined(workspace, dockerfile, &candidates, best)) {
        return (context, format!("from `{file}` line {line}"));
    }
    let above = || sources.iter().find_map(|source| Some((climbed(own, source)?, source)));
    if best.1.has_no_sources()
        && let Some((folder, source)) = above().filter(|(folder, _)| candidates.votes(workspace, folder) >= best.1)
    {
        return (folder.to_owned(), format!("`{source}` is written for it"));
    }
    (best.0.to_owned(), candidates.describe(best.1))
}

/// A context with the file and the 1-based line that name it.
type Named = (String, String, u32);

/// The context of the compose file for which most sources speak, unless more speak for the best folder around the Dockerfile.
fn composed(workspace: &Workspace, dockerfile: &str, candidates: &Candidates, best: Votes) -> Option<Named> {
    let folders = workspace.compose_files(dockerfile, "");
    let files = folders.iter().flat_map(|files| files.iter());
    let builds = files.flat_map(|file| file.services.iter().map(move |service| (file, service)));
    let contexts = builds.filter_map(|(file, service)| {
        let build = service.build.as_ref().filter(|build| build.dockerfile == dockerfile)?;
        let there = build.context.is_empty() || workspace.is_dir(&build.context);
        there.then(|| (candidates.votes(workspace, &build.context), build, file))
    });
    // The first of those with as many votes.
    let (votes, build, file) = contexts.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    votes.has_sources_of(best).then(|| (build.context.clone(), file.path.clone(), build.line))
}

/// The context that a bake file, a workflow, a Makefile or a script names, where it has all that the best folder around the Dockerfile has.
fn defined(
    workspace: &Workspace,
    dockerfile: &str,
    candidates: &Candidates,
    (folder, best): (&str, Votes),
) -> Option<Named> {
    let definitions = workspace.build_definitions(dockerfile);
    let there = definitions.iter().filter(|found| found.context.is_empty() || workspace.is_dir(&found.context));
    let voted = there.map(|found| (candidates.votes(workspace, &found.context), found));
    let believed = voted.filter(|(votes, _)| *votes >= best);
    // Of those that are believed as much, the one that says what the sources say.
    let rank = |votes: Votes, found: &BuildDefinition| (Reverse(found.kind), votes, found.context == folder);
    let (_, found) =
        believed.reduce(|first, other| if rank(other.0, other.1) > rank(first.0, first.1) { other } else { first })?;
    Some((found.context.clone(), found.file.clone(), found.line))
}

/// The folder above `own` that `..` or `../..` is meant for.
fn climbed<'p>(own: &'p str, source: &str) -> Option<&'p str> {
    let parts = source.split('/').filter(|part| !matches!(*part, "" | "."));
    let mut folder = None;
    for part in parts {
        let from = folder.unwrap_or(own);
        if part != ".." || from.is_empty() || source.starts_with('/') {
            return None;
        }
        folder = Some(parent(from));
    }
    folder
}

#[cfg(test)]
mod tests;
