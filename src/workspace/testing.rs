//! Folders for tests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A folder that holds `files`: path and content; a path that ends in `/` is an empty folder.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, content) in files {
        write(folder.path(), path, content);
    }
    folder
}

/// Puts `content` at `path` below `root`; the same paths.
pub(crate) fn write(root: &Path, path: &str, content: &str) {
    let target = root.join(path);
    if path.ends_with('/') {
        fs::create_dir_all(target).expect("a folder");
    } else {
        fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
        fs::write(target, content).expect("a file");
    }
}

#[cfg(unix)]
pub(super) fn link(root: &Path, path: &str, target: impl AsRef<Path>) {
    std::os::unix::fs::symlink(target, root.join(path)).expect("a link");
}
