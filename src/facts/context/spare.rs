//! Large parts of a context that no row of the table knows and that nothing in it names.
//!
//! Where an ignore file is there, what it lets through is the author's choice; only what weighs much and is named by no step,
//! no program and no manifest is told. Whether a program finds it in another way is not known.

use std::sync::Arc;

use crate::context::{IgnoreFile, Tree};
use crate::workspace::Workspace;

use super::super::paths::{file_name, is_below};
use super::needs::Needs;
use super::readers::{Sources, extension, is_code, is_manifest};
use super::waste::{Survey, ignored_by, is_plain};

/// Smaller things are not worth a word.
const LARGE_BYTES: u64 = 5_000_000;
/// More are not looked for.
const MAX_SPARES: usize = 20;

/// A large folder or file that nothing names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spare {
    /// Relative to the context.
    pub path: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// What it is.
    pub kind: SpareKind,
}

/// Why something large looks as if no image needed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SpareKind {
    /// This `.gitignore` (relative to the workspace's root) keeps it out of the repository, so a build from a clone does without.
    Ignored(String),
    /// Tests.
    Tests,
    /// Documents, examples, notebooks and the like.
    Documents,
    /// A picture or film that this document (relative to the context) shows.
    Shown(String),
    /// A file of a kind that programs open by name; what it is, in words.
    File(&'static str),
}

/// Finds them among the context's own files.
pub(super) fn find(
    workspace: &Workspace,
    context: &str,
    ignore: &IgnoreFile,
    tree: &Tree,
    survey: &Survey,
    builds: &[Arc<Needs>],
) -> Vec<Spare> {
    if may_read_anything(builds) {
        return Vec::new();
    }
    let takers = builds.iter().map(Arc::as_ref).collect();
    let sources = Sources { workspace, context, tree, own: &survey.own, takers };
    let mut spares: Vec<Spare> = Vec::new();
    // What something names is needed with all that is in it.
    let mut settled: Vec<&str> = Vec::new();
    for (path, bytes, is_dir) in large(tree, survey) {
        let inside = |folder: &&str| is_below(&format!("/{path}"), &format!("/{folder}"));
        if settled.iter().any(inside) || spares.len() == MAX_SPARES || !is_plain(path) || is_input(path) {
            continue;
        }
        let ignored = || ignored_by(workspace, context, path, is_dir).map(SpareKind::Ignored);
        // `src/dsp/examples/__init__.py`: the program imports it.
        let is_package = || tree.file(&format!("{path}/__init__.py")).is_some();
        let named = by_name(path, is_dir).filter(|kind| *kind != SpareKind::Documents || !is_package());
        let kind = ignored().or(named).or_else(|| shown(&sources, path, is_dir));
        let Some(kind) = kind else { continue };
        let spare = Spare { path: path.to_owned(), bytes, kind };
        settled.push(path);
        if builds.iter().all(|build| may_lack(build, &spare))
            && !is_taken_back(ignore, path)
            && !is_named(&sources, &spare)
        {
            spares.push(spare);
        }
    }
    spares
}

/// A step that cannot be read, or takes what is not known, could read anything.
pub(super) fn may_read_anything(builds: &[Arc<Needs>]) -> bool {
    builds.iter().any(|build| build.unreadable.is_some() || build.names_unknown() || build.runs_recipes())
}

/// Folders and files from [`LARGE_BYTES`] on, folders before what is in them, with their bytes and whether they are folders.
fn large<'t>(tree: &'t Tree, survey: &Survey) -> Vec<(&'t str, u64, bool)> {
    let mut large: Vec<(&str, u64, bool)> = Vec::new();
    // Files are sorted by path, so that those of a folder follow each other.
    let mut open: Vec<(&str, u64)> = Vec::new();
    let close = |open: &mut Vec<(&'t str, u64)>, large: &mut Vec<(&'t str, u64, bool)>| {
        let Some((folder, bytes)) = open.pop() else { return };
        if let Some((_, above)) = open.last_mut() {
            *above = above.saturating_add(bytes);
        }
        if bytes >= LARGE_BYTES {
            large.push((folder, bytes, true));
        }
    };
    for file in survey.own.iter().filter_map(|&index| tree.files.get(index)) {
        let path = file.path.as_str();
        while open.last().is_some_and(|(folder, _)| !is_below(path, folder)) {
            close(&mut open, &mut large);
        }
        let known = open.last().map_or(0, |(folder, _)| folder.len() + 1);
        let rest = path.get(known..).unwrap_or_default();
        open.extend(rest.match_indices('/').filter_map(|(at, _)| Some((path.get(..known + at)?, 0))));
        if let Some((_, bytes)) = open.last_mut() {
            *bytes = bytes.saturating_add(file.bytes);
        }
        if file.bytes >= LARGE_BYTES {
            large.push((path, file.bytes, false));
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut large);
    }
    large.sort_unstable();
    large
}

/// Manifests and locks, which installers read by themselves.
pub(super) fn is_input(path: &str) -> bool {
    let name = file_name(path);
    is_manifest(name) || name.contains("lock")
}

fn by_name(path: &str, is_dir: bool) -> Option<SpareKind> {
    match file_name(path) {
        "tests" | "test" | "__tests__" | "e2e" | "cypress" if is_dir => Some(SpareKind::Tests),
        "docs" | "doc" | "examples" | "example" | "notebooks" | "benchmarks" | "screenshots" | ".github" if is_dir => {
            Some(SpareKind::Documents)
        }
        _ => None,
    }
}

/// The document that shows a picture or film, which lies where no server takes whole folders.
fn shown(sources: &Sources<'_>, path: &str, is_dir: bool) -> Option<SpareKind> {
    const PICTURES: [&str; 8] = ["gif", "png", "jpg", "jpeg", "mp4", "mov", "webm", "svg"];
    const SERVED: [&str; 8] = ["public", "static", "www", "web", "src", "app", "frontend", "templates"];
    if is_dir
        || !PICTURES.contains(&extension(path).to_lowercase().as_str())
        || path.split('/').any(|part| SERVED.contains(&part))
    {
        return None;
    }
    let name = file_name(path);
    let documents = |path: &str| matches!(extension(path), "md" | "rst");
    let shows = |_: &str, text: &str| text.contains(name).then(String::new);
    let found = sources.first(&format!("shown {name}"), documents, shows).ok()??;
    Some(SpareKind::Shown(found.0))
}

/// Whether an exception of the ignore file means it, or something in it.
pub(super) fn is_taken_back(ignore: &IgnoreFile, path: &str) -> bool {
    let exceptions = ignore.patterns.iter().filter(|pattern| pattern.exclusion);
    exceptions
        .map(|exception| exception.text.as_str())
        .any(|text| is_below(&format!("/{text}"), &format!("/{path}")) || IgnoreFile::parse(text).excluded(path))
}

/// Whether no step of a build names it or does what needs such things.
pub(super) fn may_lack(build: &Needs, spare: &Spare) -> bool {
    let name = file_name(&spare.path);
    let tests = ["test", "tests", "pytest", "check", "tox", "nox", "jest", "vitest", "mvn", "gradle"];
    let is_tested = || {
        tests.iter().any(|word| build.says(word) || build.programs.contains(*word))
            || ["mvnw", "gradlew", "ctest"].iter().any(|program| build.programs.contains(*program))
    };
    let makes_documents = || {
        let makers = ["mkdocs", "sphinx-build", "sphinx", "jupyter", "docusaurus", "vitepress", "mdbook"];
        makers.iter().any(|maker| build.says(maker) || build.programs.contains(*maker))
    };
    let needed = match spare.kind {
        SpareKind::Tests => is_tested(),
        SpareKind::Documents => makes_documents(),
        SpareKind::Ignored(_) | SpareKind::Shown(_) | SpareKind::File(_) => false,
    };
    !needed && !build.names_folder(&spare.path) && !build.says(name)
}

/// Whether a program or a manifest names it.
fn is_named(sources: &Sources<'_>, spare: &Spare) -> bool {
    let name = file_name(&spare.path);
    let tests = spare.kind == SpareKind::Tests;
    let wanted = |path: &str| {
        let inside = is_below(&format!("/{path}"), &format!("/{}", spare.path));
        !inside && (is_code(path) || (!tests && (is_manifest(file_name(path)) || is_settings(path))))
    };
    let names = |_: &str, text: &str| names_path(text, name).then(String::new);
    // Too many files to look into are no answer.
    !matches!(sources.first(&format!("named {name}"), wanted, names), Ok(None))
}

pub(super) fn is_settings(path: &str) -> bool {
    matches!(
        extension(path),
        "toml"
            | "yaml"
            | "yml"
            | "json"
            | "cfg"
            | "ini"
            | "in"
            | "sh"
            | "conf"
            | "xml"
            | "html"
            | "css"
            | "tsx"
            | "jsx"
    )
}

/// Whether a text names a file or folder: `"docs"`, `docs/`, `from docs`, but not in an address.
pub(super) fn names_path(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        let word = before.rsplit(|character: char| character.is_whitespace() || "\"'`(<".contains(character)).next();
        let joins = |character: char| character.is_alphanumeric() || "_-".contains(character);
        let is_part = before.chars().next_back().is_some_and(joins) || after.is_some_and(joins);
        let is_path = after.is_some_and(|after| "/\"'`.\\".contains(after))
            || ["from ", "import "].iter().any(|keyword| before.ends_with(keyword));
        is_path && !is_part && !word.is_some_and(|word| word.contains("://"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_by_strings_paths_and_imports() {
        for (text, expected) in [
            ("open(\"docs/a.md\")", true),
            ("app.mount('/x', StaticFiles(directory='docs'))", true),
            ("from docs import a", true),
            ("import docs.a", true),
            ("include docs/*.md", true),
            ("root = Path(__file__) / 'docs'", true),
            ("# see https://example.org/docs/a", false),
            ("[a](<https://example.org/docs/>)", false),
            ("the docs say", false),
            ("mydocs/a", false),
            ("docs_url=None", false),
            ("", false),
        ] {
            assert_eq!(names_path(text, "docs"), expected, "{text}");
        }
    }
}
