//! What git says has changed. The one place that starts a program.
//!
//! A repository is not trusted, and its own settings are read whenever git runs. So only plumbing is called that starts nothing by
//! itself: no hooks, no file monitor, no external diff, no filters of file contents (each that is set is emptied, and what stamps leave
//! open is hashed with `--no-filters`), nothing inside submodules, and no transport, so that a partial clone fetches nothing.

mod error;

pub use error::GitError;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use super::Workspace;
use super::definitions::may_define;
use super::paths::below;
use error::{failed, start_error};

/// Old texts larger than this are not looked into.
const MAX_OLD_BYTES: usize = 1_000_000;
/// What the mode of a link begins with.
const LINK: &str = "120";
/// What the mode of a submodule begins with.
const SUBMODULE: &str = "160";

/// Variables that would point git at another repository or make it start something. Those that only set options, by which a person
/// may trust the folder, stay.
const VARIABLES: [&str; 17] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_EXTERNAL_DIFF",
    "GIT_ICASE_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// What has changed below the root since a commit. Paths are relative to the root, with `/`.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The commit that was compared with, abbreviated.
    pub base: String,
    /// Files that differ, are gone or are new, both names of those that were renamed.
    files: BTreeSet<String>,
    /// Folders of which only as a whole it is known that they changed: submodules, repositories inside this one.
    folders: BTreeSet<String>,
    /// What files that may say how images are built said before.
    before: BTreeMap<String, Vec<u8>>,
    /// Files that are no more.
    gone: BTreeSet<String>,
}

impl Changes {
    /// For tests and for those who know what changed without git.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = String>) -> Self {
        Self { files: files.into_iter().collect(), ..Self::default() }
    }

    /// The files, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Folders in which anything may have changed.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// Whether the file at `path` may have changed.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains(path) || self.folders.iter().any(|folder| below(path, folder).is_some())
    }

    /// What a file that may say how images are built said before.
    #[must_use]
    pub fn before(&self, path: &str) -> Option<&[u8]> {
        self.before.get(path).map(Vec::as_slice)
    }
}

/// A line of `diff-index`.
struct Difference {
    path: String,
    /// The old object; `None` when there was no file.
    object: Option<String>,
    is_link: bool,
    is_submodule: bool,
    /// Whether only the file's stamp says that it differs.
    is_open: bool,
}

impl Workspace {
    /// What has changed since the merge base of `revision` and HEAD: what is committed since, staged, changed, and new without being
    /// ignored. This is what a pull request changes, whatever the other branch has got meanwhile.
    ///
    /// # Errors
    /// When there is no git, no repository at the root, no such revision, or no merge base.
    pub fn changes_since(&self, revision: &str) -> Result<Changes, GitError> {
        if revision.starts_with('-') {
            return Err(GitError::Option(revision.to_owned()));
        }
        if self.is_in_memory() {
            return Err(GitError::NotARepository(self.root.clone()));
        }
        let mut git = Git { root: &self.root, settings: Vec::new() };
        git.check_repository()?;
        git.settings = git.no_filters()?;
        let base = git.merge_base(revision)?;
        let mut changes = Changes { base: base.get(..10).unwrap_or(&base).to_owned(), ..Changes::default() };
        let mut differences = git.differences(&base)?;
        let same = git.unchanged(&differences);
        differences.retain(|difference| !same.contains(&difference.path));
        for difference in &differences {
            let kind = if difference.is_submodule { &mut changes.folders } else { &mut changes.files };
            kind.insert(difference.path.clone());
        }
        for path in git.untracked()? {
            match path.strip_suffix('/') {
                Some(folder) => changes.folders.insert(folder.to_owned()),
                None => changes.files.insert(path),
            };
        }
        changes.before = git.old_texts(&differences)?;
        let is_gone = |path: &String| std::fs::symlink_metadata(self.root.join(path)).is_err();
        changes.gone = changes.files.iter().filter(|path| is_gone(path)).cloned().collect();
        Ok(changes)
    }

    /// The files as they are, but for those that may say how images are built: these as they were. Others that are no more are there,
    /// empty, since what is there decides where the context is. What is new is there, too. `None` when that is what there is now.
    #[must_use]
    pub fn before(&self, changes: &Changes) -> Option<Self> {
        if changes.before.is_empty() && changes.gone.is_empty() {
            return None;
        }
        let before = Self::open(&self.root).ok()?;
        for path in &changes.gone {
            before.set_overlay(path, Some(Vec::new()));
        }
        for (path, bytes) in &changes.before {
            before.set_overlay(path, Some(bytes.clone()));
        }
        Some(before)
    }
}

/// Calls of git in one repository.
struct Git<'r> {
    root: &'r Path,
    /// What holds in the place of the repository's own settings, as `-c` takes it.
    settings: Vec<String>,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.root);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        // Neither a repository above the root nor one that the root's own settings point at is meant.
        if let Some(above) = self.root.parent() {
            command.env("GIT_CEILING_DIRECTORIES", above);
        }
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.env("LC_ALL", "C");
        let mut tree = OsString::from("--work-tree=");
        tree.push(self.root);
        command.args(["--no-pager", "--no-replace-objects"]).arg(tree);
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.bare=false",
            "core.quotePath=false",
            "protocol.allow=never",
            "submodule.recurse=false",
        ] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, GitError> {
        self.command(arguments).output().map_err(start_error)
    }

    /// What it prints when all is well.
    fn read(&self, name: &'static str, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.run(arguments)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(name, &output)) }
    }

    /// What it prints when it is given `input`.
    fn answer(&self, name: &'static str, arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, GitError> {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().map_err(start_error)?;
        let stdin = child.stdin.take();
        // It answers while it is asked, and a pipe holds only so much.
        let asking = thread::spawn(move || {
            // That it wants no more is seen by its answer.
            let _ = stdin.map(|mut stdin| stdin.write_all(&input));
        });
        let output = child.wait_with_output().map_err(GitError::Start)?;
        let _ = asking.join();
        if output.status.success() { Ok(output.stdout) } else { Err(failed(name, &output)) }
    }

    fn check_repository(&self) -> Result<(), GitError> {
        let output = self.run(&["rev-parse", "--git-dir"])?;
        if output.status.success() {
            return Ok(());
        }
        let error = failed("rev-parse", &output);
        // It refuses the repositories of others with a word on what to do.
        let is_none = matches!(&error, GitError::Failed { said, .. } if said.contains("not a git repository"));
        Err(if is_none { GitError::NotARepository(self.root.to_owned()) } else { error })
    }

    /// Settings that empty every filter. A file that was changed in the second in which the index was written is read and compared, and
    /// for that git would start its filter.
    fn no_filters(&self) -> Result<Vec<String>, GitError> {
        let output = self.run(&["config", "--null", "--name-only", "--get-regexp", r"^filter\."])?;
        // 1 is how it says that there is none.
        if !output.status.success() && output.status.code() != Some(1) {
            return Err(failed("config", &output));
        }
        let mut settings = Vec::new();
        for name in output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            // `-c` could not name it.
            let name = str::from_utf8(name).ok().filter(|name| !name.contains(['=', '\n']));
            let Some(name) = name else {
                let said =
                    "a filter is set up under a name that cannot be switched off; rename or remove it".to_owned();
                return Err(GitError::Failed { command: "config", said });
            };
            let value = if name.ends_with(".required") { "false" } else { "" };
            settings.push(format!("{name}={value}"));
        }
        Ok(settings)
    }

    fn commit(&self, revision: &str) -> Result<Option<String>, GitError> {
        let wanted = format!("{revision}^{{commit}}");
        let output = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        let object = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && is_object(&object)).then_some(object))
    }

    fn is_shallow(&self) -> bool {
        let output = self.run(&["rev-parse", "--is-shallow-repository"]);
        output.is_ok_and(|output| output.stdout.starts_with(b"true"))
    }

    fn merge_base(&self, revision: &str) -> Result<String, GitError> {
        let Some(commit) = self.commit(revision)? else {
            return Err(match self.commit("HEAD")? {
                None => GitError::NoCommit(revision.to_owned()),
                Some(_) => GitError::UnknownRevision { revision: revision.to_owned(), shallow: self.is_shallow() },
            });
        };
        let head = self.commit("HEAD")?.ok_or_else(|| GitError::NoCommit(revision.to_owned()))?;
        let output = self.run(&["merge-base", &commit, &head])?;
        let base = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
        if output.status.success() && is_object(&base) {
            return Ok(base);
        }
        // 1 is how it says that there is none.
        if output.status.code() == Some(1) {
            return Err(GitError::NoMergeBase { revision: revision.to_owned(), shallow: self.is_shallow() });
        }
        Err(failed("merge-base", &output))
    }

    /// What differs between the commit and the files. Renamed files are those that are gone and those that are new.
    fn differences(&self, base: &str) -> Result<Vec<Difference>, GitError> {
        let arguments = [
            "diff-index",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            // What goes on inside of them git would ask by running there.
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

    /// The paths of those files whose content is the same although their stamps differ, as in a clone that was copied.
    fn unchanged(&self, differences: &[Difference]) -> BTreeSet<String> {
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
        let Ok(printed) = self.answer("hash-object", &["hash-object", "--no-filters", "--stdin-paths"], input) else {
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
    fn untracked(&self) -> Result<Vec<String>, GitError> {
        let printed = self.read("ls-files", &["ls-files", "--others", "--exclude-standard", "-z"])?;
        let paths = printed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    /// What those of the files said that may say how images are built.
    fn old_texts(&self, differences: &[Difference]) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        let asked = differences.iter().filter(|one| !one.is_link && !one.is_submodule && may_define(&one.path));
        let asked: Vec<(&str, &str)> =
            asked.filter_map(|one| Some((one.path.as_str(), one.object.as_deref()?))).collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let objects: Vec<&str> = asked.iter().map(|(_, object)| *object).collect();
        let input = (objects.join("\n") + "\n").into_bytes();
        let printed = self.answer("cat-file", &["cat-file", "--batch"], input)?;
        let mut rest = printed.as_slice();
        let mut texts = BTreeMap::new();
        // `OBJECT blob LENGTH`, the bytes, and the end of a line.
        for (path, _) in asked {
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
            let (line, behind) = rest.split_at(end + 1);
            let line = String::from_utf8_lossy(line).into_owned();
            rest = behind;
            let length = line.trim_end().split(' ').nth(2).and_then(|length| length.parse::<usize>().ok());
            // `OBJECT missing`
            let Some(length) = length.filter(|length| *length < rest.len()) else { continue };
            let (text, behind) = rest.split_at(length);
            if length <= MAX_OLD_BYTES {
                texts.insert(path.to_owned(), text.to_vec());
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        Ok(texts)
    }
}

fn is_object(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
