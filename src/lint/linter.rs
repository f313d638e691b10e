//! Linting in a process that goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Settings;
use crate::facts::Facts;
use crate::workspace::Workspace;

use super::{Report, ServiceReport, lint_one, merge, on_large_stack, with_facts};

/// Lints Dockerfiles of one workspace again and again, and each only when something changed since: an editor asks for the same
/// Dockerfile when it is opened, saved and looked at.
#[derive(Debug)]
pub struct Linter {
    workspace: Workspace,
    known: Mutex<HashMap<String, Known>>,
}

/// A report, with what it was made of.
#[derive(Debug)]
struct Known {
    generation: u64,
    settings: Settings,
    report: Arc<ServiceReport>,
}

impl Linter {
    /// A linter for `workspace`.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace, known: Mutex::default() }
    }

    /// The workspace, to tell it of unsaved text and of changes.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// [`lint_one`], or what it said when neither the workspace nor the settings have changed since.
    #[must_use]
    pub fn lint(&self, path: &str, settings: &Settings) -> Arc<ServiceReport> {
        let generation = self.workspace.generation();
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path)
            && known.generation == generation
            && known.settings == *settings
        {
            return Arc::clone(&known.report);
        }
        let report = Arc::new(lint_one(&self.workspace, path, settings));
        let known = Known { generation, settings: settings.clone(), report: Arc::clone(&report) };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), known);
        report
    }

    /// What `look` makes of the facts of a Dockerfile; `None` when it cannot be read, or when what looks at it panics.
    pub fn look<T: Send>(&self, path: &str, settings: &Settings, look: impl Fn(&Facts<'_>) -> T + Sync) -> Option<T> {
        on_large_stack(|| with_facts(&self.workspace, path, settings, &look))
    }
}

/// The reports of several services in one. A finding that several of them have, such as one in a requirements file that they share, is
/// there once.
#[must_use]
pub fn together<'r>(reports: impl IntoIterator<Item = &'r ServiceReport>) -> Report {
    merge::merge(reports.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_linted_again_when_anything_changed_and_only_then() {
        let dockerfile = b"FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\n";
        let files = [("Dockerfile".to_owned(), dockerfile.to_vec()), ("requirements.txt".to_owned(), Vec::new())];
        let linter = Linter::new(Workspace::in_memory(files));
        let settings = Settings::default();
        let rules = |report: &ServiceReport| report.diagnostics.iter().map(|found| found.rule).collect::<Vec<_>>();
        let first = linter.lint("Dockerfile", &settings);
        assert!(rules(&first).contains(&"pip-cache-kept"), "{:?}", rules(&first));
        assert!(Arc::ptr_eq(&first, &linter.lint("Dockerfile", &settings)));
        let quiet = Settings { ignore: vec!["pip-cache-kept".to_owned()], ..Settings::default() };
        assert!(!rules(&linter.lint("Dockerfile", &quiet)).contains(&"pip-cache-kept"));
        linter.workspace().set_overlay("Dockerfile", Some(b"FROM python:3.12-slim\n".to_vec()));
        assert!(!rules(&linter.lint("Dockerfile", &settings)).contains(&"pip-cache-kept"));
        linter.workspace().set_overlay("Dockerfile", None);
        assert_eq!(rules(&linter.lint("Dockerfile", &settings)), rules(&first));
    }
}
