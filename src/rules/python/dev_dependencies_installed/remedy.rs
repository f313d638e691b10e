//! Flags and words that keep development dependencies out.

use crate::diagnostic::Edit;
use crate::facts::commands::{Options, Pdm, Pipenv, Poetry, Uv};
use crate::facts::python::{Bundle, BundleKind, GroupChoice, InstalledExtra, PythonInstall, Reached, Tool};
use crate::facts::{Argument, Facts, Invocation, Origin};
use crate::rules::deletion::{delete, without_extra};
use crate::rules::dev_group::{set_above, switch, syncs_again};
use crate::rules::phrase::listed;

/// The first version of poetry that knows groups.
const GROUPS_SINCE: (u32, u32) = (1, 2);

/// What to do, as a clause.
pub(super) fn help(facts: &Facts<'_>, installs: &[&PythonInstall], bundles: &[Bundle]) -> String {
    let Some(&install) = installs.first() else { return String::new() };
    let files: Vec<&Bundle> = bundles.iter().filter(|bundle| bundle.kind == BundleKind::File).collect();
    let flags = flags(facts, install, bundles);
    if let Some(flags) = flags.filter(|flags| !flags.is_empty()) {
        if let Some(again) = installs.iter().find_map(|install| syncs_again(facts, install)) {
            let Reached { file, by } = &again.reached;
            let why = format!("`{by}` in `{file}` syncs again and would bring it back");
            return match switch_of(facts, install, bundles) {
                Some(switch) => format!("set `{switch}`, not only `{flags}` here: {why}"),
                None => format!("add `{flags}` here and to each `uv run`: {why}"),
            };
        }
        let named: Vec<String> = bundles
            .iter()
            .filter_map(|bundle| match bundle.kind {
                BundleKind::Extra if is_included(install, bundle) => {
                    Some(format!("the extra `{}` of `{}`, which the manifests ask for", bundle.name, bundle.place.file))
                }
                BundleKind::Extra => Some(format!("the extra `{}`", bundle.name)),
                BundleKind::Group(GroupChoice::Named) => Some(format!("the group `{}`", bundle.name)),
                _ => None,
            })
            .collect();
        // `--no-dev` leaves out no extra, and no group that the command names.
        return match named.as_slice() {
            [] => format!("add `{flags}`"),
            _ => format!("add `{flags}`, and leave out {}", listed(&named)),
        };
    }
    match files.first() {
        Some(file) => format!("install the requirements of the program only, not `{}`", file.name),
        None if bundles.iter().any(|bundle| is_included(install, bundle)) => {
            let names: Vec<String> = bundles.iter().map(|bundle| format!("`{}`", bundle.name)).collect();
            let file = bundles.first().map(|bundle| bundle.place.file.as_ref()).unwrap_or_default();
            format!("ask for what includes {} of `{file}` without it", listed(&names))
        }
        None if bundles.iter().any(|bundle| bundle.kind == BundleKind::Extra) => "install without the extra".to_owned(),
        None => "install without the group".to_owned(),
    }
}

/// Whether an extra is not named by the command, but by a requirement or another extra.
fn is_included(install: &PythonInstall, bundle: &Bundle) -> bool {
    let mut named = install.projects.iter().filter(|project| project.direct).flat_map(|project| &project.extras);
    bundle.kind == BundleKind::Extra && !named.any(|extra| extra.name.as_str() == bundle.name)
}

/// What takes all bundles out of the command; `None` when not all of them can be.
pub(super) fn edits(facts: &Facts<'_>, install: &PythonInstall) -> Option<Vec<Edit>> {
    let (_, _, invocation) = facts.site_of(install)?;
    let bundles = facts.development_bundles(install);
    let mut edits = Vec::new();
    let flags = flags(facts, install, &bundles)?;
    if let Some(again) = syncs_again(facts, install).filter(|_| !flags.is_empty()) {
        edits.push(set_above(facts, install, &again, switch_of(facts, install, &bundles)?)?);
    } else if !flags.is_empty() {
        edits.push(facts.insert_after(invocation, subcommand(install, invocation)?, &flags)?);
    }
    for bundle in &bundles {
        match bundle.kind {
            BundleKind::Group(GroupChoice::Default | GroupChoice::All) => {}
            BundleKind::Group(GroupChoice::Named) => edits.push(without_flag(facts, invocation, bundle)?),
            BundleKind::Extra => {
                let mut extras = install.projects.iter().flat_map(|project| &project.extras);
                let extra: &InstalledExtra =
                    extras.find(|extra| extra.name.as_str() == bundle.name && extra.word == bundle.word)?;
                edits.push(without_extra(facts, install, extra)?);
            }
            BundleKind::File => return None,
        }
    }
    // Two names in one list would be two edits of the same place.
    let overlap = |one: &Edit, other: &Edit| one != other && one.range.overlaps(other.range);
    let clash = edits.iter().any(|one| edits.iter().any(|other| overlap(one, other)));
    edits.dedup();
    (!clash && !edits.is_empty()).then_some(edits)
}

/// The instruction that keeps the group `dev` out of every sync, where the uv of the Dockerfile reads it.
fn switch_of(facts: &Facts<'_>, install: &PythonInstall, bundles: &[Bundle]) -> Option<&'static str> {
    let mut unnamed = bundles.iter().filter(|bundle| !matches!(bundle.kind, BundleKind::Group(GroupChoice::Named)));
    let only_dev = unnamed.all(|bundle| bundle.kind != BundleKind::Group(GroupChoice::Default) || bundle.name == "dev");
    let all = bundles.iter().any(|bundle| bundle.kind == BundleKind::Group(GroupChoice::All));
    switch(facts).filter(|_| install.tool == Tool::UvSync && only_dev && !all)
}

/// Flags that keep the groups out which nobody named. `None` when the tool cannot leave them out; empty when there are none.
fn flags(facts: &Facts<'_>, install: &PythonInstall, bundles: &[Bundle]) -> Option<String> {
    let unnamed = |bundle: &&Bundle| matches!(bundle.kind, BundleKind::Group(GroupChoice::Default | GroupChoice::All));
    let names: Vec<&str> = bundles.iter().filter(unnamed).map(|bundle| bundle.name.as_str()).collect();
    if names.is_empty() {
        return Some(String::new());
    }
    let (_, _, invocation) = facts.site_of(install)?;
    // Groups that stay are installed by default too.
    let alone = install.groups.iter().all(|group| names.contains(&group.name.as_str()));
    match install.tool {
        Tool::UvSync | Tool::UvAdd => {
            let flag = |name: &&str| if *name == "dev" { "--no-dev".to_owned() } else { format!("--no-group {name}") };
            Some(names.iter().map(flag).collect::<Vec<_>>().join(" "))
        }
        Tool::Poetry => {
            let poetry = Poetry::read(invocation)?;
            if !knows_groups(facts, install)? {
                return (names == ["dev"]).then(|| "--no-dev".to_owned());
            }
            let plain = alone && !poetry.options.has(&["--with", "--without", "--only"]);
            Some(if plain { "--only main".to_owned() } else { format!("--without {}", names.join(",")) })
        }
        Tool::Pdm => {
            let pdm = Pdm::read(invocation)?;
            let plain =
                alone && !pdm.options.has(&["-G", "--group", "--with", "--without", "-d", "--dev", "--no-default"]);
            plain.then(|| "--prod".to_owned())
        }
        _ => None,
    }
}

fn subcommand<'i>(install: &PythonInstall, invocation: &'i Invocation) -> Option<&'i Argument> {
    match install.tool {
        Tool::UvSync | Tool::UvAdd => Some(Uv::read(invocation)?.subcommand),
        Tool::Poetry => Some(Poetry::read(invocation)?.subcommand),
        Tool::Pdm => Some(Pdm::read(invocation)?.subcommand),
        _ => None,
    }
}

/// Takes `--group dev`, `--with dev`, `--dev` or `-d` out.
fn without_flag(facts: &Facts<'_>, invocation: &Invocation, bundle: &Bundle) -> Option<Edit> {
    if invocation.origin != Origin::Instruction {
        return None;
    }
    let options: Options<'_> = match invocation.program.as_str() {
        "uv" => Uv::read(invocation)?.options,
        "poetry" => Poetry::read(invocation)?.options,
        "pipenv" => Pipenv::read(invocation)?.options,
        _ => return None,
    };
    let flags = ["--group", "--with", "--dev", "-d"];
    let flag = options.uses(&flags).find(|flag| {
        flag.value_argument.unwrap_or(flag.argument).range == bundle.word
            && flag.value.as_ref().is_none_or(|value| value.text() == bundle.name)
    })?;
    let last = flag.value_argument.unwrap_or(flag.argument);
    // `-vd`: other flags share the word.
    let whole = flag.argument.value.text();
    let own = whole == flag.name || whole.strip_prefix(&*flag.name).is_some_and(|rest| rest.starts_with('='));
    let first = invocation.arguments.iter().position(|argument| std::ptr::eq(argument, flag.argument))?;
    if !own || !last.whole {
        return None;
    }
    delete(facts, invocation, first, last)
}

/// Whether the poetry that the Dockerfile brings knows groups. `None` when that cannot be told.
fn knows_groups(facts: &Facts<'_>, install: &PythonInstall) -> Option<bool> {
    let mut versions: Vec<Option<(u32, u32)>> = Vec::new();
    for stage in &facts.stages {
        for run in &stage.runs {
            versions.extend(run.state.environment.get("POETRY_VERSION").map(|variable| parse(variable.value.known()?)));
            let words = run.invocations.iter().filter(|invocation| invocation.program != "poetry");
            for word in words.flat_map(|invocation| &invocation.arguments) {
                let text = word.value.text();
                if let Some(version) = text.strip_prefix("poetry==").or_else(|| text.strip_prefix("poetry~=")) {
                    versions.push(parse(version));
                }
            }
        }
    }
    if versions.is_empty() {
        let manifest = install.projects.first()?.manifest.clone();
        let text = facts.workspace.read(&manifest).ok()?;
        let text = text.text();
        // Only a poetry that knows groups reads these, and one that nobody pins is new.
        let new = text.contains("tool.poetry.group") || text.contains("[dependency-groups]");
        let words = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let newest = words.flat_map(|invocation| &invocation.arguments).any(|word| {
            matches!(word.value.known(), Some("poetry")) || word.value.text().contains("install.python-poetry.org")
        });
        return (new || newest).then_some(true);
    }
    let known: Option<Vec<(u32, u32)>> = versions.into_iter().collect();
    let known = known?;
    let new = known.iter().all(|&version| version >= GROUPS_SINCE);
    let old = known.iter().all(|&version| version < GROUPS_SINCE);
    (new || old).then_some(new)
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches(['=', '^', '~', '>']).split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(u32::MAX), |part| part.trim_end_matches('*').parse().ok());
    Some((major, minor?))
}
