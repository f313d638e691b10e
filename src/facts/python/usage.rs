//! Which of several packages the program uses, looked for in one pass.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use rayon::prelude::*;

use crate::catalogue;
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::python::imports::Imports;
use crate::text::SourceFile;
use crate::workspace::parent;

use super::has_extension;

/// A word of this length may stand inside another; a shorter one stands alone: `ray` is no part of `array`.
const LONG: usize = 5;
/// Sources that are looked through before the matcher is made anew for what is left.
const AT_ONCE: usize = 128;
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
    commands: Vec<String>,
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
        let commands = vec![package.to_lowercase(), package.replace('-', "_").to_lowercase()];
        Self { modules, words, commands }
    }

    fn are_in(&self, spoken: &Spoken<'_>) -> bool {
        self.modules.iter().any(|module| spoken.imports.reaches(module))
            || spoken.names.iter().any(|name| self.words.iter().any(|word| speaks(name, word)))
            || spoken.script.as_ref().is_some_and(|text| self.commands.iter().any(|command| speaks(text, command)))
    }

    fn are_in_text(&self, text: &str) -> bool {
        self.words.iter().any(|word| speaks(text, word))
    }
}

/// What a source says, in lower case.
struct Spoken<'i> {
    imports: &'i Imports,
    names: Vec<String>,
    /// The whole text, where it starts other programs: `os.system("cookiecutter …")`.
    script: Option<String>,
}

impl<'i> Spoken<'i> {
    fn of(imports: &'i Imports, text: &str) -> Self {
        let names = imports.strings.iter().chain(&imports.identifiers).chain(&imports.modules);
        let names = names.map(|name| name.to_lowercase()).collect();
        Self { imports, names, script: starts_programs(imports).then(|| text.to_lowercase()) }
    }
}

/// Whether a source starts other programs.
pub(in crate::facts) fn starts_programs(imports: &Imports) -> bool {
    const STARTERS: [&str; 6] =
        ["subprocess", "system", "Popen", "popen", "create_subprocess_exec", "create_subprocess_shell"];
    imports.identifiers.iter().any(|name| STARTERS.contains(&name.as_str()))
}

/// Whether `text`, in lower case, holds `word`.
pub(super) fn speaks(text: &str, word: &str) -> bool {
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
        let mut builder = AhoCorasickBuilder::new();
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        self.matcher = builder.build(words).ok();
        let places = self.left.iter().enumerate();
        self.owners = places.flat_map(|(place, (_, signs))| std::iter::repeat_n(place, signs.words.len())).collect();
    }

    fn may_be_in(&self, text: &str) -> bool {
        self.matcher.as_ref().is_some_and(|matcher| matcher.is_match(text))
    }

    /// The places of the packages that the text may use: those of which it holds a word, wherever.
    fn candidates(&self, text: &str) -> Vec<usize> {
        let Some(matcher) = &self.matcher else { return Vec::new() };
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
        if self.may_be_in(text) {
            let candidates = self.candidates(text);
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
        self.search(&mut search, Vec::is_empty);
        search.left.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether anything names one of `packages`.
    #[must_use]
    pub fn names_one_of(&self, packages: &[&str]) -> bool {
        let mut search = Search::new(packages);
        self.search(&mut search, |left| left.len() < packages.len());
        search.left.len() < packages.len()
    }

    /// [`Facts::unnamed_packages`], what the Dockerfile itself says left out: there `playwright install` names what it fetches.
    #[must_use]
    pub(super) fn unnamed_in_files<'n>(&self, packages: &[&'n str]) -> Vec<&'n str> {
        let mut search = Search::new(packages);
        self.search_files(&mut search, Vec::is_empty);
        search.left.into_iter().map(|(name, _)| name).collect()
    }

    /// Drops what is named from the search until it is `over`.
    fn search<'n>(&self, search: &mut Search<'n>, over: impl Fn(&Vec<(&'n str, Signs)>) -> bool) {
        self.search_commands(search);
        self.search_files(search, over);
    }

    fn search_files<'n>(&self, search: &mut Search<'n>, over: impl Fn(&Vec<(&'n str, Signs)>) -> bool) {
        let sources: Vec<&String> = self.program().sources.iter().collect();
        let others = self.project_sources();
        let sources: Vec<&String> = sources.into_iter().chain(&others).collect();
        for some in sources.chunks(AT_ONCE) {
            if over(&search.left) {
                return;
            }
            // Most files name none of them, and reading is what takes the time.
            let speaking: Vec<(&String, Arc<SourceFile>)> = some
                .par_iter()
                .filter_map(|path| Some((*path, self.workspace.read(path).ok()?)))
                .filter(|(_, file)| search.may_be_in(file.text()))
                .collect();
            for (path, file) in speaking {
                let candidates = search.candidates(file.text());
                if !candidates.is_empty()
                    && let Some(imports) = self.imports_of(path)
                {
                    let spoken = Spoken::of(&imports, file.text());
                    search.drop(&candidates, |signs| signs.are_in(&spoken));
                }
            }
        }
        let texts = self.program().texts.iter().filter(|path| !names_packages_to_install(path)).cloned();
        for path in texts.chain(self.start_files()) {
            if over(&search.left) {
                return;
            }
            if let Ok(file) = self.workspace.read(&path) {
                search.drop_named_in(file.text());
            }
        }
    }

    /// Sources of local projects that are installed, where the build does not copy them: through a mount, as a path dependency.
    pub(in crate::facts) fn project_sources(&self) -> Vec<String> {
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
    pub(in crate::facts) fn start_files(&self) -> Vec<String> {
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
pub(in crate::facts) fn names_packages_to_install(path: &str) -> bool {
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
