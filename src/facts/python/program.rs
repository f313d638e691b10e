//! The sources that the image runs, and whether they reach a package.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::catalogue;
use crate::context::CopySource;
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
    pub sources: Vec<String>,
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
    let key = format!("{}\0{ignore_file}\0{}", facts.service.context, roots.join("\0"));
    facts.workspace.remembered_of_surroundings(&format!("program\0{key}"), || of_roots(facts, &roots, &key))
}

fn of_roots(facts: &Facts<'_>, roots: &[String], key: &str) -> Program {
    let ignore = facts.ignore();
    let mut program = Program { key: key.to_owned(), ..Program::default() };
    let (mut sources, mut texts) = (BTreeSet::new(), BTreeSet::new());
    let context = facts.service.context.as_str();
    for root in roots {
        let Some(path) = join(context, root) else { continue };
        let below = |path: &str| {
            if context.is_empty() {
                path.to_owned()
            } else {
                path.strip_prefix(context).unwrap_or(path).trim_start_matches('/').to_owned()
            }
        };
        let kept = |path: &String| !ignore.as_ref().is_some_and(|ignore| ignore.excluded(&below(path)));
        if facts.workspace.is_file(&path) {
            if has_extension(&path, &["py"]) {
                sources.insert(path)
            } else {
                texts.insert(path)
            };
            continue;
        }
        let found = facts.workspace.python_sources(&path, FILE_LIMIT);
        program.truncated |= found.len() >= FILE_LIMIT;
        sources.extend(found.into_iter().filter(|path| kept(path)));
        folder_texts(facts, &path, &mut texts);
    }
    program.truncated |= texts.len() >= TEXT_LIMIT;
    program.sources = sources.into_iter().take(FILE_LIMIT).collect();
    // To read them one by one takes long. Only while somebody types do they come again and again.
    if facts.workspace.has_unsaved() {
        let read = program.sources.iter().map(|path| facts.workspace.read(path).ok());
        program.files = read.collect::<Option<Vec<_>>>().map(Arc::new);
    }
    program.texts = texts.into_iter().filter(|path| is_text(path)).take(TEXT_LIMIT).collect();
    program
}

/// The folder in front of a glob.
fn literal(path: &str) -> String {
    let Some(source) = CopySource::parse(path) else { return String::new() };
    let parts: Vec<&str> = source.parts().iter().map_while(|part| part.literal()).collect();
    parts.join("/")
}

fn folder_texts(facts: &Facts<'_>, folder: &str, texts: &mut BTreeSet<String>) {
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut at = 0;
    while let Some((folder, depth)) = folders.get(at).cloned() {
        at += 1;
        if texts.len() >= TEXT_LIMIT || at > TEXT_LIMIT {
            return;
        }
        for entry in facts.workspace.list(&folder) {
            let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            let skipped = matches!(
                entry.name.as_str(),
                "node_modules" | ".git" | ".venv" | "venv" | "__pycache__" | ".ipynb_checkpoints"
            );
            if entry.is_dir && depth < 6 && !skipped {
                folders.push((path, depth + 1));
            } else if !entry.is_dir && is_text(&path) && is_small(facts.workspace, &path) {
                texts.insert(path);
            }
        }
    }
}

fn is_small(workspace: &Workspace, path: &str) -> bool {
    workspace.file_bytes(path).is_some_and(|bytes| bytes <= TEXT_BYTES)
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // Manifests and locks name packages because they install them.
    let manifest = name == "pyproject.toml"
        || name.contains("requirement")
        || name.contains("constraint")
        || name.ends_with("-lock.json");
    let lower = name.to_lowercase();
    let builds = lower.contains("dockerfile") || lower.contains("containerfile") || lower == "license";
    let known =
        TEXT_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) || name.starts_with(".env") || !name.contains('.');
    known && !manifest && !builds
}

impl Program {
    /// Whether the sources of a program are there, all of them: without them nobody can tell what it reaches.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.truncated && self.sources.iter().any(|path| !Self::is_aside(path) && !path.ends_with("setup.py"))
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
