//! Requirements files: nesting, cycles, and what else can be given to `-r`.

use std::sync::Arc;

use crate::dockerfile::Value;
use crate::python::Requirement;
use crate::python::requirements::{Entry, EntryKind};
use crate::text::TextRange;
use crate::workspace::{ManifestProblem, join, parent};

use super::edited::{Edited, edited};
use super::projects::Selection;
use super::reader::{Extras, Reader, Source, local_path};
use super::{Declared, indexes};

/// How deep `-r` may nest.
const DEPTH_LIMIT: usize = 16;

impl Reader<'_, '_> {
    /// `-r` and `-c` of a command line.
    pub(super) fn requirements(&mut self, value: &Value, word: TextRange, extras: &Extras, constraints: bool) {
        let generated = match value.known() {
            Some(path) => self.generated.find(self.facts, self.at, path),
            None => self.generated.captured(self.at, word),
        };
        if let Some(generated) = generated {
            if !constraints {
                self.install.roots.extend(generated.roots.iter().map(|root| super::Root { word, ..root.clone() }));
                self.install.projects.extend(generated.projects.iter().cloned());
                let groups = generated.groups.iter();
                self.install.groups.extend(groups.map(|group| super::InstalledGroup { word, ..group.clone() }));
                self.install.excluded.extend(generated.excluded.iter().cloned());
                self.install.omitted = generated.omitted;
                self.install.all_members |= generated.all_members;
                self.install.hashed |= generated.hashed;
                self.install.generated = true;
                self.install.lock = self.install.lock.take().or_else(|| generated.lock.clone());
                self.install.indexes.extend(generated.indexes.iter().cloned());
                self.install.unknown |= generated.unknown;
            }
            return;
        }
        let Some(path) = value.known() else {
            self.install.unknown = true;
            return;
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let found = self.facts.likely_origin_in(self.at.stage.index, self.at.run, &self.at.invocation.workdir, path);
        let Some((file, guessed)) = found else {
            self.install.unknown = true;
            self.note(format!("`{path}` is not in the build context"));
            return;
        };
        self.install.unknown |= guessed;
        self.install.guessed |= guessed;
        let source = self.facts.workspace.read(&file).ok();
        let text = source.as_ref().map_or("", |source| source.text());
        let Edited::Without(gone) = edited(self.facts, self.at, path, text) else {
            self.install.unknown = true;
            return;
        };
        if name.starts_with("pylock.") && super::has_extension(name, &["toml"]) && !constraints {
            self.pylock(&file, word);
            return;
        }
        if matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg") {
            let mut selection = Selection::of(extras);
            if let Some(parsed) = extras.all.and_then(|_| self.facts.workspace.pyproject(&file).ok()) {
                selection.extras = super::options::extras(&parsed, extras);
            }
            // What they need is installed, and they are not.
            let extensions = self.install.extensions.clone();
            self.project(&file, &selection, word, Vec::new(), true);
            self.install.extensions = extensions;
            return;
        }
        self.requirements_file(&file, word, constraints, &gone);
    }

    /// `-r pylock.toml` (PEP 751): every package that it lists is asked for.
    fn pylock(&mut self, file: &str, word: TextRange) {
        let Ok(lock) = self.facts.workspace.lock(file) else {
            self.install.unknown = true;
            return;
        };
        self.install.files.push(file.to_owned());
        self.lock_at(file.to_owned(), None);
        let via = vec![file.to_owned()];
        let source =
            Source { file: Arc::from(file), word, via, declared: Declared::Requirements, extra: None, group: None };
        for package in &lock.packages {
            let pin = if package.version.is_empty() { String::new() } else { format!("=={}", package.version) };
            let marker = package.marker.as_ref().map(|marker| format!("; {marker}")).unwrap_or_default();
            let Some(requirement) = Requirement::parse(&format!("{}{pin}{marker}", package.name), 0) else { continue };
            let requirement = Requirement { range: package.range, name_range: package.range, ..requirement };
            self.add(requirement, &source, Vec::new(), &[]);
        }
    }

    /// `gone` is what the build takes out of it before.
    pub(super) fn requirements_file(&mut self, file: &str, word: TextRange, constraints: bool, gone: &[TextRange]) {
        if let Some(start) = self.open.iter().position(|open| open == file) {
            let through: Vec<&str> = self.open.iter().skip(start + 1).map(String::as_str).collect();
            let through =
                if through.is_empty() { String::new() } else { format!(" through `{}`", through.join("`, `")) };
            let message = format!("`{file}` includes itself{through}");
            self.note(message.clone());
            let next = self.open.get(start + 1).cloned().unwrap_or_else(|| file.to_owned());
            self.trouble(file, self.include_of(file, &next), word, message);
            return;
        }
        if self.open.len() >= DEPTH_LIMIT {
            self.install.unknown = true;
            self.note(format!("`{file}` is nested too deeply to be followed"));
            return;
        }
        if !self.done.insert(format!("{constraints} {file}")) {
            return;
        }
        let source = match self.facts.workspace.read(file) {
            Ok(source) => source,
            Err(problem) => return self.unreadable(file, word, &ManifestProblem::Read(problem)),
        };
        let Ok(requirements) = self.facts.workspace.requirements(file) else { return };
        if !self.install.files.iter().any(|read| read == file) {
            self.install.files.push(file.to_owned());
        }
        self.install.hashed |= source.text().contains("--hash=");
        let path: Arc<str> = Arc::from(file);
        let via: Vec<String> = self.open.iter().map(String::as_str).chain([file]).map(str::to_owned).collect();
        let source = Source { file: path, word, via, declared: Declared::Requirements, extra: None, group: None };
        self.open.push(file.to_owned());
        let kept = |entry: &&Entry| {
            !gone.iter().any(|line| line.start() <= entry.range.start() && entry.range.start() < line.end())
        };
        for entry in requirements.entries.iter().filter(kept) {
            self.entry(entry, file, &source, constraints);
        }
        self.open.pop();
    }

    /// Where `file` includes `other`.
    fn include_of(&self, file: &str, other: &str) -> TextRange {
        let requirements = self.facts.workspace.requirements(file);
        let included = |entry: &Entry| match &entry.kind {
            EntryKind::Include(path, range) | EntryKind::Constraint(path, range) => {
                (join(parent(file), path).as_deref() == Some(other)).then_some(*range)
            }
            _ => None,
        };
        let found = requirements.iter().flat_map(|requirements| &requirements.entries).find_map(included);
        found.unwrap_or_else(|| TextRange::empty(0))
    }

    fn entry(&mut self, entry: &Entry, file: &str, source: &Source, constraints: bool) {
        match &entry.kind {
            EntryKind::Requirement(requirement) if constraints => self.install.constraints.push(requirement.clone()),
            EntryKind::Requirement(requirement) => self.add(requirement.clone(), source, entry.via.clone(), &[]),
            EntryKind::Include(path, _) => self.include(file, path, source.word, constraints),
            EntryKind::Constraint(path, _) => self.include(file, path, source.word, true),
            EntryKind::Editable(path, _) | EntryKind::Path(path, _) => {
                if constraints {
                    return;
                }
                match local_path(path) {
                    // pip reads paths in these files from the folder it runs in.
                    Some(path) => self.local(path, source.word, source.via.clone(), &Extras::default(), false),
                    None => self.repository(path, source.word),
                }
            }
            EntryKind::Index(option, url, _) => self.install.indexes.extend(indexes::of_line(option, url, file)),
            EntryKind::Option(_) => {}
        }
    }

    /// `-r other.txt` inside `file`: beside it, in the workspace or in the image.
    fn include(&mut self, file: &str, path: &str, word: TextRange, constraints: bool) {
        let beside = join(parent(file), path).filter(|path| self.facts.workspace.is_file(path));
        if let Some(path) = beside.or_else(|| self.origin(path)) {
            self.requirements_file(&path, word, constraints, &[]);
        } else {
            self.install.unknown = true;
            self.note(format!("`{path}`, which `{file}` includes, is not in the build context"));
        }
    }
}
