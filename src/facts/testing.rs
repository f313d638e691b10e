//! Facts of files that no disk holds, for tests.

use super::Facts;
use crate::dockerfile::Dockerfile;
use crate::workspace::{Service, Workspace};

/// Runs `look` over the facts of `dockerfile`, whose context is the root and holds `files` (path and text).
pub(super) fn with_facts<T>(dockerfile: &str, files: &[(&str, &str)], look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    with_facts_of_bytes(dockerfile, &files, look)
}

/// The same with files of any encoding.
pub(super) fn with_facts_of_bytes<T>(
    dockerfile: &str,
    files: &[(&str, &[u8])],
    look: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let own = [("Dockerfile", dockerfile.as_bytes())];
    let all = own.iter().chain(files).map(|&(path, bytes)| (path.to_owned(), bytes.to_vec()));
    let workspace = Workspace::in_memory(all);
    let service = Service {
        dockerfile: "Dockerfile".to_owned(),
        context: String::new(),
        context_evidence: String::new(),
        ignore_file: None,
        builds: crate::workspace::Builds::default(),
        gpu: None,
    };
    let source = workspace.read("Dockerfile").expect("it was just written");
    let parsed = Dockerfile::parse(source.text());
    look(&Facts::compute(&workspace, &service, &source, &parsed))
}
