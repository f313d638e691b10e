//! The file: JSON, one finding on each line, in an order that does not depend on where they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::workspace::{ReadError, Workspace};

/// The version that is written.
const VERSION: u64 = 1;

/// The findings that are known, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The folder below which it may be read and written, absolute and without links.
    root: PathBuf,
    /// Where it lies there, with `/`.
    path: String,
    /// What is in it.
    pub findings: Vec<Known>,
    /// The bytes it was read from; `None` when there is no such file yet.
    pub(super) bytes: Option<Vec<u8>>,
}

/// One finding that is known. Paths are relative to the folder of the baseline, with `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Known {
    /// The file that it is in.
    pub file: String,
    /// The rule's name.
    pub rule: String,
    /// The instruction or line that it points at, in one line; empty when it is about the file as a whole.
    pub text: String,
    /// Its number among those that are equal, from 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub nth: usize,
    /// The words in that text that are marked. They tell equal findings apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The Dockerfiles whose builds have it; none when that is `file` itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dockerfiles: Vec<String>,
}

impl Known {
    /// The Dockerfiles whose builds have it.
    pub(super) fn builds(&self) -> &[String] {
        if self.dockerfiles.is_empty() { std::slice::from_ref(&self.file) } else { &self.dockerfiles }
    }

    /// The same of these Dockerfiles.
    pub(super) fn with_builds(&self, builds: impl IntoIterator<Item = String>) -> Self {
        let builds: BTreeSet<String> = builds.into_iter().collect();
        let is_own = builds.len() == 1 && builds.contains(&self.file);
        let dockerfiles = if is_own { Vec::new() } else { builds.into_iter().collect() };
        Self { dockerfiles, ..self.clone() }
    }
}

fn first() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_first(nth: &usize) -> bool {
    *nth == 1
}

/// Why there is no baseline.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not there.
    #[error("there is no baseline `{}`; `slimlint --write-baseline={}` writes it", .0.display(), .0.display())]
    Missing(PathBuf),
    /// A configuration in a repository names one outside of it.
    #[error("the baseline `{}` lies outside the repository, where nothing is read; name it with --baseline, or move it inside", .0.display())]
    Outside(PathBuf),
    /// It is there and cannot be read.
    #[error("the baseline `{}` cannot be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// The marks of a merge are in it.
    #[error("the baseline `{}` holds the marks of a merge (`<<<<<<<`); keep the lines of both sides or of either, then run `slimlint --write-baseline={}`", .0.display(), .0.display())]
    Unmerged(PathBuf),
    /// It holds something else.
    #[error("`{}` is no baseline ({reason}); name another file; one that is damaged is deleted and written anew with `slimlint --write-baseline={}`", path.display(), path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A later slimlint wrote it.
    #[error("the baseline `{}` has version {version}, and this slimlint reads version {VERSION}; use the slimlint that wrote it, or a newer one", path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
}

impl BaselineError {
    /// The same, told of the file by another path: as people see it.
    #[must_use]
    pub fn shown_as(self, shown: impl FnOnce(&Path) -> PathBuf) -> Self {
        match self {
            Self::Missing(path) => Self::Missing(shown(&path)),
            Self::Outside(path) => Self::Outside(shown(&path)),
            Self::Unmerged(path) => Self::Unmerged(shown(&path)),
            Self::Read { path, source } => Self::Read { path: shown(&path), source },
            Self::Malformed { path, reason } => Self::Malformed { path: shown(&path), reason },
            Self::Newer { path, version } => Self::Newer { path: shown(&path), version },
        }
    }
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[expect(dead_code, reason = "read before the rest")]
    version: u64,
    findings: Vec<Known>,
}

impl Baseline {
    /// An empty one, to be written to `path` (with `/`) below the folder `root`, which is absolute and without links.
    #[must_use]
    pub fn new(root: &Path, path: &str) -> Self {
        Self { root: root.to_owned(), path: path.to_owned(), findings: Vec::new(), bytes: None }
    }

    /// Reads the file at `path` below `root`; through no link that leads out of it.
    ///
    /// # Errors
    /// When it is not there, cannot be read, holds something else, or is of a later version.
    pub fn read(root: &Path, path: &str) -> Result<Self, BaselineError> {
        let whole = root.join(path);
        let unreadable = |source| match source {
            ReadError::NotFound => BaselineError::Missing(whole.clone()),
            ReadError::OutsideRoot => BaselineError::Outside(whole.clone()),
            source => BaselineError::Read { path: whole.clone(), source },
        };
        let workspace = Workspace::open(root).map_err(|_| unreadable(ReadError::NotFound))?;
        let source = workspace.read(path).map_err(unreadable)?;
        let mut baseline = Self::new(root, path);
        baseline.findings = parse(source.text(), &whole)?;
        baseline.bytes = Some(source.bytes().to_vec());
        Ok(baseline)
    }

    /// The file, absolute.
    #[must_use]
    pub fn whole_path(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// The folder below which it may be written.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its path below [`Baseline::root`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The bytes that it was read from; `None` when it is not written yet.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// The folder that its paths are relative to.
    pub(super) fn folder(&self) -> PathBuf {
        let whole = self.whole_path();
        whole.parent().map_or_else(|| self.root.clone(), Path::to_owned)
    }

    /// The text of the file. Nothing but printable ASCII is in it, so that it cannot write to a terminal.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (index, known) in self.findings.iter().enumerate() {
            let line = serde_json::to_string(known).unwrap_or_default();
            let _ = write!(text, "{}\n    {}", if index == 0 { "" } else { "," }, ascii(&line));
        }
        text.push_str(if self.findings.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        text
    }
}

fn parse(text: &str, path: &Path) -> Result<Vec<Known>, BaselineError> {
    let path = || path.to_owned();
    let text = text.trim_start_matches('\u{feff}');
    if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
        return Err(BaselineError::Unmerged(path()));
    }
    let text = &with_commas(text);
    let malformed = |error: serde_json::Error| BaselineError::Malformed { path: path(), reason: error.to_string() };
    let Version { version } = serde_json::from_str(text).map_err(malformed)?;
    if version > VERSION {
        return Err(BaselineError::Newer { path: path(), version });
    }
    let document: Document = serde_json::from_str(text).map_err(malformed)?;
    // A merge that keeps the lines of both sides may keep one of them twice.
    let mut places: BTreeMap<Known, usize> = BTreeMap::new();
    let mut findings: Vec<Known> = Vec::new();
    for known in document.findings {
        let bare = Known { dockerfiles: Vec::new(), ..known.clone() };
        if let Some(first) = places.get(&bare).and_then(|place| findings.get_mut(*place)) {
            let builds: Vec<String> = first.builds().iter().chain(known.builds()).cloned().collect();
            *first = first.with_builds(builds);
        } else {
            places.insert(bare, findings.len());
            findings.push(known);
        }
    }
    Ok(findings)
}

/// The text with commas between the lines of findings and none behind the last, where a merge that kept the lines of both sides put them
/// together otherwise.
fn with_commas(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut mended = String::with_capacity(text.len());
    for (index, line) in lines.iter().enumerate() {
        let next = lines.iter().skip(index + 1).map(|line| line.trim_start()).find(|line| !line.is_empty());
        let next = next.and_then(|next| next.bytes().next());
        match line.strip_suffix(',') {
            Some(rest) if rest.ends_with('}') && next == Some(b']') => mended.push_str(rest),
            None if line.ends_with('}') && next == Some(b'{') => mended.extend([line, ","]),
            _ => mended.push_str(line),
        }
        mended.push('\n');
    }
    mended
}

/// JSON with nothing but ASCII in it.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}
