//! Which configuration holds for a Dockerfile.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::text::SourceFile;
use crate::workspace::{ReadError, Workspace, WorkspaceError, join, parent};

use super::error::{ConfigError, ConfigProblem, ContextProblem, Origin};
use super::hadolint::{HADOLINT_NAMES, Hadolint};
use super::options::Options;
use super::reader;
use super::{Settings, effect};

/// The names of configurations; of several in one folder the first counts.
pub const FILE_NAMES: [&str; 3] = ["slimlint.toml", ".slimlint.toml", MANIFEST];

const MANIFEST: &str = "pyproject.toml";

/// What a file says.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    options: Options,
}

/// Something about a configuration of hadolint's that holds, to be told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file, absolute.
    pub path: PathBuf,
    /// What does not carry over, or why the file is not used.
    pub text: String,
}

impl Note {
    /// What does not carry over of the file at `path`.
    fn of(read: &Hadolint, path: &Path) -> Option<Self> {
        let left = read.left().join("; ");
        let text = format!("of this file does not carry over: {left}");
        (!left.is_empty()).then(|| Self { path: path.to_owned(), text })
    }
}

type Nearest = Result<Option<Arc<Found>>, Arc<ConfigError>>;

/// The configuration of every Dockerfile: the command line, and the nearest file upward in the same workspace.
#[derive(Debug, Default)]
pub struct Configurations {
    /// Options of the command line, the most important first.
    options: Vec<Options>,
    /// Whether files are looked for.
    isolated: bool,
    /// The file named on the command line, in the place of all others.
    file: Option<Arc<Found>>,
    /// The folder of `--context`, absolute.
    context: Option<PathBuf>,
    /// What was found below each root.
    known: FxHashMap<PathBuf, Known>,
    notes: Vec<Note>,
}

/// What was found below one root.
#[derive(Debug, Default)]
struct Known {
    /// By folder.
    nearest: FxHashMap<String, Nearest>,
    /// Configurations of hadolint's by folder.
    foreign: FxHashMap<String, Nearest>,
    /// By the file that they are of.
    settings: FxHashMap<Option<PathBuf>, Arc<Settings>>,
}

impl Configurations {
    /// With `options` in front of what files say.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options: vec![options], ..Self::default() }
    }

    /// Looks for no files.
    pub fn isolate(&mut self) {
        self.isolated = true;
    }

    /// Takes the folder, absolute and without links, for the context of every Dockerfile.
    pub fn set_context(&mut self, folder: PathBuf) {
        self.context = Some(folder);
    }

    /// Adds TOML that counts less than the options and more than files. Its paths are relative to `cwd`.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn add_inline(&mut self, text: &str, cwd: &Path) -> Result<(), ConfigError> {
        let origin = Origin::Option(format!("--config '{text}'"));
        let file = SourceFile::new("--config", text.as_bytes());
        let options = reader::read(&file, &origin, cwd, "--config", false)?;
        // Of several the last counts.
        self.options.insert(1.min(self.options.len()), options.unwrap_or_default());
        Ok(())
    }

    /// Takes the file at `path`, absolute and without links, in the place of all that would be found. Its paths are
    /// relative to `cwd`.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn set_file(&mut self, path: &Path, cwd: &Path) -> Result<(), ConfigError> {
        let origin = Origin::File(path.to_owned());
        let failed = |problem| ConfigError { origin: origin.clone(), problems: vec![(None, problem)] };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = path.parent().unwrap_or(path);
        let workspace = Workspace::open(folder).map_err(|error| {
            failed(match error {
                WorkspaceError::Root { source, .. } => ReadError::Io(Arc::new(source)).into(),
                WorkspaceError::NotADirectory(_) => ReadError::NotFound.into(),
            })
        })?;
        let file = workspace.read(&name).map_err(|error| failed(error.into()))?;
        if HADOLINT_NAMES.contains(&name.as_str()) {
            let read = Hadolint::read(&file).map_err(|problem| failed(problem.into()))?;
            self.notes.extend(Note::of(&read, path));
            self.file = Some(Arc::new(Found { path: path.to_owned(), options: read.options() }));
            return Ok(());
        }
        let source = origin.named(cwd);
        let options = reader::read(&file, &origin, cwd, &source, name == MANIFEST)?;
        let options = options.ok_or_else(|| failed(ConfigProblem::NoTable))?;
        self.file = Some(Arc::new(Found { path: path.to_owned(), options }));
        Ok(())
    }

    /// The settings of the Dockerfile at `path`.
    ///
    /// # Errors
    /// When its configuration cannot be used; the same error for all Dockerfiles that share it.
    pub fn settings(&mut self, workspace: &Workspace, path: &str) -> Result<Arc<Settings>, Arc<ConfigError>> {
        let settings = self.shared(workspace, path)?;
        if self.context.is_none()
            && let Some((place, context)) = settings.configured_context(workspace.root(), path)
            && !context.as_deref().is_some_and(|context| workspace.is_dir(context))
        {
            let problem = context.map_or(ContextProblem::Outside, ContextProblem::NoFolder);
            let problems = vec![(place.position, ConfigProblem::Context(problem))];
            return Err(Arc::new(ConfigError { origin: place.origin.clone(), problems }));
        }
        Ok(settings)
    }

    /// Whether the Dockerfile at `path` is linted: not when it is excluded, unless it was named and that is heeded. What
    /// the configuration is wrong for is kept, so that it is told.
    pub fn keeps(&mut self, workspace: &Workspace, path: &str, named: bool) -> bool {
        let settings = self.shared(workspace, path);
        settings
            .map_or(true, |settings| (named && !settings.force_exclude) || !settings.excludes(workspace.root(), path))
    }

    /// What there is to tell of configurations of hadolint's since this was last asked.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn shared(&mut self, workspace: &Workspace, path: &str) -> Result<Arc<Settings>, Arc<ConfigError>> {
        let (root, folder) = (workspace.root(), parent(path));
        let known = self.known.entry(root.to_owned()).or_default();
        let found = match &self.file {
            Some(file) => Some(Arc::clone(file)),
            None if self.isolated => None,
            None => {
                let ours = nearest(folder, &mut known.nearest, &mut |folder| in_folder(workspace, folder))?;
                let notes = &mut self.notes;
                let foreign = &mut known.foreign;
                let mut of_hadolint =
                    || nearest(folder, foreign, &mut |folder| Ok(of_hadolint(workspace, folder, notes)));
                if ours.is_some() { ours } else { of_hadolint()? }
            }
        };
        let made = known.settings.entry(found.as_ref().map(|found| found.path.clone())).or_insert_with(|| {
            let sources: Vec<&Options> =
                self.options.iter().chain(found.as_ref().map(|found| &found.options)).collect();
            let mut settings = Settings::resolve(&sources);
            settings.context = self.context.as_ref().and_then(|folder| effect::below(folder, workspace.root()));
            settings.file = found.as_ref().map(|found| found.path.clone());
            Arc::new(settings)
        });
        Ok(Arc::clone(made))
    }
}

/// The configuration of `folder`: its own, else that of the nearest folder above it.
fn nearest(
    folder: &str,
    known: &mut FxHashMap<String, Nearest>,
    in_folder: &mut impl FnMut(&str) -> Result<Option<Found>, ConfigError>,
) -> Nearest {
    if let Some(found) = known.get(folder) {
        return found.clone();
    }
    let found = match in_folder(folder) {
        Ok(Some(found)) => Ok(Some(Arc::new(found))),
        Ok(None) if folder.is_empty() => Ok(None),
        Ok(None) => nearest(parent(folder), known, in_folder),
        Err(error) => Err(Arc::new(error)),
    };
    known.insert(folder.to_owned(), found.clone());
    found
}

fn in_folder(workspace: &Workspace, folder: &str) -> Result<Option<Found>, ConfigError> {
    for name in FILE_NAMES {
        let Some(path) = join(folder, name) else { continue };
        let is_manifest = name == MANIFEST;
        let read = match workspace.read(&path) {
            Err(ReadError::NotFound) => continue,
            // Whether it holds our table is not known, and others tell what is wrong with it.
            Err(_) if is_manifest => continue,
            read => read,
        };
        let absolute = workspace.root().join(&path);
        let origin = Origin::File(absolute.clone());
        let file = match read {
            Ok(file) => file,
            Err(error) => return Err(ConfigError { origin, problems: vec![(None, error.into())] }),
        };
        let base = workspace.root().join(folder);
        if let Some(options) = reader::read(&file, &origin, &base, &path, is_manifest)? {
            return Ok(Some(Found { path: absolute, options }));
        }
    }
    Ok(None)
}

/// What hadolint's configuration in the folder says. It is another program's: what is wrong with it is a note, and it is passed over.
fn of_hadolint(workspace: &Workspace, folder: &str, notes: &mut Vec<Note>) -> Option<Found> {
    for name in HADOLINT_NAMES {
        let Some(path) = join(folder, name) else { continue };
        let read = match workspace.read(&path) {
            Err(ReadError::NotFound) => continue,
            Err(error) => Err(error.to_string()),
            Ok(file) => Hadolint::read(&file).map_err(|problem| problem.to_string()),
        };
        let absolute = workspace.root().join(&path);
        return match read {
            Ok(read) => {
                notes.extend(Note::of(&read, &absolute));
                Some(Found { path: absolute, options: read.options() })
            }
            Err(problem) => {
                notes.push(Note { path: absolute, text: format!("{problem}, and is not used") });
                None
            }
        };
    }
    None
}
