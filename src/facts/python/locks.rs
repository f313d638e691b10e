//! The lock that decides what an install brings.

use crate::catalogue;
use crate::facts::commands::{Uv, UvAction};
use crate::python::PackageName;
use crate::text::TextRange;
use crate::workspace::parent;

use super::reader::Reader;

/// A lock that an install reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockInUse {
    /// Its path in the workspace.
    pub path: String,
    /// Where the build deletes or rewrites it before the install.
    pub rewritten: Option<TextRange>,
    /// Each pin of torch in it: version and where it comes from.
    pub torch: Vec<(String, Option<String>)>,
    /// Whether it pins CUDA packages.
    pub cuda: bool,
}

impl Reader<'_, '_> {
    /// Finds `name` in the image: in the folder that the command runs in or above it, or else beside the manifest.
    pub(super) fn lock_of(&mut self, manifest: &str, name: &str) {
        let workspace = self.facts.workspace;
        let mut folder = self.at.invocation.workdir.known().map(str::to_owned);
        let mut path = None;
        while let Some(here) = folder {
            path = self.origin(&format!("{here}/{name}")).filter(|path| workspace.is_file(path));
            let next = here.rsplit_once('/').map(|(above, _)| above.to_owned());
            folder = next.filter(|_| path.is_none() && !here.is_empty());
        }
        let Some(path) = path else { return };
        // A lock of another project tells nothing.
        let near = parent(manifest).starts_with(parent(&path));
        if near {
            let rewritten = self.rewritten(name);
            self.lock_at(path, rewritten);
        }
    }

    /// The lock at `path` in the workspace is the one that is read.
    pub(super) fn lock_at(&mut self, path: String, rewritten: Option<TextRange>) {
        let Ok(lock) = self.facts.workspace.lock(&path) else { return };
        let torch = PackageName::new("torch");
        let torch = lock.find(&torch).map(|package| (package.version.clone(), package.source.clone())).collect();
        let cuda = lock.packages.iter().any(|package| catalogue::is_cuda_package(package.name.as_str()));
        self.install.lock = Some(LockInUse { path, rewritten, torch, cuda });
    }

    /// Where an earlier command deletes or makes the lock anew.
    fn rewritten(&self, name: &str) -> Option<TextRange> {
        let earlier = self.facts.earlier(self.at.stage, self.at.run, self.at.index);
        let rewrites = earlier.filter(|invocation| {
            let names_lock = invocation.arguments.iter().any(|argument| argument.value.text().ends_with(name));
            let uv = Uv::read(invocation).is_some_and(|uv| {
                uv.action == UvAction::Lock
                    && !uv.options.has(&["--check", "--locked", "--check-exists", "--frozen", "--dry-run"])
            });
            let poetry = invocation.program == "poetry" && matches!(invocation.argument(0), Some("lock" | "update"));
            (names_lock && matches!(invocation.program.as_str(), "rm" | "mv" | "unlink")) || uv || poetry
        });
        rewrites.map(|invocation| invocation.range).last()
    }
}
