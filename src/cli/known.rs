//! `--baseline` and `--write-baseline`: which baseline holds for which Dockerfile, and what comes of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::config::{PathSettings, SettingsFor as _};
use crate::fix;
use crate::lint::baseline::{Baseline, BaselineCounts, BaselineError, Baselines, Sighting};
use crate::lint::{Report, Sizes, lint_watched};
use crate::output::{counted, shown_path};
use crate::workspace::{Workspace, is_no_more};

use super::args::Check;
use super::run::Task;
use super::{Status, Terminal};

/// What `--write-baseline` writes where neither it nor a configuration names a file.
const DEFAULT_NAME: &str = "slimlint-baseline.json";

/// The folder below which a baseline may lie, and its path there.
type Place = (PathBuf, String);

/// What is known of the Dockerfiles of a run.
#[derive(Default)]
pub(super) struct Gate {
    baselines: Baselines,
    /// Indexes of baselines, by root and Dockerfile.
    of: HashMap<PathBuf, HashMap<String, usize>>,
    /// By root; of several reports on one the last counts.
    sightings: RefCell<BTreeMap<PathBuf, Sighting>>,
    /// By root, those of the first reports.
    earlier: RefCell<BTreeMap<PathBuf, Sighting>>,
    writes: bool,
    /// Of which images the results tell the sizes.
    sizes: Sizes,
}

impl Gate {
    /// Reads the baselines that the command line and the configurations name; what is wrong with them is told.
    pub(super) fn open(tasks: &[Task], arguments: &Check, terminal: &mut Terminal<'_>) -> Result<Self, Status> {
        let services = tasks.iter().map(|(_, paths, _)| paths.len()).sum();
        let writes = arguments.write_baseline.is_some();
        let mut gate = Self { writes, sizes: arguments.sizes(services), ..Self::default() };
        if arguments.no_baseline {
            return Ok(gate);
        }
        let cwd = terminal.cwd.clone();
        let named = arguments.baseline.as_ref().or(arguments.write_baseline.as_ref().and_then(Option::as_ref));
        let named = named.map(|path| beside(path, &cwd)).transpose();
        let option = if gate.writes { "--write-baseline" } else { "--baseline" };
        let named = named.map_err(|message| terminal.error(&format!("{option} {message}")))?;
        let mut places: Vec<Place> = Vec::new();
        for (workspace, paths, settings) in tasks {
            for path in paths {
                let place = match &named {
                    Some(place) => Some(place.clone()),
                    None => configured(workspace, path, settings).map_err(|error| tell(error, terminal))?,
                };
                let place = match place {
                    None if gate.writes => Some(default_place(&cwd, terminal)?),
                    place => place,
                };
                let Some(place) = place else { continue };
                let index = places.iter().position(|known| *known == place).unwrap_or_else(|| {
                    places.push(place);
                    places.len() - 1
                });
                gate.of.entry(workspace.root().to_owned()).or_default().insert(path.clone(), index);
            }
        }
        // So that what is no more goes even where nothing is left to be linted.
        if gate.writes && named.is_none() && places.is_empty() && cwd.join(DEFAULT_NAME).exists() {
            places.push(default_place(&cwd, terminal)?);
        }
        // One that was named is read even where nothing is linted, so that a wrong name is told.
        if let Some(place) = named.filter(|_| places.is_empty()) {
            places.push(place);
        }
        for (root, path) in &places {
            match Baseline::read(root, path) {
                Ok(baseline) => gate.baselines.all.push(baseline),
                Err(BaselineError::Missing(_)) if gate.writes => gate.baselines.all.push(Baseline::new(root, path)),
                Err(error) => return Err(tell(error, terminal)),
            }
        }
        Ok(gate)
    }

    /// [`Gate::lint_watched`] that nobody watches.
    pub(super) fn lint(&self, workspace: &Workspace, paths: &[String], settings: &PathSettings) -> Report {
        self.lint_watched(workspace, paths, settings, &|| {})
    }

    /// Lints, less what is known. After the first time in a root it is fixes that changed the texts there.
    pub(super) fn lint_watched(
        &self,
        workspace: &Workspace,
        paths: &[String],
        settings: &PathSettings,
        watch: &(dyn Fn() + Sync),
    ) -> Report {
        let mut report = lint_watched(workspace, paths, settings, self.sizes, watch);
        let earlier = self.earlier.borrow().get(workspace.root()).cloned();
        if let Some(sighting) = self.hide(workspace, &mut report, settings, earlier.as_ref()) {
            let root = workspace.root().to_owned();
            self.sightings.borrow_mut().insert(root.clone(), sighting.clone());
            self.earlier.borrow_mut().entry(root).or_insert(sighting);
        }
        report
    }

    fn hide(
        &self,
        workspace: &Workspace,
        report: &mut Report,
        settings: &PathSettings,
        earlier: Option<&Sighting>,
    ) -> Option<Sighting> {
        let of = |path: &str| {
            let baselines = self.of.get(workspace.root())?;
            baselines.get(path).copied()
        };
        let is_any = !self.baselines.all.is_empty();
        is_any.then(|| self.baselines.hide(workspace, report, settings, of, earlier))
    }

    /// Writes the baselines when that is asked for, and tells how the run stands to them.
    pub(super) fn close(
        mut self,
        reports: &mut [(Workspace, Report)],
        settings: &[PathSettings],
        arguments: &Check,
        terminal: &mut Terminal<'_>,
    ) -> (Option<BaselineCounts>, Status) {
        if self.baselines.all.is_empty() {
            return (None, Status::Clean);
        }
        let mut counts = self.counts(arguments, terminal);
        if self.writes {
            let status = self.write(arguments, terminal);
            if status > Status::Clean {
                return (Some(counts), status);
            }
            for ((workspace, report), settings) in reports.iter_mut().zip(settings) {
                self.hide(workspace, report, settings, None);
            }
            let left = reports.iter().map(|(_, report)| report.known.len()).sum();
            counts = BaselineCounts { new: 0, fixed: 0, left };
            return (Some(counts), Status::Clean);
        }
        let BaselineCounts { new, fixed, left } = counts;
        terminal.note(&format!("baseline: {new} new, {fixed} fixed, {left} left"));
        let rewritten: usize = self.sightings.borrow().values().map(|sighting| sighting.rewritten).sum();
        if rewritten > 0 && arguments.writes() {
            terminal.note(&format!(
                "{} known stood in instructions that were just changed; `slimlint --write-baseline` writes them down anew",
                counted(rewritten, "finding")
            ));
        }
        (Some(counts), Status::Clean)
    }

    fn counts(&self, arguments: &Check, terminal: &Terminal<'_>) -> BaselineCounts {
        let sightings: Vec<Sighting> = self.sightings.borrow().values().cloned().collect();
        self.baselines.counts(&sightings, is_gone(arguments, &terminal.cwd))
    }

    fn write(&mut self, arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
        let sightings: Vec<Sighting> = self.sightings.borrow().values().cloned().collect();
        let counts = self.counts(arguments, terminal);
        let renewed = self.baselines.renewed(&sightings, is_gone(arguments, &terminal.cwd));
        for baseline in &renewed {
            let text = baseline.print();
            if let Err(error) = fix::write_file(baseline.root(), baseline.path(), baseline.bytes(), text.as_bytes()) {
                return terminal.error(&error.to_string());
            }
            let path = shown_path(baseline.root(), baseline.path(), &terminal.cwd);
            let findings = counted(baseline.findings.len(), "finding");
            terminal.note(&format!("`{path}` holds {findings}"));
        }
        terminal.note(&format!("baseline: {} added, {} removed, {} as before", counts.new, counts.fixed, counts.left));
        self.baselines.all = renewed;
        Status::Clean
    }
}

/// Where a baseline is written that nothing names.
fn default_place(cwd: &Path, terminal: &mut Terminal<'_>) -> Result<Place, Status> {
    beside(Path::new(DEFAULT_NAME), cwd).map_err(|message| terminal.error(&format!("--write-baseline {message}")))
}

fn tell(error: BaselineError, terminal: &mut Terminal<'_>) -> Status {
    let cwd = terminal.cwd.clone();
    terminal.error(&error.shown_as(|path| shown_path(path, "", &cwd).into()).to_string())
}

/// The baseline that the configuration names for a Dockerfile; below the root when a file of the repository says so.
fn configured(workspace: &Workspace, path: &str, settings: &PathSettings) -> Result<Option<Place>, BaselineError> {
    let Some(baseline) = &settings.settings_for(path).baseline else { return Ok(None) };
    match baseline.below(workspace.root()) {
        Some(path) => Ok(Some((workspace.root().to_owned(), path))),
        None if baseline.is_of(workspace.root()) => Err(BaselineError::Outside(baseline.path.clone())),
        None => {
            beside(&baseline.path, Path::new("/")).map(Some).map_err(|_| BaselineError::Missing(baseline.path.clone()))
        }
    }
}

/// The place of the baseline that the command line names to be read.
pub(super) fn named(arguments: &Check, cwd: &Path) -> Option<PathBuf> {
    let (folder, name) = beside(arguments.baseline.as_ref()?, cwd).ok()?;
    Some(folder.join(name))
}

/// The place of a file that a person named: wherever that is.
fn beside(path: &Path, cwd: &Path) -> Result<Place, String> {
    let whole = cwd.join(path);
    // A link is followed; what is not there yet has a folder.
    let whole = whole.canonicalize().unwrap_or(whole);
    let folder = whole.parent().ok_or_else(|| format!("{}: name a file", path.display()))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| format!("{}: {error}; name a file in a folder that exists", path.display()))?;
    match whole.file_name() {
        Some(name) if !whole.is_dir() => match name.to_str() {
            Some(name) => Ok((folder, name.to_owned())),
            None => Err(format!("{}: its name is not Unicode; name another file", path.display())),
        },
        _ => Err(format!("{}: it is a folder; name a file in it", path.display())),
    }
}

/// Whether a Dockerfile is no more that would have been found below the paths that were asked for.
fn is_gone(arguments: &Check, cwd: &Path) -> impl Fn(&Path) -> bool + use<> {
    let here = [PathBuf::from(".")];
    let asked: &[PathBuf] = if arguments.paths.is_empty() { &here } else { &arguments.paths };
    let is_stdin = arguments.stdin_filename.is_some();
    let folders: Vec<PathBuf> = asked.iter().filter_map(|path| cwd.join(path).canonicalize().ok()).collect();
    move |path| !is_stdin && folders.iter().any(|folder| path.starts_with(folder)) && is_no_more(path)
}
