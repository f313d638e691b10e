//! The sources that the image runs, and whether they reach a package.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::catalogue;
use crate::context::{CopySource, IgnoreFile};
use crate::facts::{Facts, transfer};
use crate::python::imports::Imports;
use crate::text::SourceFile;
use crate::workspace::{Workspace, join};

use super::has_extension;
use super::sieve::Words;

/// Python files beyond these are not read.
const FILE_LIMIT: usize = 6_000;
/// Sources that one core looks at before all do.
const FEW: usize = 48;
/// Other text files beyond these are not read.
const TEXT_LIMIT: usize = 600;
/// A text file is read only up to this size.
const TEXT_BYTES: u64 = 512_000;
/// Suffixes of files that can name a backend or start a program.
const TEXT_SUFFIXES: [&str; 14] = [
    ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf", ".sh", ".env", ".toml", ".bash", ".service", ".ipynb", ".txt",
    ".xml",
];
/// Folders whose sources a service does not run.
const ASIDE: [&str; 12] = [
    "tests",
    "test",
    "testing",
    "benchmarks",
    "benchmark",
    "examples",
    "example",
    "docs",
    "notebooks",
    "training",
    "scripts",
    "tools",
];

/// The files of the context that the build takes.
#[derive(Debug, Default)]
pub struct Program {
    /// Python sources.
    pub sources: Arc<Vec<String>>,
    /// Other files that may name what is used.
    pub texts: Vec<String>,
    /// Whether there were more than are read.
    pub truncated: bool,
    /// What all of it follows from, but for the files themselves.
    key: String,
    /// The sources as they were read, while a text is unsaved; `None` where one cannot be.
    files: Option<Arc<Vec<Arc<SourceFile>>>>,
}

/// How a package is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reached {
    /// The file.
    pub file: String,
    /// What in it speaks for the package.
    pub by: String,
}

pub(super) fn collect(facts: &Facts<'_>) -> Arc<Program> {
    let mut roots: BTreeSet<String> = BTreeSet::new();
    for stage in &facts.stages {
        let copied = stage.transfers.iter().filter(|transfer| transfer.source == transfer::Source::Context);
        let paths = copied.flat_map(|transfer| &transfer.paths).filter_map(|(path, _)| path.known());
        let mounts =
            stage.runs.iter().flat_map(|run| &run.mounts).filter(|mount| mount.kind == "bind" && mount.from.is_none());
        let mounted = mounts.filter_map(|mount| mount.source.as_ref().map_or(Some(""), |source| source.known()));
        roots.extend(paths.chain(mounted).filter(|path| !path.contains("://")).map(literal));
    }
    let roots: Vec<String> = roots.into_iter().collect();
    let ignore_file = facts.service.ignore_file.as_deref().unwrap_or_default();
    let key = format!("{}\0{ignore_file}\0{}", facts.service.context, each_in_key(&roots));
    facts.workspace.remembered_of_surroundings(&format!("program\0{key}"), || of_roots(facts, &roots, &key))
}

/// Names as a part of a key. None at all is not the same as the name of the root, which is empty.
pub(in crate::facts) fn each_in_key<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    let mut key = String::new();
    for name in names {
        key.push_str(name.as_ref());
        key.push('\0');
    }
    key
}

fn of_roots(facts: &Facts<'_>, roots: &[String], key: &str) -> Program {
    let (workspace, context) = (facts.workspace, facts.service.context.as_str());
    let ignore = facts.ignore();
    let patterns = ignore.as_deref().map(IgnoreFile::fingerprint).unwrap_or_default();
    let listed = workspace.remembered_of_names(&format!("listed\0{key}"), || {
        let paths = roots.iter().filter_map(|root| join(context, root));
        paths.map(|path| Listed::of(workspace, path)).collect::<Vec<Listed>>()
    });
    let sources = workspace.remembered_of_names(&format!("sources\0{key}\0\0{patterns}"), || {
        Sources::of(&listed, context, ignore.as_deref())
    });
    let texts = texts(workspace, &listed);
    Program {
        sources: Arc::clone(&sources.paths),
        truncated: sources.truncated || texts.len() >= TEXT_LIMIT,
        texts: texts.into_iter().filter(|path| is_text(path)).take(TEXT_LIMIT).collect(),
        key: key.to_owned(),
        files: sources.files_now(workspace),
    }
}

/// What names of files tell of what is copied from one place of the context.
enum Listed {
    /// A file.
    File(String, Option<Arc<SourceFile>>),
    /// A folder.
    Folder {
        /// The Python sources in it.
        sources: Arc<Vec<String>>,
        /// These as they were read then, while a text is unsaved: to read them one by one takes long, and only while somebody types do they
        /// come again and again.
        files: Vec<Option<Arc<SourceFile>>>,
        /// By folder, files that may name something, were they small.
        texts: Vec<Vec<String>>,
    },
}

impl Listed {
    fn of(workspace: &Workspace, path: String) -> Self {
        let is_typed = workspace.has_unsaved();
        let read = |path: &String| workspace.read(path).ok().filter(|_| is_typed);
        if workspace.is_file(&path) {
            let file = read(&path);
            return Self::File(path, file);
        }
        let sources = workspace.python_sources(&path, FILE_LIMIT);
        let files = if is_typed { sources.iter().map(read).collect() } else { Vec::new() };
        Self::Folder { sources, files, texts: folder_texts(workspace, path) }
    }

    fn is_source(path: &str) -> bool {
        has_extension(path, &["py"])
    }
}

/// By folder, the files at and below `folder` that may name something.
fn folder_texts(workspace: &Workspace, folder: String) -> Vec<Vec<String>> {
    const SKIPPED: [&str; 6] = ["node_modules", ".git", ".venv", "venv", "__pycache__", ".ipynb_checkpoints"];
    let mut texts = Vec::new();
    let mut folders = vec![(folder, 0)];
    while let Some((folder, depth)) = folders.get(texts.len()).cloned().filter(|_| texts.len() < TEXT_LIMIT) {
        let path = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let mut here = Vec::new();
        for entry in workspace.list(&folder) {
            if entry.is_dir && depth < 6 && !SKIPPED.contains(&entry.name.as_str()) {
                folders.push((path(&entry.name), depth + 1));
            } else if !entry.is_dir && is_text(&entry.name) {
                here.push(path(&entry.name));
            }
        }
        texts.push(here);
    }
    texts
}

/// Those that are small, as long as there are not too many.
fn texts(workspace: &Workspace, listed: &[Listed]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for listed in listed {
        match listed {
            Listed::File(path, _) if Listed::is_source(path) => {}
            Listed::File(path, _) => {
                found.insert(path.clone());
            }
            Listed::Folder { texts, .. } => {
                for texts in texts {
                    if found.len() < TEXT_LIMIT {
                        found.extend(texts.iter().filter(|path| is_small(workspace, path)).cloned());
                    }
                }
            }
        }
    }
    found
}

/// The Python sources that an ignore file leaves of what is copied.
struct Sources {
    /// Sorted.
    paths: Arc<Vec<String>>,
    /// As they were read when they were listed, if they were.
    files: Option<Arc<Vec<Arc<SourceFile>>>>,
    truncated: bool,
}

impl Sources {
    fn of(listed: &[Listed], context: &str, ignore: Option<&IgnoreFile>) -> Self {
        let mut found: Vec<(&String, Option<&Arc<SourceFile>>)> = Vec::new();
        let mut truncated = false;
        for listed in listed {
            match listed {
                Listed::File(path, file) => found.extend(Listed::is_source(path).then_some((path, file.as_ref()))),
                Listed::Folder { sources, files, .. } => {
                    truncated |= sources.len() >= FILE_LIMIT;
                    let mut ignore = ignore.map(IgnoreFile::in_turn);
                    for (place, path) in sources.iter().enumerate() {
                        let below = path.strip_prefix(context).unwrap_or(path).trim_start_matches('/');
                        if !ignore.as_mut().is_some_and(|ignore| ignore.excluded(below)) {
                            found.push((path, files.get(place).and_then(Option::as_ref)));
                        }
                    }
                }
            }
        }
        found.sort_by_key(|(path, _)| *path);
        found.dedup_by_key(|(path, _)| *path);
        found.truncate(FILE_LIMIT);
        let files = found.iter().map(|(_, file)| file.cloned()).collect::<Option<Vec<_>>>();
        let files = files.filter(|files| !files.is_empty());
        let paths = found.into_iter().map(|(path, _)| path.clone()).collect();
        Self { paths: Arc::new(paths), files: files.map(Arc::new), truncated }
    }

    /// The sources as they are read now; `None` where nothing was unsaved, or one cannot be read.
    fn files_now(&self, workspace: &Workspace) -> Option<Arc<Vec<Arc<SourceFile>>>> {
        let mut files = Arc::clone(self.files.as_ref()?);
        for unsaved in workspace.unsaved() {
            let place = self.paths.binary_search_by(|path| path.as_str().cmp(unsaved.path()));
            if let Ok(place) = place
                && files.get(place).is_some_and(|known| !Arc::ptr_eq(known, &unsaved))
                && let Some(file) = Arc::make_mut(&mut files).get_mut(place)
            {
                *file = unsaved;
            }
        }
        Some(files)
    }
}

/// The folder in front of a glob.
fn literal(path: &str) -> String {
    let Some(source) = CopySource::parse(path) else { return String::new() };
    let parts: Vec<&str> = source.parts().iter().map_while(|part| part.literal()).collect();
    parts.join("/")
}

fn is_small(workspace: &Workspace, path: &str) -> bool {
    workspace.file_bytes(path).is_some_and(|bytes| bytes <= TEXT_BYTES)
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known =
        TEXT_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) || name.starts_with(".env") || !name.contains('.');
    if !known {
        return false;
    }
    // Manifests and locks name packages because they install them.
    let manifest = name == "pyproject.toml"
        || name.contains("requirement")
        || name.contains("constraint")
        || name.ends_with("-lock.json");
    let lower = name.to_lowercase();
    let builds = lower.contains("dockerfile") || lower.contains("containerfile") || lower == "license";
    !manifest && !builds
}

impl Program {
    /// Whether the sources of a program are there, all of them: without them nobody can tell what it reaches.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.truncated && self.sources.iter().any(|path| !Self::is_aside(path) && !path.ends_with("setup.py"))
    }

    /// The sources and `others` as they were read, while a text is unsaved; `None` where one cannot be.
    pub(super) fn files_and(&self, workspace: &Workspace, others: &[&String]) -> Option<Arc<Vec<Arc<SourceFile>>>> {
        let own = self.files.as_ref()?;
        if others.is_empty() {
            return Some(Arc::clone(own));
        }
        let others = others.iter().map(|path| workspace.read(path).ok());
        own.iter().map(|file| Some(Arc::clone(file))).chain(others).collect::<Option<Vec<_>>>().map(Arc::new)
    }

    /// Whether all sources were read already.
    pub(super) fn is_read(&self) -> bool {
        self.files.is_some()
    }

    /// Whether a source belongs to what the service runs, rather than to tests, examples or documentation.
    #[must_use]
    pub fn is_aside(path: &str) -> bool {
        path.split('/').any(|part| {
            if part.is_ascii() {
                ASIDE.iter().any(|aside| aside.eq_ignore_ascii_case(part))
            } else {
                ASIDE.contains(&part.to_lowercase().as_str())
            }
        })
    }
}

impl Facts<'_> {
    /// What the Python source at `path` imports and names.
    pub(in crate::facts) fn imports_of(&self, path: &str) -> Option<Arc<Imports>> {
        self.workspace.imports(path).ok()
    }

    /// What `look` finds first in the sources of the program, in their order.
    pub(in crate::facts) fn first_in_sources<T: Send>(&self, look: impl Fn(&String) -> Option<T> + Sync) -> Option<T> {
        let (first, rest) = self.few_and_many_sources();
        first.iter().find_map(&look).or_else(|| rest.par_iter().find_map_first(&look))
    }

    /// What `look` finds in the sources of the program, in their order.
    pub(in crate::facts) fn all_in_sources<T: Send>(&self, look: impl Fn(&String) -> Option<T> + Sync) -> Vec<T> {
        let (first, rest) = self.few_and_many_sources();
        let mut found: Vec<T> = first.iter().filter_map(&look).collect();
        found.par_extend(rest.par_iter().filter_map(&look));
        found
    }

    /// Those that one core looks at, and those that are worth more.
    fn few_and_many_sources(&self) -> (&[String], &[String]) {
        let sources = &self.program().sources;
        sources.split_at_checked(FEW).unwrap_or((sources, &[]))
    }

    /// How many sources the program has, tests and the like left out.
    #[must_use]
    pub fn own_sources(&self) -> usize {
        let sources = &self.program().sources;
        *self.of_sources("own sources", || sources.iter().filter(|path| !Program::is_aside(path)).count())
    }

    /// What the Python source at `path` imports and names, where its text holds one of `words`.
    pub(super) fn imports_of_speaking(&self, path: &str, words: &Words<'_>) -> Option<Arc<Imports>> {
        // To scan takes long, and most sources hold none.
        let file = self.workspace.read(path).ok()?;
        words.are_in(file.text()).then(|| self.imports_of(path)).flatten()
    }

    /// The answer to a question about the files of the program, whose key says all else that it depends on. It is kept for as long as
    /// nothing but texts of Dockerfiles changes.
    pub(in crate::facts) fn of_program<T: Send + Sync + 'static>(
        &self,
        question: &str,
        answer: impl Fn() -> T,
    ) -> Arc<T> {
        self.workspace.remembered_of_surroundings(&format!("{question}\0\0{}", self.program().key), answer)
    }

    /// The answer to a question about nothing but the texts of the program's sources, in their order. While manifests and ignore files are
    /// typed, these stay.
    pub(in crate::facts) fn of_sources<T: Send + Sync + 'static>(
        &self,
        question: &str,
        answer: impl Fn() -> T,
    ) -> Arc<T> {
        let program = self.program();
        match &program.files {
            Some(files) => self.workspace.remembered_of_files(&format!("{question}\0\0{}", program.key), files, answer),
            None => self.of_program(question, answer),
        }
    }

    /// How the program reaches `package`: an import, however lazy, a string or identifier that names it or one of the catalogue's
    /// hints for it, a configuration file, a command. `None` when nothing does.
    #[must_use]
    pub fn reach_of(&self, package: &str) -> Option<Reached> {
        let modules = catalogue::import_names(package);
        let mut words: Vec<String> = catalogue::hints(package).iter().map(|hint| hint.to_lowercase()).collect();
        words.push(package.to_lowercase());
        words.push(package.replace('-', "_").to_lowercase());
        words.extend(modules.iter().map(|module| module.to_lowercase()));
        self.reach(&modules, words)
    }

    /// How the program names one of `hints`.
    #[must_use]
    pub fn reach_of_hints(&self, hints: &[&str]) -> Option<Reached> {
        let words = hints.iter().map(|hint| hint.to_lowercase()).collect();
        self.reach::<&str>(&[], words)
    }

    /// Whether a source of the program uses what takes in whatever it is given, and so all that a bundle of extras brings.
    #[must_use]
    pub fn takes_in_anything(&self, bundle: &catalogue::Package) -> bool {
        let (modules, names): (Vec<&str>, Vec<&str>) =
            bundle.whole.iter().copied().partition(|word| word.contains('.'));
        let imports = |path: &str| {
            let imports = self.imports_of(path);
            imports.is_some_and(|imports| modules.iter().any(|module| imports.reaches(module)))
        };
        let imported = || {
            let places = self.imported_words().may_import(&modules).into_iter();
            let sources = places.filter_map(|place| self.program().sources.get(place));
            sources.into_iter().any(|path| !Program::is_aside(path) && imports(path))
        };
        !bundle.whole.is_empty() && (imported() || self.use_of(&names).is_some())
    }

    /// Where a source of the program, tests and the like left out, has one of `words` as an identifier or a whole string.
    #[must_use]
    pub fn use_of(&self, words: &[&str]) -> Option<Reached> {
        let found = self.of_sources(&format!("use\0{}", words.join("\0")), || self.find_use(words));
        (*found).clone()
    }

    fn find_use(&self, words: &[&str]) -> Option<Reached> {
        let spelled = Words::of(words);
        self.first_in_sources(|path| {
            let imports = self.imports_of_speaking(path, &spelled).filter(|_| !Program::is_aside(path))?;
            let has = |names: &[String], word: &str| names.binary_search_by(|name| name.as_str().cmp(word)).is_ok();
            let holds = |word: &&&str| has(&imports.identifiers, word) || has(&imports.strings, word);
            let word = words.iter().find(holds)?;
            Some(Reached { file: path.clone(), by: (*word).to_owned() })
        })
    }

    /// The first source of the program, tests and the like left out, that imports `package`.
    #[must_use]
    pub fn importer_of(&self, package: &str) -> Option<&str> {
        self.importers_of(package).find(|path| !Program::is_aside(path))
    }

    /// The sources of the program, tests and the like left out, that import `package`.
    #[must_use]
    pub fn all_importers_of(&self, package: &str) -> Vec<&str> {
        self.importers_of(package).filter(|path| !Program::is_aside(path)).collect()
    }

    /// Whether any source of the program imports `package`.
    #[must_use]
    pub fn imports(&self, package: &str) -> bool {
        self.importers_of(package).next().is_some()
    }

    fn importers_of(&self, package: &str) -> impl Iterator<Item = &str> {
        let modules = catalogue::import_names(package);
        let places = self.imported_words().may_import(&modules);
        let sources = places.into_iter().filter_map(|place| self.program().sources.get(place));
        sources.map(String::as_str).filter(move |path| {
            let imports = self.imports_of(path);
            imports.is_some_and(|imports| modules.iter().any(|module| imports.reaches(module)))
        })
    }

    /// Whether a source of the program, tests and the like left out, imports `package` as soon as it is loaded, rather than inside
    /// a function or behind a condition.
    #[must_use]
    pub fn is_loaded_at_once(&self, package: &str) -> bool {
        let modules = catalogue::import_names(package);
        let mut sources = self.program().sources.iter().filter(|path| !Program::is_aside(path));
        sources.any(|path| {
            let reached =
                self.imports_of(path).is_some_and(|imports| modules.iter().any(|module| imports.reaches(module)));
            reached
                && self
                    .workspace
                    .read(path)
                    .is_ok_and(|file| modules.iter().any(|module| crate::python::imports::loads(file.text(), module)))
        })
    }

    fn reach<M: AsRef<str>>(&self, modules: &[M], mut words: Vec<String>) -> Option<Reached> {
        words.retain(|word| word.len() >= 2);
        let modules: Vec<&str> = modules.iter().map(AsRef::as_ref).collect();
        let folder = crate::workspace::parent(&self.service.dockerfile);
        let question = format!("reach\0{folder}\0{}\0\0{}", modules.join("\0"), words.join("\0"));
        let found = self.of_program(&question, || self.reach_in_files(&modules, &words));
        let entry_points = || {
            let mut named = self
                .entry_points()
                .into_iter()
                .filter_map(|(file, text)| Some((file, find_word(&text.to_lowercase(), &words)?)));
            named.next().map(|(file, by)| Reached { file, by })
        };
        (*found).clone().or_else(entry_points).or_else(|| self.reach_in_dockerfile(&words))
    }

    fn reach_in_files(&self, modules: &[&str], words: &[String]) -> Option<Reached> {
        let program = self.program();
        let in_source = |path: &String| {
            let imports = self.imports_of(path)?;
            let module = modules.iter().find(|module| imports.reaches(module)).map(|module| format!("import {module}"));
            let mut names = imports.strings.iter().chain(&imports.identifiers).chain(&imports.modules);
            let by = module.or_else(|| names.find(|name| names_one(name, words)).cloned())?;
            Some(Reached { file: path.clone(), by })
        };
        let question = format!("reach in sources\0{}\0\0{}", modules.join("\0"), words.join("\0"));
        let found = self.of_sources(&question, || self.first_in_sources(in_source));
        if found.is_some() {
            return (*found).clone();
        }
        for path in program.texts.iter().cloned().chain(self.deployment_files()) {
            let Ok(file) = self.workspace.read(&path) else { continue };
            if let Some(word) = find_word(&file.text().to_lowercase(), words) {
                return Some(Reached { file: path, by: word });
            }
        }
        None
    }

    /// Compose files and examples of environment files: what they set is read when the image runs.
    pub(super) fn deployment_files(&self) -> impl Iterator<Item = String> + '_ {
        let folders: BTreeSet<&str> =
            [self.service.context.as_str(), crate::workspace::parent(&self.service.dockerfile), ""].into();
        folders.into_iter().flat_map(|folder| {
            let entries = self.workspace.list(folder);
            let wanted = entries.into_iter().filter(|entry| {
                let name = entry.name.to_lowercase();
                !entry.is_dir
                    && (name.contains("compose") || name.starts_with(".env") || has_extension(&name, &["env"]))
            });
            wanted
                .map(|entry| if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) })
                .filter(|path| is_small(self.workspace, path))
                .collect::<Vec<_>>()
        })
    }

    /// Commands and variables of the Dockerfile; what it installs is no use of it.
    fn reach_in_dockerfile(&self, words: &[String]) -> Option<Reached> {
        use crate::dockerfile::Keyword;
        let speaking = self.dockerfile.instructions.iter().filter(|instruction| {
            matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Env | Keyword::Healthcheck)
        });
        let mut texts: Vec<String> = speaking.map(|instruction| instruction.body.text().to_lowercase()).collect();
        let invocations = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        // `RUN python -c "from sentence_transformers import …"` fetches a model.
        texts.extend(
            invocations
                .filter(|invocation| invocation.program == "python" || !is_installer(&invocation.program))
                .flat_map(|invocation| {
                    invocation.arguments.iter().map(|argument| argument.value.text().to_lowercase())
                }),
        );
        texts
            .iter()
            .find_map(|text| find_word(text, words))
            .map(|by| Reached { file: self.source.path().to_owned(), by })
    }
}

pub(super) fn is_installer(program: &str) -> bool {
    matches!(
        program,
        "pip"
            | "uv"
            | "poetry"
            | "pipenv"
            | "pdm"
            | "conda"
            | "mamba"
            | "apt-get"
            | "apt"
            | "apk"
            | "sed"
            | "grep"
            | "rm"
            | "echo"
    )
}

/// Whether a name from a source holds one of the words.
fn names_one(name: &str, words: &[String]) -> bool {
    let name = name.to_lowercase();
    words.iter().any(|word| name == *word || (word.len() > 2 && name.contains(word.as_str())))
}

fn find_word(text: &str, words: &[String]) -> Option<String> {
    words.iter().filter(|word| word.len() > 2).find(|word| text.contains(word.as_str())).cloned()
}
