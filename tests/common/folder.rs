//! Folders on disk in which the program runs.

#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;

use tempfile::TempDir;

/// A folder of `files` that looks like a repository.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        put(&folder, path, text);
    }
    folder
}

/// Writes the file at `path`, and the folders around it.
pub fn put(folder: &TempDir, path: &str, bytes: &(impl AsRef<[u8]> + ?Sized)) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// What the file at `path` holds.
pub fn text(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}
