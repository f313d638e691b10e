//! What settings do to findings and services.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{self, INTERNAL_ERROR};
use crate::workspace::{Overrides, Said, lexical};

use super::error::Origin;
use super::options::{BaselineFile, ServiceOptions};
use super::selection::selects;
use super::{Place, Settings};

impl Settings {
    /// Drops what is ignored for its file, or for the Dockerfile at `path`, and lowers what is about too few bytes.
    pub fn apply(&self, root: &Path, path: &str, diagnostics: &mut Vec<Diagnostic>) {
        if !self.per_path_ignores.is_empty() {
            diagnostics.retain(|found| !self.is_ignored_at(root, path, found));
        }
        for found in diagnostics {
            if let Some(&severity) = self.severities.get(found.rule) {
                found.severity = severity;
            }
            if self.is_minor(found) {
                found.severity = Severity::Info;
            }
        }
    }

    fn is_ignored_at(&self, root: &Path, path: &str, found: &Diagnostic) -> bool {
        let Some(page) = rules::find(found.rule).map(|rule| rule.page).filter(|page| page.name != INTERNAL_ERROR)
        else {
            return false;
        };
        let files = [root.join(&*found.primary.file), root.join(path)];
        self.per_path_ignores.iter().any(|ignore| {
            ignore.rules.iter().any(|selector| selects(selector, page))
                && files.iter().any(|file| ignore.pattern.matches(file))
        })
    }

    /// Whether the finding is known to be about fewer bytes than count.
    #[must_use]
    pub fn is_minor(&self, found: &Diagnostic) -> bool {
        let known = found.savings.as_ref().filter(|savings| savings.complete && !savings.items.is_empty());
        known.is_some_and(|savings| savings.bytes() < self.min_saving)
    }

    /// Whether the finding fails the run.
    #[must_use]
    pub fn fails(&self, found: &Diagnostic) -> bool {
        self.fail_on.fails(found.severity) && !self.is_minor(found)
    }

    /// What is said of the Dockerfile at `path`, relative to the root.
    #[must_use]
    pub fn overrides(&self, root: &Path, path: &str) -> Overrides {
        let named =
            self.context.clone().map(|context| Said { value: context, by: "named with `--context`".to_owned() });
        let configured = || {
            let (_, context) = self.configured_context(root, path)?;
            Some(Said { value: context?, by: "named in the configuration".to_owned() })
        };
        let gpu = self.service(root, path, |service| service.gpu.as_ref());
        Overrides {
            context: named.or_else(configured),
            gpu: gpu.map(|(value, source)| Said { value: *value, by: source.clone() }),
        }
    }

    /// The context that a file names for the Dockerfile at `path`: where it says so, and the folder relative to the root,
    /// `None` when it lies outside.
    pub(super) fn configured_context(&self, root: &Path, path: &str) -> Option<(&Place, Option<String>)> {
        let (folder, place) = self.service(root, path, |service| service.context.as_ref())?;
        Some((place, below(&lexical(folder), root)))
    }

    /// What the last service says that matches and says something.
    fn service<'s, T>(
        &'s self,
        root: &Path,
        path: &str,
        get: fn(&'s ServiceOptions) -> Option<&'s T>,
    ) -> Option<&'s T> {
        if self.services.is_empty() {
            return None;
        }
        let path = root.join(path);
        self.services.iter().rev().filter(|service| service.pattern.matches(&path)).find_map(get)
    }

    /// Whether a search passes over the file at `path`.
    #[must_use]
    pub fn excludes(&self, root: &Path, path: &str) -> bool {
        !self.exclude.is_empty() && self.exclude.iter().any(|pattern| pattern.matches(&root.join(path)))
    }
}

impl BaselineFile {
    /// Its path below `root`, with `/`; `None` when it lies elsewhere.
    #[must_use]
    pub fn below(&self, root: &Path) -> Option<String> {
        below(&lexical(&self.path), root)
    }

    /// Whether a file of the repository at `root` names it, rather than a person.
    #[must_use]
    pub fn is_of(&self, root: &Path) -> bool {
        matches!(&self.origin, Origin::File(path) if path.starts_with(root))
    }
}

/// `path` relative to `root`, with `/`; `None` when it lies elsewhere.
pub(super) fn below(path: &Path, root: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    Some(parts.join("/"))
}

impl Origin {
    /// As evidence names it, where `root` is the workspace's.
    pub(super) fn named(&self, root: &Path) -> String {
        match self {
            Self::File(path) => below(path, root).unwrap_or_else(|| path.display().to_string()),
            Self::Option(option) => option.clone(),
        }
    }
}
