//! Which stage each instruction belongs to.

use crate::catalogue::Release;
use crate::dockerfile::edit::{Cut, with_cuts};
use crate::dockerfile::{Arguments, Instruction, Keyword};
use crate::facts::commands::{Apt, AptAction};
use crate::facts::paths::{file_name, is_below};
use crate::facts::python::Way;
use crate::facts::{Facts, Guard, Run, Source, StageFacts, Transfer};
use crate::text::TextRange;
use crate::workspace::is_report;

use super::commands::{Role, is_cleanup, roles};
use super::environment::Environment;
use super::later::{is_alone, purges};
use super::packages::{Copy, Packages, installing, is_for_building, without_command};
use super::{Refusal, Repeat, Split, Tools, quoted};

/// Variables that only installers read.
const FOR_INSTALLERS: [&str; 3] = ["UV_", "PIP_", "POETRY_"];
/// Programs that make or change files where they are told to.
const PLAIN: [&str; 9] = ["mkdir", "chmod", "chown", "touch", "ln", "install", "chgrp", "locale-gen", "mv"];
/// What fetches an installer and runs it.
const FETCHES: [&str; 14] =
    ["curl", "wget", "sh", "bash", "ln", "mv", "chmod", "rm", "echo", "python", "install", "cp", "env", "apt-get"];

/// What becomes of an instruction of the builder.
enum Side {
    Builder,
    Both(Vec<Cut>),
    Runtime,
}

struct Sorter<'f, 'w> {
    facts: &'f Facts<'w>,
    stage: &'f StageFacts,
    tools: &'f Tools,
    environment: &'f Environment,
    first_install: usize,
    last_install: usize,
}

/// Sorts what stands up to the last install.
pub(super) fn split(
    facts: &Facts<'_>,
    stage: &StageFacts,
    base: String,
    environment: Environment,
    tools: &Tools,
    packages: &mut Packages,
) -> Result<Split, Refusal> {
    let installs = |run: &&Run| roles(run).contains(&Role::Installs);
    let mut installing = stage.runs.iter().filter(installs).map(|run| run.instruction);
    let first_install = installing.next().ok_or_else(Refusal::unsaid)?;
    let last_install = installing.next_back().unwrap_or(first_install);
    let (last, dropped) = purges(facts, stage, last_install)?;
    for run in stage.runs.iter().filter(|run| run.instruction <= last) {
        packages.note_kept(run);
    }
    packages.kept.retain(|name| !is_for_building(name));
    let sorter = Sorter { facts, stage, tools, environment: &environment, first_install, last_install };
    let mut sides: Vec<(usize, Side)> = Vec::new();
    for number in stage.from + 1..=last {
        let Some(instruction) = facts.dockerfile.instructions.get(number) else { continue };
        sides.push((number, sorter.side(number, instruction, packages)?));
    }
    without_idle_updates(facts, stage, last, &mut sides);
    let later = (last + 1..facts.dockerfile.instructions.len()).filter(|at| !dropped.contains(at));
    let mut runtime: Vec<(usize, String)> = Vec::new();
    for (number, side) in &sides {
        let cuts: &[Cut] = match side {
            Side::Builder => continue,
            Side::Both(cuts) => cuts,
            Side::Runtime => &[],
        };
        let range = facts.dockerfile.instructions.get(*number).map(|instruction| instruction.range).unwrap_or_default();
        runtime.push((*number, with_cuts(facts.source.text(), range, cuts)));
    }
    runtime.extend(later.filter_map(|at| {
        let instruction = facts.dockerfile.instructions.get(at)?;
        Some((at, facts.source.slice(instruction.range).to_owned()))
    }));
    let (mut repeats, mut changes) = (Vec::new(), Vec::new());
    for (number, side) in sides {
        let Some(instruction) = facts.dockerfile.instructions.get(number) else { continue };
        let (mut cuts, movable) = match side {
            Side::Builder => continue,
            Side::Both(cuts) => (cuts, false),
            Side::Runtime => (Vec::new(), true),
        };
        if is_unread(facts, number, instruction, &runtime) {
            continue;
        }
        let shared = locked_mounts(facts, stage, number)?;
        cuts.extend(shared.iter().cloned());
        changes.extend(shared);
        let leaves_builder = movable && is_alone(facts, instruction);
        repeats.push(Repeat { instruction: number, cuts, leaves_builder });
    }
    let covers = |repeat: &Repeat| {
        let transfers = stage.transfers.iter().filter(|transfer| transfer.instruction == repeat.instruction);
        transfers.into_iter().any(|transfer| {
            transfer
                .destination
                .known()
                .is_none_or(|place| is_below(&environment.path, place) || is_below(place, &environment.path))
        })
    };
    let environment_last = repeats.iter().any(covers);
    Ok(Split {
        base,
        slimmed: false,
        environment,
        first_install,
        last,
        repeats,
        environment_last,
        sets_path: false,
        changes,
        dropped,
        added: Vec::new(),
        removed: Vec::new(),
        libraries: Vec::new(),
        saved: None,
        saved_base: None,
        saves_more: false,
    })
}

/// `RUN apt-get update` has nothing left to do where nothing is installed afterwards.
fn without_idle_updates(facts: &Facts<'_>, stage: &StageFacts, last: usize, sides: &mut [(usize, Side)]) {
    let run_at = |number: usize| stage.runs.iter().find(|run| run.instruction == number);
    let installs = |run: &Run| run.invocations.iter().any(|found| installing(found).is_some());
    let later = stage.runs.iter().any(|run| run.instruction > last && installs(run));
    let repeated =
        sides.iter().any(|(number, side)| !matches!(side, Side::Builder) && run_at(*number).is_some_and(installs));
    if later || repeated {
        return;
    }
    let idle = |run: &Run| {
        let apt = |found: &crate::facts::Invocation| {
            Apt::read(found).is_some_and(|apt| matches!(apt.action, AptAction::Update | AptAction::Clean))
        };
        run.invocations.iter().any(apt) && run.invocations.iter().all(|found| apt(found) || is_cleanup(found))
    };
    for (number, side) in sides.iter_mut() {
        let comment =
            facts.dockerfile.instructions.get(*number).is_some_and(|found| facts.dockerfile.holds_comment(found.range));
        if !comment && run_at(*number).is_some_and(idle) {
            *side = Side::Builder;
        }
    }
}

/// `ARG`s that nothing of the run-time stage reads, and variables that only installers read.
fn is_unread(facts: &Facts<'_>, number: usize, instruction: &Instruction, runtime: &[(usize, String)]) -> bool {
    let keyword = |at: usize| facts.dockerfile.instructions.get(at).map(|instruction| instruction.keyword);
    let others = || runtime.iter().filter(|(at, _)| *at != number);
    let scripts = || others().filter(|(at, _)| keyword(*at) == Some(Keyword::Run));
    match &instruction.arguments {
        Arguments::Declarations(declarations) => declarations.iter().all(|declaration| {
            let name = declaration.name.text.as_str();
            let read = others().any(|(at, text)| text.contains(name) && keyword(*at) != Some(Keyword::Arg));
            let silently = name.to_lowercase().ends_with("_proxy") || name.starts_with("DEBIAN");
            !read && (!silently || scripts().next().is_none())
        }),
        Arguments::Pairs(pairs) if instruction.keyword == Keyword::Env => {
            let for_installers = |name: &str| FOR_INSTALLERS.iter().any(|start| name.starts_with(start));
            let read = |name: &str| {
                let forms = [format!("${name}"), format!("${{{name}")];
                others().any(|(_, text)| forms.iter().any(|form| text.contains(form.as_str())))
            };
            let calls = || scripts().any(|(_, text)| ["pip", "uv ", "poetry"].iter().any(|tool| text.contains(tool)));
            pairs.iter().all(|pair| for_installers(&pair.name.text) && !read(&pair.name.text)) && !calls()
        }
        _ => false,
    }
}

/// apt locks its folders: stages that are built at the same time must not share a mount of them without locks of their own.
fn locked_mounts(facts: &Facts<'_>, stage: &StageFacts, number: usize) -> Result<Vec<Cut>, Refusal> {
    let Some(run) = stage.runs.iter().find(|run| run.instruction == number) else { return Ok(Vec::new()) };
    let mut cuts = Vec::new();
    for mount in run.mounts.iter().filter(|mount| mount.kind == "cache" && mount.target.text().contains("/apt")) {
        let written = mount.range.slice(facts.source.text());
        if written.contains("sharing=") {
            continue;
        }
        if written.ends_with(['"', '\'']) || written.contains(['\\', '`', '\n']) {
            return Err(Refusal::new("a mount that both stages share has to be locked"));
        }
        cuts.push((TextRange::empty(mount.range.end()), ",sharing=locked".to_owned()));
    }
    Ok(cuts)
}

impl Sorter<'_, '_> {
    fn side(&self, number: usize, instruction: &Instruction, packages: &mut Packages) -> Result<Side, Refusal> {
        if !instruction.heredocs.is_empty() {
            return Err(Refusal::new("a heredoc stands before the last install"));
        }
        match instruction.keyword {
            Keyword::Arg | Keyword::Env | Keyword::Workdir | Keyword::User => Ok(Side::Both(Vec::new())),
            Keyword::Label
            | Keyword::Expose
            | Keyword::Volume
            | Keyword::Stopsignal
            | Keyword::Healthcheck
            | Keyword::Cmd
            | Keyword::Entrypoint
            | Keyword::Maintainer => Ok(Side::Runtime),
            Keyword::Copy | Keyword::Add => {
                let transfer = self.stage.transfers.iter().find(|transfer| transfer.instruction == number);
                Ok(self.transfer(transfer.ok_or_else(|| Refusal::new("a `COPY` could not be read"))?))
            }
            Keyword::Run => {
                let run = self.stage.runs.iter().find(|run| run.instruction == number);
                self.run(run.ok_or_else(|| Refusal::new("a `RUN` could not be read"))?, packages)
            }
            Keyword::From | Keyword::Onbuild | Keyword::Shell | Keyword::Unknown => {
                Err(Refusal::new(format!("`{}` stands before the last install", instruction.raw_keyword)))
            }
        }
    }

    fn transfer(&self, transfer: &Transfer) -> Side {
        let installer = self.facts.installers().iter().find(|installer| {
            matches!(installer.way, Way::Copied(number)
                if self.stage.transfers.get(number).is_some_and(|other| other.instruction == transfer.instruction))
        });
        if let Some(installer) = installer {
            let kept = self.tools.kept.contains(&installer.tool);
            return if kept { Side::Both(Vec::new()) } else { Side::Builder };
        }
        if transfer.source != Source::Context {
            return Side::Both(Vec::new());
        }
        let manifests = transfer.paths.iter().all(|(path, _)| path.known().is_some_and(is_manifest));
        let named = |name: &str| self.is_named(name);
        let needed = transfer.paths.iter().any(|(path, _)| path.known().is_none_or(|path| named(file_name(path))));
        // What `uv run` syncs with when the image starts.
        if manifests && !needed && self.tools.kept.is_empty() { Side::Builder } else { Side::Both(Vec::new()) }
    }

    /// Whether the program, or a later instruction, names a file.
    fn is_named(&self, name: &str) -> bool {
        let program = self.facts.program();
        let texts = program.sources.iter().chain(&program.texts).filter(|path| file_name(path) != name);
        let mut texts = texts.filter_map(|path| self.facts.workspace.read(path).ok());
        let later = self.facts.dockerfile.instructions.iter().skip(self.last_install + 1);
        !program.is_known()
            || texts.any(|file| file.text().contains(name) && !is_report(file.text()))
            || later.into_iter().any(|other| other.body.text().contains(name))
    }

    fn run(&self, run: &Run, packages: &mut Packages) -> Result<Side, Refusal> {
        let roles = roles(run);
        let facts = self.facts;
        let has = |role: Role| roles.contains(&role);
        let command = |wanted: Role| {
            let mut found = run.invocations.iter().zip(&roles).filter(|(_, role)| **role == wanted);
            found.next().map(|(found, _)| quoted(facts.source.slice(found.range), &found.program)).unwrap_or_default()
        };
        if run
            .invocations
            .iter()
            .any(|found| matches!(found.guard, Guard::Sometimes | Guard::Elsewhere) && found.program != "rm")
        {
            return Err(Refusal::new("a `RUN` before the last install decides by conditions what it does"));
        }
        if has(Role::Installs) {
            return self.installing_run(run, &roles, packages);
        }
        if has(Role::Compiles) {
            return Err(Refusal::new(format!(
                "{} may put its result outside of the environment",
                command(Role::Compiles)
            )));
        }
        let installer = facts.installers().iter().any(|installer| {
            matches!(installer.way, Way::Command(number, _) if self.stage.runs.get(number).is_some_and(|other| other.range == run.range))
        });
        let fetches = run
            .invocations
            .iter()
            .all(|found| FETCHES.contains(&found.program.as_str()) && installing(found).is_none());
        if (installer && fetches)
            || (roles.iter().any(|role| matches!(role, Role::BringsInstaller | Role::SetsUp))
                && roles.iter().all(|role| matches!(role, Role::BringsInstaller | Role::SetsUp | Role::Cleans)))
        {
            return Ok(Side::Builder);
        }
        if roles.iter().any(|role| matches!(role, Role::BringsInstaller | Role::SetsUp)) {
            return Err(Refusal::new("one `RUN` brings an installer and does other things"));
        }
        if run.opaque || run.script.is_none() {
            return Err(Refusal::new(format!("what `{}` does cannot be seen", self.first_words(run))));
        }
        if has(Role::Purges) {
            let only = roles.iter().all(|role| matches!(role, Role::Purges | Role::Cleans));
            return if only {
                Ok(Side::Builder)
            } else {
                Err(Refusal::new("one `RUN` removes packages and does other things"))
            };
        }
        let number = run.instruction;
        let between = number > self.first_install && number <= self.last_install;
        let simple =
            |found: &crate::facts::Invocation| PLAIN.contains(&found.program.as_str()) || Apt::read(found).is_some();
        let odd = run
            .invocations
            .iter()
            .zip(&roles)
            .find(|(found, role)| !matches!(role, Role::Cleans | Role::MakesUsers) && !simple(found));
        if let Some((found, role)) = odd.filter(|(_, role)| between || **role == Role::RunsPython) {
            let place = if *role == Role::RunsPython { "before the last install" } else { "between two installs" };
            let command = quoted(facts.source.slice(found.range), &found.program);
            return Err(Refusal::new(format!("{command} runs {place}")));
        }
        if has(Role::MakesUsers)
            && roles.iter().all(|role| matches!(role, Role::MakesUsers | Role::Cleans))
            && !self.builder_has_users()
        {
            return Ok(Side::Runtime);
        }
        match packages.copy(facts, run, Release::of(&self.stage.image))? {
            Copy::Nothing => Ok(Side::Builder),
            Copy::With(cuts) => Ok(Side::Both(cuts)),
        }
    }

    fn first_words(&self, run: &Run) -> String {
        let text = self.facts.source.slice(run.range);
        text.split_whitespace().take(3).collect::<Vec<_>>().join(" ").replace('`', "'")
    }

    /// A `RUN` that installs packages of the service, and may install system packages, too.
    fn installing_run(&self, run: &Run, roles: &[Role], packages: &mut Packages) -> Result<Side, Refusal> {
        let mut system = false;
        for (found, role) in run.invocations.iter().zip(roles) {
            system |= installing(found).is_some();
            let known =
                matches!(role, Role::Installs | Role::SetsUp | Role::BringsInstaller | Role::Cleans | Role::Purges);
            if !known && Apt::read(found).is_none() {
                let command = quoted(self.facts.source.slice(found.range), &found.program);
                return Err(Refusal::new(format!("{command} runs in one `RUN` with an install")));
            }
        }
        if run.opaque {
            return Err(Refusal::new("what runs beside an install cannot be seen"));
        }
        // `pip install … && find /usr/local -name '*.pyc' -delete`
        let cleans = |found: &crate::facts::Invocation| {
            is_cleanup(found) && found.arguments.iter().any(|word| word.value.text().starts_with("/usr/local"))
        };
        if let Some(found) = run.invocations.iter().find(|found| self.environment.is_new && cleans(found)) {
            let command = quoted(self.facts.source.slice(found.range), &found.program);
            return Err(Refusal::new(format!("{command} makes packages smaller where they would not be")));
        }
        if !system {
            return Ok(Side::Builder);
        }
        let before = packages.kept.len();
        let cuts = match packages.copy(self.facts, run, Release::of(&self.stage.image))? {
            Copy::Nothing => return Ok(Side::Builder),
            Copy::With(cuts) => cuts,
        };
        let keeps = |found: &crate::facts::Invocation| {
            installing(found).is_some_and(|apt| apt.packages().any(|(name, _)| !is_for_building(name)))
        };
        let left = run.invocations.iter().any(keeps) || cuts.iter().any(|(_, text)| !text.is_empty());
        if !left && packages.kept.len() == before {
            return Ok(Side::Builder);
        }
        let mut cuts = cuts;
        for (found, role) in run.invocations.iter().zip(roles) {
            if matches!(role, Role::Installs | Role::SetsUp | Role::BringsInstaller | Role::Purges) {
                cuts.push(without_command(self.facts, found)?);
            }
        }
        Ok(Side::Both(cuts))
    }

    /// Whether something in the builder goes by the name of a user.
    fn builder_has_users(&self) -> bool {
        let head = self.facts.dockerfile.instructions.iter().take(self.last_install + 1).skip(self.stage.from + 1);
        head.into_iter().any(|instruction| {
            instruction.keyword == Keyword::User
                || instruction.flag("chown").is_some()
                || instruction.body.text().contains("chown")
        })
    }
}

/// Files that tell what is installed, and nothing else.
fn is_manifest(path: &str) -> bool {
    let name = file_name(path).to_lowercase();
    let text = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    text.is_some_and(|stem| stem.contains("requirements") || stem.contains("constraints"))
        || matches!(name.as_str(), "uv.lock" | "poetry.lock" | ".python-version")
}
