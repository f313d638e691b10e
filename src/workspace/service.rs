use super::Workspace;
use super::evidence::Candidates;
use super::paths::{normalise, parent};

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
}

impl Service {
    /// The service of `dockerfile`, its context found by [`locate_from_sources`] unless `override_context` names it.
    #[must_use]
    pub fn from_sources(
        workspace: &Workspace,
        dockerfile: &str,
        sources: &[String],
        named_files: &[String],
        override_context: Option<&str>,
    ) -> Self {
        let (context, context_evidence) = match override_context {
            Some(context) => {
                (normalise(context).unwrap_or_else(|| context.to_owned()), "named with `--context`".to_owned())
            }
            None => locate_from_sources(workspace, dockerfile, sources, named_files),
        };
        let ignore_file = workspace.ignore_file_for(dockerfile, &context);
        Self { dockerfile: dockerfile.to_owned(), context, context_evidence, ignore_file }
    }
}

/// The build context for which most evidence speaks, and that evidence in words.
///
/// `sources` are the literal sources of `COPY` and `ADD` that come from the context, `named_files` the files that `RUN` names
/// relative to its folder. Each votes for every folder from the Dockerfile's own up to the root in which something matches it.
/// Sources count first, since a build fails without them; named files decide between equals. What is then still equal goes to
/// the Dockerfile's own folder, else to the nearest above it. URLs, heredocs, unexpanded variables and sources that take
/// everything (`.`, `*`) vote for nothing.
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
    (best.0.to_owned(), candidates.describe(best.1))
}

#[cfg(test)]
mod tests;
