use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::glob::Glob;
use super::path;

/// The files of a build context, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Sorted by path.
    pub files: Vec<TreeFile>,
    /// False when a cap on files or depth was hit or a folder could not be read, so that sizes are lower bounds.
    pub complete: bool,
    names: Names,
}

/// The places of files by their names, made when it is first asked for. It tells nothing of its own.
#[derive(Debug, Default)]
struct Names(OnceLock<FxHashMap<Box<str>, Vec<usize>>>);

impl Clone for Names {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Names {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Names {}

/// One file of a context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeFile {
    /// Relative to the context, `/`-separated.
    pub path: String,
    /// Size in bytes; 0 for a symbolic link.
    pub bytes: u64,
}

/// What lies at the top of a [`Tree`], largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Top-level folders and files, by bytes descending, then by name.
    pub entries: Vec<SummaryEntry>,
}

/// One top-level folder or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// How many files it holds; 1 for a file.
    pub files: usize,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Tree {
    /// The files of that name, in whatever folder.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &TreeFile> {
        let name_of = |path: &str| path.rsplit('/').next().unwrap_or(path).into();
        let places = self.names.0.get_or_init(|| {
            let mut places: FxHashMap<Box<str>, Vec<usize>> = FxHashMap::default();
            for (place, file) in self.files.iter().enumerate() {
                places.entry(name_of(&file.path)).or_default().push(place);
            }
            places
        });
        places.get(name).into_iter().flatten().filter_map(|&place| self.files.get(place))
    }

    /// A tree of `files` in any order.
    #[must_use]
    pub fn new(mut files: Vec<TreeFile>, complete: bool) -> Self {
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { files, complete, names: Names::default() }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |bytes, file| bytes.saturating_add(file.bytes))
    }

    /// The file at `path` (relative to the context).
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&TreeFile> {
        let path = path::in_context(path);
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(&path)).ok()?;
        self.files.get(index)
    }

    /// The files below `directory` (relative to the context, `""` for all). A file is not below itself.
    #[must_use]
    pub fn under(&self, directory: &str) -> &[TreeFile] {
        match path::in_context(directory).as_str() {
            "" => &self.files,
            directory => self.beginning_with(&format!("{directory}/")),
        }
    }

    /// The files that a `COPY` or `ADD` of `source` takes: the file, everything below the folder, or what a glob by the rules of
    /// Go's `filepath.Match` names (`**` is `*`). Empty when nothing matches or the glob is malformed.
    pub fn matching(&self, source: &str) -> impl Iterator<Item = &TreeFile> {
        let source = path::in_context(source);
        let glob = Glob::match_pattern(&source);
        let candidates = match &glob {
            _ if source.is_empty() => self.files.as_slice(),
            Some(glob) => self.beginning_with(glob.literal()),
            None => &[],
        };
        candidates.iter().filter(move |file| {
            source.is_empty()
                || glob.as_ref().is_some_and(|glob| path::steps(&file.path).any(|step| glob.matches(step)))
        })
    }

    /// Top-level folders and files with their bytes.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary_of("")
    }

    /// The same for the content of `directory`.
    #[must_use]
    pub fn summary_of(&self, directory: &str) -> Summary {
        let directory = path::in_context(directory);
        let skip = if directory.is_empty() { 0 } else { directory.len() + 1 };
        let mut entries: BTreeMap<&str, SummaryEntry> = BTreeMap::new();
        for file in self.under(&directory) {
            let rest = file.path.get(skip..).unwrap_or_default();
            let (name, is_dir) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            let entry = entries.entry(name).or_insert_with(|| SummaryEntry {
                name: name.to_owned(),
                is_dir,
                files: 0,
                bytes: 0,
            });
            entry.files += 1;
            entry.bytes = entry.bytes.saturating_add(file.bytes);
        }
        let mut entries: Vec<_> = entries.into_values().collect();
        entries.sort_by_key(|entry| Reverse(entry.bytes));
        Summary { entries }
    }

    fn beginning_with(&self, prefix: &str) -> &[TreeFile] {
        let start = self.files.partition_point(|file| file.path.as_str() < prefix);
        let rest = self.files.get(start..).unwrap_or_default();
        let length = rest.partition_point(|file| file.path.starts_with(prefix));
        rest.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let files = [
            ("src/app/main.py", 10),
            ("src/app/a.txt", 1),
            ("src/lib.py", 2),
            ("src-old/x", 500),
            ("requirements.txt", 3),
            ("requirements-dev.txt", 4),
            ("README.md", 5),
            ("a[b]/c*d", 6),
        ];
        Tree::new(files.map(|(path, bytes)| TreeFile { path: path.to_owned(), bytes }).into(), true)
    }

    #[test]
    fn a_source_takes_what_docker_takes() {
        let tree = tree();
        let all = tree.bytes();
        for (source, bytes) in [
            (".", all),
            ("./", all),
            ("/", all),
            ("", all),
            ("*", all),
            ("..", all),
            ("src", 13),
            ("src/", 13),
            ("/src", 13),
            ("./src/../src", 13),
            ("../src", 13),
            ("src/app", 11),
            ("src/*", 13),
            ("src/*.py", 2),
            ("src/**/*.py", 10),
            ("*/app", 11),
            ("src*", 513),
            ("src?old", 500),
            ("requirements*.txt", 7),
            ("requirements.txt", 3),
            ("requirements.txt/", 3),
            ("requirement[a-s].txt", 3),
            ("requirement[^a-s].txt", 0),
            (r"a\[b]/c\*d", 6),
            ("[", 0),
            ("missing", 0),
            ("app", 0),
        ] {
            let taken: u64 = tree.matching(source).map(|file| file.bytes).sum();
            assert_eq!(taken, bytes, "{source}");
        }
    }

    #[test]
    fn folders_are_parts_and_not_prefixes() {
        let tree = tree();
        assert_eq!(tree.under("src").len(), 3);
        assert_eq!(tree.under("./src/").len(), 3);
        assert_eq!(tree.under("").len(), 8);
        assert!(tree.under("README.md").is_empty());
        assert_eq!(tree.file("./src/lib.py").map(|file| file.bytes), Some(2));
        assert_eq!(tree.file("src"), None);
    }

    #[test]
    fn the_largest_comes_first() {
        let summary = tree().summary();
        let shown: Vec<_> = summary.entries.iter().map(|e| (e.name.as_str(), e.is_dir, e.files, e.bytes)).collect();
        assert_eq!(shown.first(), Some(&("src-old", true, 1, 500)));
        assert_eq!(shown.get(1), Some(&("src", true, 3, 13)));
        assert_eq!(shown.last(), Some(&("requirements.txt", false, 1, 3)));
        let below = tree().summary_of("src");
        assert_eq!(below.entries.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["app", "lib.py"]);
    }

    #[test]
    fn sizes_that_lie_do_not_overflow() {
        let files = ["a", "b"].map(|path| TreeFile { path: path.to_owned(), bytes: u64::MAX });
        assert_eq!(Tree::new(files.into(), true).bytes(), u64::MAX);
    }
}
