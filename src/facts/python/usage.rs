//! Which of several packages the program uses, looked for in one pass.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use rayon::prelude::*;

use crate::catalogue;
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::python::imports::Imports;
use crate::text::SourceFile;
use crate::workspace::{Workspace, is_report, parent};

use super::has_extension;
use super::program::each_in_key;
use super::sieve::Sieve;

/// A word of this length may stand inside another; a shorter one stands alone: `ray` is no part of `array`.
const LONG: usize = 5;
/// Sources that are looked through before the matcher is made anew for what is left: few at first, since most packages that are
/// used are used in the first sources.
const AT_ONCE: std::ops::RangeInclusive<usize> = 16..=256;
/// To look for each word in a text of so many bytes takes less than to make ready for looking for all at once.
const SHORT: usize = 200;
/// Bytes times words that are looked at one by one before it is made ready all the same: a small program has no more.
const ONE_BY_ONE: usize = 400_000;
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
        let mut commands = vec![package.to_lowercase(), package.replace('-', "_").to_lowercase()];
        let others = catalogue::commands(package).iter().filter(|command| !command.contains(' '));
        commands.extend(others.map(|command| (*command).to_owned()));
        words.extend(commands.iter().cloned());
        words.retain(|word| word.len() > 1);
        words.sort_unstable();
        words.dedup();
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

/// Whether `text` has the words of `command` one behind the other, whatever quotes and commas stand in between:
/// `["jupyter", "lab"]` has `jupyter lab`.
pub(super) fn speaks_in_turn(text: &str, command: &str) -> bool {
    let wanted: Vec<&str> = command.split(' ').collect();
    if !wanted.iter().all(|word| text.contains(word)) {
        return false;
    }
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    let words: Vec<&str> = text.split(|character| !is_part(character)).filter(|word| !word.is_empty()).collect();
    words.windows(wanted.len()).any(|some| some == wanted)
}

/// What stands in any text that says `word`, however it takes it apart: `from google.cloud import aiplatform` says `google.cloud.aiplatform`.
pub(super) fn spelled(word: &str) -> &str {
    word.split('.').max_by_key(|part| part.len()).unwrap_or(word)
}

/// When a search ends before everything was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Until {
    AllAreNamed,
    OneIsNamed,
}

impl Until {
    /// Whether it does, with so many packages `left` of those that were `asked` for.
    fn is_over(self, left: usize, asked: usize) -> bool {
        match self {
            Self::AllAreNamed => left == 0,
            Self::OneIsNamed => left < asked,
        }
    }
}

/// The packages that are still looked for.
struct Search<'n> {
    left: Vec<(&'n str, Arc<Signs>)>,
    /// Bytes times words that were looked at one by one.
    looked_at: AtomicUsize,
    /// What tells fast that a text holds no word of any; `None` where that cannot be.
    sieve: OnceLock<Option<Sieve>>,
    matcher: OnceLock<Option<Matcher<'n>>>,
}

/// What finds the words of packages.
struct Matcher<'n> {
    words: AhoCorasick,
    /// The package that each of the words belongs to.
    owners: Vec<&'n str>,
}

impl<'n> Matcher<'n> {
    fn new(packages: &[(&'n str, Arc<Signs>)]) -> Option<Self> {
        let words = packages.iter().flat_map(|(_, signs)| signs.words.iter().map(|word| spelled(word)));
        let mut builder = AhoCorasickBuilder::new();
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        let owners = packages.iter().flat_map(|(name, signs)| std::iter::repeat_n(*name, signs.words.len()));
        Some(Self { words: builder.build(words).ok()?, owners: owners.collect() })
    }
}

impl<'n> Search<'n> {
    fn new(workspace: &Workspace, names: &[&'n str]) -> Self {
        let signs = |name: &str| workspace.remembered_of_names(&format!("signs\0{name}"), || Signs::of(name));
        let left = names.iter().map(|&name| (name, signs(name))).collect();
        Self { left, looked_at: AtomicUsize::new(0), sieve: OnceLock::new(), matcher: OnceLock::new() }
    }

    fn sieve(&self) -> Option<&Sieve> {
        let words = || self.left.iter().flat_map(|(_, signs)| signs.words.iter().map(|word| spelled(word)));
        self.sieve.get_or_init(|| Sieve::new(words())).as_ref()
    }

    /// The words of all that is left, and perhaps of what was found since.
    fn matcher(&self) -> Option<&Matcher<'n>> {
        self.matcher.get_or_init(|| Matcher::new(&self.left)).as_ref()
    }

    /// Whether each word is rather looked for in `text` by itself.
    fn looks_one_by_one(&self, text: &str) -> bool {
        let words: usize = self.left.iter().map(|(_, signs)| signs.words.len()).sum();
        let before = self.looked_at.fetch_add(text.len().saturating_mul(words), Ordering::Relaxed);
        before.saturating_add(text.len().saturating_mul(words)) <= ONE_BY_ONE
    }

    /// Whether the text can hold a word of any. Where that takes as long as to say of which, it is not looked into.
    fn may_be_in(&self, text: &str) -> bool {
        if self.sieve.get().is_none() && self.looks_one_by_one(text) {
            return true;
        }
        match self.sieve() {
            Some(sieve) => sieve.holds_back(text),
            None => self.matcher().is_some_and(|matcher| matcher.words.is_match(text)),
        }
    }

    /// The places of the packages that the text may use: those of which it holds a word, wherever.
    fn candidates(&self, text: &str) -> Vec<usize> {
        if self.matcher.get().is_none() && self.looked_at.load(Ordering::Relaxed) <= ONE_BY_ONE {
            let text = text.to_ascii_lowercase();
            let holds = |signs: &Signs| signs.words.iter().any(|word| text.contains(spelled(word)));
            let left = self.left.iter().enumerate();
            return left.filter(|(_, (_, signs))| holds(signs)).map(|(place, _)| place).collect();
        }
        let Some(matcher) = self.matcher() else { return Vec::new() };
        let mut found: Vec<&str> = Vec::new();
        for hit in matcher.words.find_overlapping_iter(text) {
            if let Some(owner) = matcher.owners.get(hit.pattern().as_usize())
                && !found.contains(owner)
            {
                found.push(owner);
            }
        }
        let left = self.left.iter().enumerate();
        left.filter(|(_, (name, _))| found.contains(name)).map(|(place, _)| place).collect()
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
            self.sieve = OnceLock::new();
        }
    }

    fn drop_named_in(&mut self, text: &str) {
        if text.len() <= SHORT {
            let text = text.to_lowercase();
            let all: Vec<usize> = (0..self.left.len()).collect();
            self.drop(&all, |signs| signs.are_in_text(&text));
        } else if self.may_be_in(text) {
            let candidates = self.candidates(text);
            let text = text.to_lowercase();
            self.drop(&candidates, |signs| signs.are_in_text(&text));
        }
    }
}

/// What is looked through besides the program, and what is not.
struct Beside<'a> {
    /// Sources that compose files mount.
    mounted: Vec<String>,
    /// Whatever they are called, these name packages because they install them.
    manifests: BTreeSet<&'a str>,
}

impl Facts<'_> {
    /// Those of `packages` that nothing names: no import, however lazy, no string, identifier, setting, command or deployment file.
    #[must_use]
    pub fn unnamed_packages<'n>(&self, packages: &[&'n str]) -> Vec<&'n str> {
        let mut search = Search::new(self.workspace, packages);
        self.search_commands(&mut search);
        self.search_entry_points(&mut search);
        self.search_files(&mut search, Until::AllAreNamed, packages.len());
        search.left.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether anything names one of `packages`.
    #[must_use]
    pub fn names_one_of(&self, packages: &[&str]) -> bool {
        let mut search = Search::new(self.workspace, packages);
        self.search_commands(&mut search);
        self.search_entry_points(&mut search);
        self.search_files(&mut search, Until::OneIsNamed, packages.len());
        search.left.len() < packages.len()
    }

    /// [`Facts::unnamed_packages`], what the Dockerfile itself says left out: there `playwright install` names what it fetches.
    #[must_use]
    pub(super) fn unnamed_in_files<'n>(&self, packages: &[&'n str]) -> Vec<&'n str> {
        let mut search = Search::new(self.workspace, packages);
        self.search_files(&mut search, Until::AllAreNamed, packages.len());
        search.left.into_iter().map(|(name, _)| name).collect()
    }

    fn search_entry_points(&self, search: &mut Search<'_>) {
        for (_, reference) in self.entry_points() {
            search.drop_named_in(&reference);
        }
    }

    /// Drops what files name. They are looked through once for all that ask for the same.
    fn search_files(&self, search: &mut Search<'_>, until: Until, asked: usize) {
        if until.is_over(search.left.len(), asked) {
            return;
        }
        let names: Vec<&str> = search.left.iter().map(|(name, _)| *name).collect();
        let beside = Beside {
            mounted: self.mounted_sources().sources,
            manifests: self.python_installs().iter().flat_map(|install| &install.files).map(String::as_str).collect(),
        };
        let question = [
            format!("named\0{until:?}"),
            parent(&self.service.dockerfile).to_owned(),
            each_in_key(self.project_folders()),
            each_in_key(&beside.mounted),
            each_in_key(&beside.manifests),
            names.join("\0"),
        ];
        let left = self.of_program(&question.join("\0\0"), || {
            let mut search = Search::new(self.workspace, &names);
            self.look_through(&mut search, &beside, until, names.len());
            search.left.into_iter().map(|(name, _)| name.to_owned()).collect::<HashSet<String>>()
        });
        search.left.retain(|(name, _)| left.contains(*name));
    }

    fn look_through(&self, search: &mut Search<'_>, beside: &Beside<'_>, until: Until, asked: usize) {
        let sources = &self.program().sources;
        let others = self.project_sources();
        let beside_it: Vec<&String> = others.iter().chain(&beside.mounted).collect();
        let files = self.program().files_and(self.workspace, &beside_it);
        let sources: Vec<&String> = sources.iter().chain(beside_it).collect();
        match files {
            Some(files) => {
                let names: Vec<&str> = search.left.iter().map(|(name, _)| *name).collect();
                let question = format!("named in sources\0{until:?}\0{}", names.join("\0"));
                let left = self.workspace.remembered_of_files(&question, &files, || {
                    let mut search = Search::new(self.workspace, &names);
                    self.look_through_sources(&mut search, &sources, until, asked);
                    search.left.into_iter().map(|(name, _)| name.to_owned()).collect::<HashSet<String>>()
                });
                search.left.retain(|(name, _)| left.contains(*name));
                search.sieve = OnceLock::new();
            }
            None => self.look_through_sources(search, &sources, until, asked),
        }
        let texts = self.program().texts.iter().filter(|path| !names_packages_to_install(path)).cloned();
        for path in texts.chain(self.start_files()).filter(|path| !beside.manifests.contains(path.as_str())) {
            if until.is_over(search.left.len(), asked) {
                return;
            }
            if let Some(file) = self.workspace.read(&path).ok().filter(|file| !is_report(file.text())) {
                search.drop_named_in(file.text());
            }
        }
    }

    fn look_through_sources(&self, search: &mut Search<'_>, sources: &[&String], until: Until, asked: usize) {
        let mut rest = sources;
        let mut at_once = *AT_ONCE.start();
        while let Some((some, later)) =
            rest.split_at_checked(at_once.min(rest.len())).filter(|(some, _)| !some.is_empty())
        {
            if until.is_over(search.left.len(), asked) {
                return;
            }
            rest = later;
            at_once = (2 * at_once).min(*AT_ONCE.end());
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
