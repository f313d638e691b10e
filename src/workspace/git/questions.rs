//! What is asked of git, and how its answers are read.

use std::collections::{BTreeMap, BTreeSet};

use super::error::failed;
use super::{Git, GitError};

/// Old files larger than this are not looked into.
const MAX_OLD_BYTES: usize = 16 << 20;
/// When the others hold more than this all in all, none is looked into.
const MAX_ALL_OLD_BYTES: usize = 256 << 20;
/// What the mode of a link begins with.
const LINK: &str = "120";
/// What the mode of a submodule begins with.
const SUBMODULE: &str = "160";

/// A line of `diff-index`.
pub(super) struct Difference {
    pub(super) path: String,
    /// The old object; `None` when there was no file.
    pub(super) object: Option<String>,
    is_link: bool,
    pub(super) is_submodule: bool,
    /// Whether only the file's stamp says that it differs.
    is_open: bool,
}

impl Git<'_> {
    pub(super) fn commit(&self, revision: &str) -> Result<Option<String>, GitError> {
        let wanted = format!("{revision}^{{commit}}");
        let output = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        let object = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && is_object(&object)).then_some(object))
    }

    fn is_shallow(&self) -> bool {
        let output = self.run(&["rev-parse", "--is-shallow-repository"]);
        output.is_ok_and(|output| output.stdout.starts_with(b"true"))
    }

    pub(super) fn merge_base(&self, wanted: &str) -> Result<String, GitError> {
        let (root, revision) = (|| self.root.to_owned(), || wanted.to_owned());
        let no_commit = || GitError::NoCommit { root: root(), revision: revision() };
        let Some(commit) = self.commit(wanted)? else {
            return Err(match self.commit("HEAD")? {
                None => no_commit(),
                Some(_) => GitError::UnknownRevision { root: root(), revision: revision(), shallow: self.is_shallow() },
            });
        };
        let head = self.commit("HEAD")?.ok_or_else(no_commit)?;
        let output = self.run(&["merge-base", &commit, &head])?;
        let base = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
        if output.status.success() && is_object(&base) {
            return Ok(base);
        }
        // 1 is how it says that there is none.
        if output.status.code() == Some(1) {
            return Err(GitError::NoMergeBase { root: root(), revision: revision(), shallow: self.is_shallow() });
        }
        Err(failed("merge-base", &output))
    }

    /// What differs between the commit and the files. Renamed files are those that are gone and those that are new.
    pub(super) fn differences(&self, base: &str) -> Result<Vec<Difference>, GitError> {
        let arguments = [
            "diff-index",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            // What goes on inside of them git would ask by running there as their settings say.
            "--ignore-submodules=dirty",
            "--end-of-options",
            base,
            "--",
        ];
        let printed = self.read("diff-index", &arguments)?;
        let mut parts = printed.split(|byte| *byte == 0);
        let mut found = Vec::new();
        // `:100644 100644 OLD NEW M`, then the path.
        while let (Some(line), Some(path)) = (parts.next(), parts.next()) {
            let line = String::from_utf8_lossy(line).into_owned();
            let fields: Vec<&str> = line.trim_start_matches(':').split(' ').collect();
            let [old_mode, new_mode, old, new, status] = fields.as_slice() else {
                return Err(GitError::Failed { command: "diff-index", said: "it prints what nobody knows".to_owned() });
            };
            let is_nothing = |object: &str| object.bytes().all(|byte| byte == b'0');
            found.push(Difference {
                path: String::from_utf8_lossy(path).into_owned(),
                object: (!is_nothing(old)).then(|| (*old).to_owned()),
                is_link: old_mode.starts_with(LINK) || new_mode.starts_with(LINK),
                is_submodule: old_mode.starts_with(SUBMODULE) || new_mode.starts_with(SUBMODULE),
                is_open: *status == "M" && is_nothing(new) && old_mode == new_mode,
            });
        }
        Ok(found)
    }

    /// The paths of those files whose content is the same although their stamps differ, as in a clone that was copied. The ends of lines
    /// are those that git would keep.
    pub(super) fn unchanged(&self, differences: &[Difference]) -> BTreeSet<String> {
        let is_asked = |difference: &&Difference| {
            let is_file = || {
                let metadata = std::fs::symlink_metadata(self.root.join(&difference.path));
                metadata.is_ok_and(|metadata| metadata.is_file())
            };
            let has_plain_name =
                !difference.path.contains(['\n', '\r', '\u{fffd}']) && !difference.path.starts_with('"');
            difference.is_open && !difference.is_link && !difference.is_submodule && has_plain_name && is_file()
        };
        let asked: Vec<&Difference> = differences.iter().filter(is_asked).collect();
        if asked.is_empty() {
            return BTreeSet::new();
        }
        let paths: Vec<&str> = asked.iter().map(|difference| difference.path.as_str()).collect();
        let input = (paths.join("\n") + "\n").into_bytes();
        let Ok(printed) = self.answer("hash-object", &["hash-object", "--stdin-paths"], input) else {
            // One that cannot be read makes it stop; then all of them count as changed.
            return BTreeSet::new();
        };
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let same = asked
            .iter()
            .zip(printed.lines())
            .filter(|(difference, object)| difference.object.as_deref() == Some(object));
        same.map(|(difference, _)| difference.path.clone()).collect()
    }

    /// Files that git does not know and that are not ignored; folders, with `/` at the end, when they are repositories of their own.
    pub(super) fn untracked(&self) -> Result<Vec<String>, GitError> {
        let printed = self.read("ls-files", &["ls-files", "--others", "--exclude-standard", "-z"])?;
        let paths = printed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    /// The folders of the submodules, and of other repositories that are kept as such.
    pub(super) fn submodules(&self) -> Result<Vec<String>, GitError> {
        let printed = self.read("ls-files", &["ls-files", "--stage", "-z"])?;
        // `160000 OBJECT 0`, a tabulator, and the path.
        let entries = printed.split(|byte| *byte == 0).filter(|entry| entry.starts_with(SUBMODULE.as_bytes()));
        let path = |entry: &[u8]| {
            let at = entry.iter().position(|byte| *byte == b'\t')?;
            Some(String::from_utf8_lossy(entry.get(at + 1..)?).into_owned())
        };
        Ok(entries.filter_map(path).collect())
    }

    /// What the files held; `None` when that is more than is looked into.
    pub(super) fn old_texts(&self, differences: &[Difference]) -> Result<Option<BTreeMap<String, Vec<u8>>>, GitError> {
        let asked = differences.iter().filter(|one| !one.is_link && !one.is_submodule);
        let asked: Vec<(&str, &str)> =
            asked.filter_map(|one| Some((one.path.as_str(), one.object.as_deref()?))).collect();
        let sizes = self.objects("--batch-check", &asked)?;
        // `OBJECT blob LENGTH`, or `OBJECT missing`
        let sizes = sizes.split(|byte| *byte == b'\n').map(length_of);
        let asked: Vec<(&str, &str, usize)> = asked
            .into_iter()
            .zip(sizes)
            .filter_map(|((path, object), length)| Some((path, object, length?)))
            .filter(|(_, _, length)| *length <= MAX_OLD_BYTES)
            .collect();
        if asked.iter().map(|(_, _, length)| length).sum::<usize>() > MAX_ALL_OLD_BYTES {
            return Ok(None);
        }
        let asked: Vec<(&str, &str)> = asked.into_iter().map(|(path, object, _)| (path, object)).collect();
        let printed = self.objects("--batch", &asked)?;
        let mut rest = printed.as_slice();
        let mut texts = BTreeMap::new();
        // `OBJECT blob LENGTH`, the bytes, and the end of a line.
        for (path, _) in asked {
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
            let (line, behind) = rest.split_at(end);
            rest = behind.get(1..).unwrap_or_default();
            let Some(length) = length_of(line).filter(|length| *length < rest.len()) else { continue };
            let (text, behind) = rest.split_at(length);
            texts.insert(path.to_owned(), text.to_vec());
            rest = behind.get(1..).unwrap_or_default();
        }
        Ok(Some(texts))
    }

    /// What `git cat-file` prints of the objects of files, by path and object.
    fn objects(&self, option: &str, files: &[(&str, &str)]) -> Result<Vec<u8>, GitError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let objects: Vec<&str> = files.iter().map(|(_, object)| *object).collect();
        self.answer("cat-file", &["cat-file", option], (objects.join("\n") + "\n").into_bytes())
    }
}

/// The last word of `OBJECT blob LENGTH`.
fn length_of(line: &[u8]) -> Option<usize> {
    String::from_utf8_lossy(line).trim_end().split(' ').nth(2)?.parse().ok()
}

fn is_object(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
