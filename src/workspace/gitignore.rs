//! What `.gitignore` files of the repository say of a path.

use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::SourceFile;

use super::Workspace;
use super::cache::Derived;
use super::listing::join;
use super::paths::{below, normalise, parent};

pub(super) const NAME: &str = ".gitignore";

/// Parsed `.gitignore` files by path.
pub(super) type Gitignores = Derived<Arc<SourceFile>, Arc<Gitignore>>;

/// What holds in each folder, while names of files and texts of `.gitignore` files have one number.
pub(super) type GitignoredFolders = Derived<u64, Arc<GitignoredFolder>>;

/// What `.gitignore` files say in one folder.
#[derive(Default)]
pub(super) struct GitignoredFolder {
    /// Folders with such a file, beginning with those further up, and what it says.
    rules: Vec<(String, Arc<Gitignore>)>,
    /// What keeps the folder itself out: nothing in it can be taken back.
    out: Option<String>,
}

impl Workspace {
    /// The `.gitignore` (relative to the root) that keeps the file or folder at `path` out of the repository, whether something
    /// stands there or not. Settings of one machine do not count.
    #[must_use]
    pub fn gitignored(&self, path: &str, is_dir: bool) -> Option<String> {
        let path = normalise(path).filter(|path| !path.is_empty())?;
        let folder = self.gitignored_folder(parent(&path));
        folder.out.clone().or_else(|| decides(&folder.rules, &path, is_dir))
    }

    fn gitignored_folder(&self, folder: &str) -> Arc<GitignoredFolder> {
        let same = |known: &u64, now: &u64| known == now;
        self.gitignored_folders.get_or_make(folder, self.gitignored_state(), same, |_| {
            let above = (!folder.is_empty()).then(|| self.gitignored_folder(parent(folder)));
            let own = self.gitignore(folder);
            let Some(above) = above else {
                let rules = own.map(|own| (String::new(), own)).into_iter().collect();
                return Arc::new(GitignoredFolder { rules, out: None });
            };
            let out = above.out.clone().or_else(|| decides(&above.rules, folder, true));
            match own {
                None if out == above.out => above,
                own => {
                    let rules = above.rules.iter().cloned().chain(own.map(|own| (folder.to_owned(), own)));
                    Arc::new(GitignoredFolder { rules: rules.collect(), out })
                }
            }
        })
    }

    fn gitignore(&self, folder: &str) -> Option<Arc<Gitignore>> {
        // Asked of the listing, which is kept and sorted: most folders hold none.
        let entries = self.entries(folder);
        let place = entries.binary_search_by(|entry| entry.name.as_str().cmp(NAME)).ok()?;
        if entries.get(place)?.is_dir {
            return None;
        }
        let path = join(folder, NAME);
        let source = self.read(&path).ok()?;
        Some(self.gitignores.get_or_make(&path, source, Arc::ptr_eq, |source| {
            let mut builder = GitignoreBuilder::new(".");
            for line in source.text().lines() {
                // git passes over a line that it cannot read, too.
                let _ = builder.add_line(None, line);
            }
            Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()))
        }))
    }
}

/// The file that leaves out `step` itself: the nearest one that says anything of it decides. `rules` begin with those furthest up.
fn decides(rules: &[(String, Arc<Gitignore>)], step: &str, is_dir: bool) -> Option<String> {
    for (folder, rules) in rules.iter().rev() {
        let Some(rest) = below(step, folder) else { continue };
        match rules.matched(rest, is_dir) {
            Match::Ignore(_) => return Some(join(folder, NAME)),
            Match::Whitelist(_) => return None,
            Match::None => {}
        }
    }
    None
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
