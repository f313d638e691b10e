//! What `.gitignore` files of the repository say of a path.

use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::SourceFile;

use super::Workspace;
use super::cache::Derived;
use super::paths::{below, normalise, parent};

/// Parsed `.gitignore` files by path.
pub(super) type Gitignores = Derived<Arc<SourceFile>, Arc<Gitignore>>;

impl Workspace {
    /// The `.gitignore` (relative to the root) that keeps the file or folder at `path` out of the repository, whether something
    /// stands there or not. Settings of one machine do not count.
    #[must_use]
    pub fn gitignored(&self, path: &str, is_dir: bool) -> Option<String> {
        let path = normalise(path).filter(|path| !path.is_empty())?;
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        // What lies in a folder that is left out cannot be taken back.
        folders
            .map(|folder| (folder, true))
            .chain([(path.as_str(), is_dir)])
            .find_map(|(step, is_dir)| self.decides(step, is_dir))
    }

    /// The file that leaves out `step` itself: the nearest one that says anything of it decides.
    fn decides(&self, step: &str, is_dir: bool) -> Option<String> {
        let mut folder = parent(step);
        loop {
            let name = if folder.is_empty() { ".gitignore".to_owned() } else { format!("{folder}/.gitignore") };
            if let Some(rules) = self.gitignore(&name, folder) {
                match rules.matched(below(step, folder)?, is_dir) {
                    Match::Ignore(_) => return Some(name),
                    Match::Whitelist(_) => return None,
                    Match::None => {}
                }
            }
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
    }

    fn gitignore(&self, path: &str, folder: &str) -> Option<Arc<Gitignore>> {
        // Asked of the listing, which is kept: most folders hold none.
        if !self.entries(folder).iter().any(|entry| entry.name == ".gitignore" && !entry.is_dir) {
            return None;
        }
        let source = self.read(path).ok()?;
        Some(self.gitignores.get_or_make(path, source, Arc::ptr_eq, |source| {
            let mut builder = GitignoreBuilder::new(".");
            for line in source.text().lines() {
                // git passes over a line that it cannot read, too.
                let _ = builder.add_line(None, line);
            }
            Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_that_says_anything_decides() {
        let files = [
            (".gitignore", "node_modules/\n/venv\n*.pyc\nbuild/\n!keep/build/\n.env\n"),
            ("web/.gitignore", "!.env\n/dist\r\n"),
            ("src/a.py", ""),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let workspace = Workspace::in_memory(files);
        for (path, is_dir, expected) in [
            ("node_modules", true, Some(".gitignore")),
            ("node_modules", false, None),
            ("web/node_modules/x/y.js", false, Some(".gitignore")),
            ("venv", true, Some(".gitignore")),
            ("src/venv", true, None),
            ("src/x.pyc", false, Some(".gitignore")),
            ("keep/build", true, None),
            ("src/build/x", false, Some(".gitignore")),
            (".env", false, Some(".gitignore")),
            ("web/.env", false, None),
            ("web/dist", true, Some("web/.gitignore")),
            ("web/src/dist", true, None),
            ("", true, None),
            ("../x.pyc", false, None),
        ] {
            assert_eq!(workspace.gitignored(path, is_dir).as_deref(), expected, "{path}");
        }
    }
}
