//! Which of several packages the program uses, looked for in one pass.

use std::collections::{BTreeSet, HashSet};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use crate::catalogue;
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::python::imports::Imports;
use crate::workspace::parent;

use super::has_extension;

/// A word of this length may stand inside another; a shorter one stands alone: `ray` is no part of `array`.
const LONG: usize = 5;
/// Sources of one project beyond these are not read.
const SOURCE_LIMIT: usize = 3_000;
/// Deployment files beyond these are not read.
const DEPLOYMENT_LIMIT: usize = 400;
/// Folders that tell how a service is started elsewhere.
const DEPLOYMENT: [&str; 16] = [
    "k8s",
    "kubernetes",
    "kube",
    "deploy",
    "deployment",
    "deployments",
    "helm",
    "chart",
    "charts",
    "manifests",
    "kustomize",
    "infra",
    "infrastructure",
    "ops",
    "docker",
    "compose",
];

/// What shows the use of one package.
struct Signs {
    modules: Vec<String>,
    words: Vec<String>,
}

impl Signs {
    fn of(package: &str) -> Self {
        let modules = catalogue::import_names(package);
        let name = package.to_lowercase();
        let mut words = vec![name.replace('-', "_"), name];
        words.extend(modules.iter().map(|module| module.to_lowercase()));
        words.extend(catalogue::hints(package).iter().map(|hint| hint.to_lowercase()));
        words.retain(|word| word.len() > 1);
        words.sort_unstable();
        words.dedup();
        Self { modules, words }
    }

    fn are_in(&self, imports: &Imports) -> bool {
        let spoken = || imports.strings.iter().chain(&imports.identifiers).chain(&imports.modules);
        self.modules.iter().any(|module| imports.reaches(module))
            || spoken().any(|text| {
                let text = text.to_lowercase();
                self.words.iter().any(|word| speaks(&text, word))
            })
    }

    fn are_in_text(&self, text: &str) -> bool {
        self.words.iter().any(|word| speaks(text, word))
    }
}

/// Whether `text`, in lower case, holds `word`.
fn speaks(text: &str, word: &str) -> bool {
    if word.len() >= LONG {
        return text.contains(word);
    }
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// The packages that are still looked for.
struct Search<'n> {
    left: Vec<(&'n str, Signs)>,
    matcher: Option<AhoCorasick>,
    /// The place in `left` that each of the matcher's patterns belongs to.
    owners: Vec<usize>,
}

impl<'n> Search<'n> {
    fn new(names: &[&'n str]) -> Self {
        let left = names.iter().map(|&name| (name, Signs::of(name))).collect();
        let mut search = Self { left, matcher: None, owners: Vec::new() };
        search.prepare();
        search
    }

    fn prepare(&mut self) {
        let words = self.left.iter().flat_map(|(_, signs)| signs.words.iter());
        self.matcher = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words).ok();
        let places = self.left.iter().enumerate();
        self.owners = places.flat_map(|(place, (_, signs))| std::iter::repeat_n(place, signs.words.len())).collect();
    }

    /// The places of the packages that the text may use: those of which it holds a word, wherever.
    fn candidates(&self, text: &str) -> Vec<usize> {
        let Some(matcher) = self.matcher.as_ref().filter(|matcher| matcher.is_match(text)) else { return Vec::new() };
        let mut found = vec![false; self.left.len()];
        for hit in matcher.find_overlapping_iter(text) {
            if let Some(place) = self.owners.get(hit.pattern().as_usize()).and_then(|&place| found.get_mut(place)) {
                *place = true;
            }
        }
        found.iter().enumerate().filter(|(_, found)| **found).map(|(place, _)| place).collect()
    }

    /// Drops the candidates that are used.
    fn drop(&mut self, candidates: &[usize], used: impl Fn(&Signs) -> bool) {
        let used: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|&place| self.left.get(place).is_some_and(|(_, signs)| used(signs)))
            .collect();
        if !used.is_empty() {
            let mut place = 0;
            self.left.retain(|_| {
                place += 1;
                !used.contains(&(place - 1))
            });
            self.prepare();
        }
    }

    fn drop_named_in(&mut self, text: &str) {
        let candidates = self.candidates(text);
        if !candidates.is_empty() {
            let text = text.to_lowercase();
            self.drop(&candidates, |signs| signs.are_in_text(&text));
        }
    }
}

impl Facts<'_> {
    /// Those of `packages` that nothing names: no import, however lazy, no string, identifier, setting, command or deployment file.
    #[must_use]
    pub fn unnamed_packages<'n>(&self, packages: &[&'n str]) -> Vec<&'n str> {
        let mut search = Search::new(packages);
        self.search_commands(&mut search);
        for path in self.program().sources.iter().chain(&self.project_sources()) {
            if search.left.is_empty() {
                return Vec::new();
            }
            let Ok(file) = self.workspace.read(path) else { continue };
            let candidates = search.candidates(file.text());
            if !candidates.is_empty()
                && let Some(imports) = self.imports_of(path)
            {
                search.drop(&candidates, |signs| signs.are_in(&imports));
            }
        }
        let manifests = self.program().texts.iter().filter(|path| !names_packages_to_install(path)).cloned();
        for path in manifests.chain(self.start_files()) {
            if search.left.is_empty() {
                return Vec::new();
            }
            if let Ok(file) = self.workspace.read(&path) {
                search.drop_named_in(file.text());
            }
        }
        search.left.into_iter().map(|(name, _)| name).collect()
    }

    /// Sources of local projects that are installed, where the build does not copy them: through a mount, as a path dependency.
    fn project_sources(&self) -> Vec<String> {
        let copied: HashSet<&str> = self.program().sources.iter().map(String::as_str).collect();
        let manifests: BTreeSet<&str> = self
            .python_installs()
            .iter()
            .flat_map(|install| &install.projects)
            .map(|project| parent(&project.manifest))
            .collect();
        let sources = manifests.into_iter().flat_map(|folder| self.workspace.python_sources(folder, SOURCE_LIMIT));
        sources.filter(|path| !copied.contains(path.as_str())).collect()
    }

    /// What the Dockerfile and compose files set and start, and what a `RUN` runs.
    fn search_commands(&self, search: &mut Search<'_>) {
        use crate::dockerfile::Keyword;
        for instruction in &self.dockerfile.instructions {
            let speaks = matches!(
                instruction.keyword,
                Keyword::Cmd | Keyword::Entrypoint | Keyword::Env | Keyword::Healthcheck | Keyword::Label
            );
            if speaks {
                search.drop_named_in(instruction.body.text());
            }
        }
        let invocations = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        for invocation in invocations.filter(|invocation| !super::program::is_installer(&invocation.program)) {
            search.drop_named_in(&invocation.program);
            for argument in &invocation.arguments {
                search.drop_named_in(argument.value.text());
            }
        }
    }

    /// Compose files, environment files and the files of deployments, which may start programs that no source names.
    fn start_files(&self) -> Vec<String> {
        let mut found: Vec<String> = self.deployment_files().collect();
        let mut folders: Vec<(String, usize)> = [self.service.context.clone(), String::new()]
            .into_iter()
            .chain([parent(&self.service.dockerfile).to_owned()])
            .flat_map(|folder| {
                let entries = self.workspace.list(&folder);
                let named = entries.into_iter().filter(|entry| entry.is_dir && is_deployment(&entry.name));
                named
                    .map(|entry| if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) })
                    .collect::<Vec<_>>()
            })
            .map(|folder| (folder, 0))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        let mut at = 0;
        while let Some((folder, depth)) = folders.get(at).cloned() {
            at += 1;
            if at > DEPLOYMENT_LIMIT || found.len() > DEPLOYMENT_LIMIT {
                break;
            }
            for entry in self.workspace.list(&folder) {
                let path = format!("{folder}/{}", entry.name);
                if entry.is_dir && depth < 4 {
                    folders.push((path, depth + 1));
                } else if has_extension(&path, &["yaml", "yml", "json", "sh", "env", "tpl", "conf", "toml", "ini"])
                    && !names_packages_to_install(&path)
                {
                    found.push(path);
                }
            }
        }
        found
    }
}

fn is_deployment(name: &str) -> bool {
    let name = name.trim_start_matches('.').to_lowercase();
    DEPLOYMENT.contains(&name.as_str())
}

/// Manifests, settings of tools for developers, and notices: what they name is installed, not used.
fn names_packages_to_install(path: &str) -> bool {
    let name = file_name(path).to_lowercase();
    let folder = path.rsplit('/').nth(1).unwrap_or_default().to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    matches!(
        name.as_str(),
        "pipfile" | "setup.cfg" | "tox.ini" | "pyproject.toml" | "environment.yml" | "environment.yaml" | "pytest.ini"
    ) || matches!(name.as_str(), ".pre-commit-config.yaml" | "renovate.json" | "dependabot.yml" | "mkdocs.yml")
        || has_extension(&name, &["lock"])
        || name.contains("requirement")
        || name.contains("constraint")
        || folder.contains("requirement")
        || folder == "workflows"
        || path.split('/').any(|part| matches!(part, ".github" | ".circleci"))
        || ["license", "licenses", "notice", "changelog", "changes", "authors", "copying", "sources", "top_level"]
            .iter()
            .any(|word| stem.contains(word))
}
