//! Names that stand for other files.

use std::fs;

use super::Workspace;
use super::paths::normalise;

impl Workspace {
    /// Whether the path itself is a link (`.dockerignore -> .gitignore`): to write to it changes a file that serves something else.
    #[must_use]
    pub fn is_link(&self, path: &str) -> bool {
        let on_disk = normalise(path).filter(|_| self.is_on_disk());
        let metadata = on_disk.and_then(|path| fs::symlink_metadata(self.root().join(path)).ok());
        metadata.is_some_and(|metadata| metadata.file_type().is_symlink())
    }
}
