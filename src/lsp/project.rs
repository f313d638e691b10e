//! One root: its linter, its configurations, and which Dockerfile reads what.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{
    ConfigError, Configurations, FILE_NAMES, HADOLINT_NAMES, Origin, PathSettings, Settings as LintSettings,
};
use crate::diagnostic::Diagnostic;
use crate::facts::{Facts, Reads, StageWeight};
use crate::lint::{Linter, ServiceReport, together};
use crate::text::SourceFile;
use crate::workspace::{BackupName, NameKind, Workspace, WorkspaceError, discover, is_dockerfile_name, is_template};

use super::known::Known;
use super::positions::Lines;
use super::settings::Settings;

/// A Dockerfile, and what is known of its build.
#[derive(Debug, Default)]
struct Service {
    /// What the build read when that was last looked at.
    reads: Option<Reads>,
    /// Whether something changed since that may make it read other files.
    is_stale: bool,
    /// Whether it must be linted before anything else.
    is_urgent: bool,
    /// What was found last.
    report: Option<Arc<ServiceReport>>,
}

/// The files below one root as an editor sees them.
#[derive(Debug)]
pub(super) struct Project {
    linter: Linter,
    /// The editor's folder, or that of the file which was opened first.
    pub folder: PathBuf,
    /// What the editor says.
    pub settings: Settings,
    configurations: Configurations,
    /// By Dockerfile, the last settings that could be used.
    usable: BTreeMap<String, Arc<LintSettings>>,
    /// By file, what is wrong with a configuration.
    errors: BTreeMap<String, Arc<ConfigError>>,
    /// What baselines know.
    known: Known,
    services: BTreeMap<String, Service>,
    /// Documents that are open.
    open: BTreeSet<String>,
    /// Whether all Dockerfiles are known.
    is_searched: bool,
    /// Whether something changed since everything was looked at.
    is_unsettled: bool,
    lines: HashMap<String, (Arc<SourceFile>, Arc<Lines>)>,
    /// By Dockerfile, what its commands add, and the generation of the files that it is of.
    weights: HashMap<String, (u64, Arc<Vec<StageWeight>>)>,
}

impl Project {
    /// The project at `root`; what is wrong with the settings comes with it.
    pub fn open(root: &Path, folder: PathBuf, settings: Settings) -> Result<(Self, Option<String>), WorkspaceError> {
        Ok(Self::new(Workspace::open(root)?, folder, settings))
    }

    /// The project of a document that is no file.
    pub fn without_files(settings: Settings) -> Self {
        Self::new(Workspace::in_memory([]), PathBuf::from("/"), settings).0
    }

    fn new(workspace: Workspace, folder: PathBuf, settings: Settings) -> (Self, Option<String>) {
        let (configurations, problem) = settings.configurations(&folder);
        let project = Self {
            linter: Linter::new(workspace),
            folder,
            settings,
            configurations,
            usable: BTreeMap::new(),
            errors: BTreeMap::new(),
            known: Known::default(),
            services: BTreeMap::new(),
            open: BTreeSet::new(),
            is_searched: false,
            is_unsettled: true,
            lines: HashMap::new(),
            weights: HashMap::new(),
        };
        (project, problem)
    }

    /// Its files.
    pub fn workspace(&self) -> &Workspace {
        self.linter.workspace()
    }

    /// Takes other settings of the editor; what is wrong with them is returned.
    pub fn configure(&mut self, settings: Settings) -> Option<String> {
        self.settings = settings;
        self.reconfigure()
    }

    /// Reads the configurations anew.
    fn reconfigure(&mut self) -> Option<String> {
        let (configurations, problem) = self.settings.configurations(&self.folder);
        self.configurations = configurations;
        self.errors.clear();
        self.known = Known::default();
        self.weights.clear();
        self.services.values_mut().for_each(|service| service.is_urgent = true);
        self.is_unsettled = true;
        problem
    }

    /// Takes in a document that was opened, or changed.
    pub fn take(&mut self, path: &str, text: &str, is_dockerfile: bool) {
        let is_new = self.open.insert(path.to_owned());
        if is_new {
            self.is_unsettled = true;
            if is_dockerfile {
                self.services.entry(path.to_owned()).or_default();
            }
        }
        self.set_text(path, text, is_new);
        if is_new && self.services.contains_key(path) {
            self.mark(path);
        }
    }

    /// Puts the text of a document in front of the disk. One that says what the disk says stays out of the way, so that nothing that is
    /// known is forgotten.
    fn set_text(&mut self, path: &str, text: &str, may_stay: bool) {
        let known = self.workspace().read(path).ok();
        if known.is_some_and(|file| file.bytes() == text.as_bytes()) && may_stay {
            return;
        }
        self.workspace().set_overlay(path, Some(text.as_bytes().to_vec()));
        self.changed(path);
    }

    /// Takes a document away.
    pub fn close(&mut self, path: &str) {
        self.open.remove(path);
        self.workspace().set_overlay(path, None);
        self.workspace().forget(path);
        self.changed(path);
        let is_there = self.workspace().is_file(path) && is_dockerfile("", path);
        if !is_there {
            self.services.remove(path);
        }
    }

    /// Looks at the disk again; `documents` are the texts of the open ones. Returns whether anything changed.
    pub fn refresh<'d>(&mut self, documents: impl Iterator<Item = (&'d str, &'d str)>, are_other_files: bool) -> bool {
        let changed = self.workspace().refresh();
        if changed || are_other_files {
            for (path, text) in documents {
                self.set_text(path, text, true);
            }
            self.is_searched &= !are_other_files;
            self.services.values_mut().for_each(|service| service.is_stale = true);
            let _ = self.reconfigure();
        }
        changed || are_other_files
    }

    /// Notes that the file at `path` changed.
    fn changed(&mut self, path: &str) {
        self.is_unsettled = true;
        let name = path.rsplit('/').next().unwrap_or(path);
        if FILE_NAMES.contains(&name) || HADOLINT_NAMES.contains(&name) || self.settings.configuration.is_some() {
            let _ = self.reconfigure();
        }
        self.mark(path);
    }

    /// Notes which services something at `path` concerns. One of which nothing is known yet may be concerned.
    fn mark(&mut self, path: &str) {
        for (own, service) in &mut self.services {
            if own == path || service.reads.as_ref().is_none_or(|reads| reads.reads_file(path)) {
                service.is_urgent = true;
                service.is_stale = true;
            }
        }
    }

    /// The settings of a Dockerfile; `None` when nothing is to be said of it. Where the configuration cannot be used the last one holds
    /// that could.
    pub fn settings_of(&mut self, path: &str) -> Option<Arc<LintSettings>> {
        let workspace = self.linter.workspace();
        if !self.settings.enable || !self.configurations.keeps(workspace, path, false) || is_template(workspace, path) {
            return None;
        }
        match self.configurations.settings(workspace, path) {
            Ok(settings) => {
                self.usable.insert(path.to_owned(), Arc::clone(&settings));
                Some(settings)
            }
            Err(error) => {
                if let Origin::File(file) = &error.origin
                    && let Ok(below) = file.strip_prefix(workspace.root())
                {
                    self.errors.insert(below.to_string_lossy().replace('\\', "/"), error);
                }
                Some(self.usable.get(path).cloned().unwrap_or_default())
            }
        }
    }

    /// Lints a Dockerfile, or gives what was found when nothing changed since.
    pub fn report(&mut self, path: &str) -> Option<Arc<ServiceReport>> {
        let report = self.settings_of(path).map(|settings| self.linter.lint(path, &settings));
        if let Some(service) = self.services.get_mut(path) {
            service.is_urgent = false;
            service.report.clone_from(&report);
        }
        report
    }

    /// What `look` makes of the facts of a Dockerfile.
    pub fn look<T: Send>(&mut self, path: &str, look: impl Fn(&Facts<'_>) -> T + Sync) -> Option<T> {
        let settings = self.settings_of(path)?;
        self.linter.look(path, &settings, look)
    }

    /// What the commands of a Dockerfile add.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is one of a single lifetime")]
    pub fn weights(&mut self, path: &str) -> Option<Arc<Vec<StageWeight>>> {
        let generation = self.workspace().generation();
        if let Some((known, weights)) = self.weights.get(path)
            && *known == generation
        {
            return Some(Arc::clone(weights));
        }
        let weights = Arc::new(self.look(path, |facts| facts.weights())?);
        self.weights.insert(path.to_owned(), (generation, Arc::clone(&weights)));
        Some(weights)
    }

    /// The Dockerfiles of which something is told: those that are open, and those whose builds read what is open.
    fn active(&self) -> Vec<String> {
        let reads = |service: &Service| {
            let reads = service.reads.as_ref();
            reads.is_some_and(|reads| self.open.iter().any(|path| reads.reads_file(path)))
        };
        let is_active = |(path, service): &(&String, &Service)| self.open.contains(*path) || reads(service);
        self.services.iter().filter(is_active).map(|(path, _)| path.clone()).collect()
    }

    /// The Dockerfiles that a document concerns: itself, or those whose builds read it.
    pub fn concerned(&mut self, path: &str) -> Vec<String> {
        if self.services.contains_key(path) {
            return vec![path.to_owned()];
        }
        while self.look_further(path) {}
        let reads = |service: &Service| service.reads.as_ref().is_some_and(|reads| reads.reads_file(path));
        self.services.iter().filter(|(_, service)| reads(service)).map(|(path, _)| path.clone()).collect()
    }

    /// Whether the file is a Dockerfile that is linted.
    pub fn is_service(&self, path: &str) -> bool {
        self.services.contains_key(path)
    }

    /// Learns a little more of who reads what; returns whether there may be more. Nobody asks while only Dockerfiles are open.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is one of a single lifetime")]
    fn look_further(&mut self, about: &str) -> bool {
        let is_asked = !about.is_empty() || self.open.iter().any(|path| !self.services.contains_key(path));
        if is_asked && !self.is_searched {
            self.is_searched = true;
            self.search();
            return true;
        }
        let wants = |(path, service): &(&String, &Service)| {
            let is_known = service.reads.is_some();
            (service.is_stale || !is_known) && (is_asked || is_known || self.open.contains(*path))
        };
        let Some(path) = self.services.iter().find(wants).map(|(path, _)| path.clone()) else { return false };
        let reads = self.look(&path, |facts| facts.reads());
        if let Some(service) = self.services.get_mut(&path) {
            // What is left out reads nothing.
            service.reads = Some(reads.unwrap_or_default());
            service.is_stale = false;
        }
        true
    }

    /// Finds all Dockerfiles.
    fn search(&mut self) {
        let root = self.workspace().root().to_owned();
        if !root.is_dir() {
            return;
        }
        let found = discover(std::slice::from_ref(&root), &root);
        let own = found.workspaces.into_iter().filter(|(workspace, _)| workspace.root() == root);
        let paths: BTreeSet<String> = own.flat_map(|(_, paths)| paths).filter(|path| is_dockerfile("", path)).collect();
        self.services.retain(|path, _| paths.contains(path) || self.open.contains(path));
        for path in paths {
            self.services.entry(path).or_default();
        }
    }

    /// Lints one of the Dockerfiles that were changed, or that read what was; returns whether there was one.
    pub fn lint_urgent(&mut self) -> bool {
        let active = self.active();
        let is_urgent = |path: &&String| self.services.get(*path).is_some_and(|service| service.is_urgent);
        // What is being typed comes first.
        let next = active.iter().filter(is_urgent).min_by_key(|path| !self.open.contains(*path)).cloned();
        let Some(path) = next else { return false };
        let _ = self.report(&path);
        true
    }

    /// Does a part of what can wait, and returns whether there is more: who reads what is looked at again, and all that is told is
    /// made sure of, for builds depend on more than the files that they read.
    pub fn settle(&mut self) -> bool {
        if !self.is_unsettled {
            return false;
        }
        if self.look_further("") {
            return true;
        }
        for path in self.active() {
            let _ = self.report(&path);
        }
        self.is_unsettled = false;
        true
    }

    /// All that is found in the services of which something is told, by file.
    pub fn findings(&mut self) -> BTreeMap<String, Vec<Diagnostic>> {
        let active = self.active();
        let reports = active.iter().filter_map(|path| self.services.get(path)?.report.clone());
        let reports: Vec<Arc<ServiceReport>> = reports.collect();
        self.by_file(&reports)
    }

    /// All that is found in the services that a document concerns, by file.
    pub fn findings_about(&mut self, path: &str) -> BTreeMap<String, Vec<Diagnostic>> {
        let concerned = self.concerned(path);
        let reports: Vec<Arc<ServiceReport>> = concerned.iter().filter_map(|path| self.report(path)).collect();
        self.by_file(&reports)
    }

    fn by_file(&mut self, reports: &[Arc<ServiceReport>]) -> BTreeMap<String, Vec<Diagnostic>> {
        let mut report = together(reports.iter().map(Arc::as_ref));
        let paths = reports.iter().map(|report| &report.service.dockerfile);
        let settings: Vec<_> = paths.filter_map(|path| Some((path.clone(), self.usable.get(path)?.clone()))).collect();
        if settings.iter().any(|(_, settings)| settings.baseline.is_some()) {
            self.known.read(self.linter.workspace(), settings.iter().map(|(_, settings)| settings));
            let settings: PathSettings = settings.into_iter().collect();
            self.known.hide(self.linter.workspace(), &mut report, &settings);
        }
        let mut files: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for found in report.diagnostics {
            files.entry(found.primary.file.to_string()).or_default().push(found);
        }
        files
    }

    /// What baselines know, as far as it was asked for.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// What is wrong with configurations, by file.
    pub fn configuration_errors(&self) -> &BTreeMap<String, Arc<ConfigError>> {
        &self.errors
    }

    /// A file with its lines.
    pub fn file(&mut self, path: &str) -> Option<(Arc<SourceFile>, Arc<Lines>)> {
        let file = self.workspace().read(path).ok()?;
        if let Some((known, lines)) = self.lines.get(path)
            && Arc::ptr_eq(known, &file)
        {
            return Some((file, Arc::clone(lines)));
        }
        // A document has no byte order mark unless it was sent.
        let is_open = self.open.contains(path);
        let lines = Arc::new(if is_open { Lines::new(file.text()) } else { Lines::of_file(file.text()) });
        self.lines.insert(path.to_owned(), (Arc::clone(&file), Arc::clone(&lines)));
        Some((file, lines))
    }

    /// The linter, to plan fixes with, and the settings of the Dockerfiles at `paths`.
    pub fn settings_of_all(&mut self, paths: &[String]) -> Vec<(String, Arc<LintSettings>)> {
        paths.iter().filter_map(|path| Some((path.clone(), self.settings_of(path)?))).collect()
    }
}

/// Whether a document is a Dockerfile: by its name, or because the editor says so. Templates and backups are none, whatever it says.
pub(super) fn is_dockerfile(language: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match is_dockerfile_name(name) {
        NameKind::Yes => true,
        NameKind::Template => false,
        NameKind::No => language == "dockerfile" && BackupName::parse(name).is_none(),
    }
}
