//! What the tests of writing and of going back share: plans, and what a folder holds afterwards.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::text::SourceFile;

use super::{FileChange, Plan};

/// Files by path, with their text.
pub(super) type Listing = Vec<(String, String)>;

/// A plan of (path, before, after); an empty `before` creates the file.
pub(super) fn plan(files: &[(&str, &str, &str)]) -> Plan {
    let files = files.iter().map(|&(path, before, after)| FileChange {
        path: path.to_owned(),
        before: (!before.is_empty()).then(|| Arc::new(SourceFile::new(path, before.as_bytes()))),
        after: after.as_bytes().to_vec(),
        fixes: Vec::new(),
    });
    Plan { files: files.collect(), ..Plan::default() }
}

/// All files below `root` with their text, sorted; links with their target.
pub(super) fn listing(root: &Path) -> Listing {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    let mut files: Listing = entries
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| {
            let name = entry.path().strip_prefix(root).unwrap().display().to_string().replace('\\', "/");
            let text = match fs::read_link(entry.path()) {
                Ok(target) => format!("-> {}", target.display()),
                Err(_) => fs::read_to_string(entry.path()).unwrap_or_default(),
            };
            (name, text)
        })
        .collect();
    files.sort();
    files
}

/// `files` as [`listing`] tells them.
pub(super) fn owned(files: &[(&str, &str)]) -> Listing {
    let mut files: Listing = files.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
    files.sort();
    files
}
