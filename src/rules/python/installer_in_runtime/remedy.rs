//! What to do about an installer that stays, and the edits where they can be certain.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::dockerfile::{Arguments, Keyword};
use crate::facts::python::{Installer, InstallerTool, Reached, Tool, Way};
use crate::facts::{Facts, Guard, Invocation, Origin, Run, Source, StageFacts, Transfer};
use crate::text::TextRange;

/// The image that uv is published in.
const UV_IMAGE: &str = "ghcr.io/astral-sh/uv";
/// Programs that call an installer without a word of it in their command line.
const INDIRECT: [&str; 10] =
    ["nox", "tox", "hatch", "just", "task", "invoke", "pre-commit", "ansible-playbook", "bazel", "pants"];

pub(super) fn help(facts: &Facts<'_>, installer: &Installer, wrapper: Option<&Reached>) -> String {
    let name = installer.tool.name();
    if let Some(reached) = wrapper {
        let start = if has_environment(facts, installer) {
            "start the program itself, with `PATH` led by the environment's `bin`"
        } else {
            "start the program itself, which is on `PATH`"
        };
        let syncs = name == "uv" && !reached.by.contains("--no-sync");
        let why = if syncs { "; `uv run` without `--no-sync` also syncs the environment at each start" } else { "" };
        return format!("{start}: then `{name}` is needed by the build alone{why}");
    }
    if let Some(folder) = shared_environment(facts, installer) {
        return format!(
            "install `{name}` into an environment of its own, not into `{folder}` with the program, and in a builder stage: then `COPY --from=builder {folder} {folder}` leaves it behind"
        );
    }
    if installer.tool != InstallerTool::Uv {
        return format!(
            "install with `{name}` in a builder stage and copy what it installed: `COPY --from=builder /app/.venv /app/.venv`"
        );
    }
    if !facts.is_in_final(installer.stage) {
        return "keep it out of the folder that is copied: mount it in the `RUN`s that call it, \
                `RUN --mount=from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv uv …`"
            .to_owned();
    }
    if !matches!(installer.way, Way::Base) && !is_called_behind(facts, installer) {
        let again = comes_again(facts, installer);
        let again =
            if again { ", and out of the folder of another stage that is copied here and holds it" } else { "" };
        return format!("leave `{name}` out of this stage, where no command calls it{again}");
    }
    let image = match installer.way {
        Way::Copied(number) => facts
            .stages
            .get(installer.stage)
            .and_then(|stage| stage.transfers.get(number))
            .and_then(|transfer| source_word(facts, transfer)),
        Way::Command(..) => pinned(facts, installer),
        Way::Base => None,
    };
    let image = image.unwrap_or_else(|| UV_IMAGE.to_owned());
    let mount = format!("`RUN --mount=from={image},source=/uv,target=/bin/uv uv …`");
    match installer.way {
        Way::Base => {
            format!("build on the Python image that it is made from and mount `uv` where it is called: {mount}")
        }
        Way::Command(..) => format!("mount it where it is called instead of installing it: {mount}"),
        Way::Copied(_) => format!("mount it where it is called: {mount}"),
    }
}

/// Whether the installer makes an environment, rather than installing into the system's Python.
fn has_environment(facts: &Facts<'_>, installer: &Installer) -> bool {
    if installer.tool != InstallerTool::Poetry {
        return true;
    }
    let is_off = |value: &str| matches!(value.to_lowercase().as_str(), "0" | "false" | "no");
    !facts.stages.iter().any(|stage| {
        let variable = stage.state.environment.known("POETRY_VIRTUALENVS_CREATE").is_some_and(is_off);
        let configured = stage.runs.iter().flat_map(|run| &run.invocations).any(|invocation| {
            invocation.program == "poetry"
                && invocation.has_argument("virtualenvs.create")
                && invocation.arguments.last().is_some_and(|last| is_off(last.value.text()))
        });
        variable || configured
    })
}

/// The environment of the program where the installer lies in it, too.
fn shared_environment(facts: &Facts<'_>, installer: &Installer) -> Option<String> {
    let place = installer.places.first()?;
    let (prefix, _) = place.rsplit_once("/lib/python").or_else(|| place.rsplit_once("/bin/"))?;
    let mut installs = facts.python_installs().iter().filter(|install| {
        install.stage == installer.stage && matches!(install.tool, Tool::Poetry | Tool::Pdm | Tool::UvSync)
    });
    let is_own = installs.any(|install| {
        facts.site_of(install).is_some_and(|(_, _, invocation)| {
            let folder = invocation.workdir.known().unwrap_or("/");
            prefix == format!("{}/.venv", folder.trim_end_matches('/'))
        })
    });
    is_own.then(|| prefix.to_owned())
}

/// Whether a stage that what is shipped copies from has it as well.
fn comes_again(facts: &Facts<'_>, installer: &Installer) -> bool {
    let transfers = facts.stages.get(installer.stage).map(|stage| stage.transfers.as_slice()).unwrap_or_default();
    let source = match installer.way {
        Way::Copied(number) => transfers.get(number).map(|transfer| &transfer.source),
        Way::Base | Way::Command(..) => None,
    };
    facts.installers().iter().any(|other| {
        other.tool == installer.tool
            && !facts.is_in_final(other.stage)
            && source != Some(&Source::Stage(other.stage))
            && facts.keeps_installer(other)
    })
}

/// Whether a command of the stage that the installer comes into, or of one built on it, calls it.
fn is_called_behind(facts: &Facts<'_>, installer: &Installer) -> bool {
    let callers = facts.installer_callers(installer.tool);
    facts.descendants(installer.stage).iter().any(|stage| callers.contains(stage))
}

/// The image with the version that the command pins: `pip install uv==0.9.24`.
fn pinned(facts: &Facts<'_>, installer: &Installer) -> Option<String> {
    let word = installer.range.slice(facts.source.text()).trim_matches(['"', '\'']);
    let (_, version) = word.split_once("==")?;
    let plain = version.chars().all(|character| character.is_ascii_digit() || character == '.');
    (plain && !version.is_empty()).then(|| format!("{UV_IMAGE}:{version}"))
}

/// The value of `--from` as it is written, unless a variable is in it.
fn source_word(facts: &Facts<'_>, transfer: &Transfer) -> Option<String> {
    let instruction = facts.dockerfile.instructions.get(transfer.instruction)?;
    let value = instruction.flag("from")?.value.clone()?;
    (!value.contains(['$', '"', '\'', ','])).then_some(value)
}

/// Takes the `COPY` out and mounts what it copied in each `RUN` that calls it.
pub(super) fn fix(facts: &Facts<'_>, installer: &Installer) -> Option<Fix> {
    let Way::Copied(number) = installer.way else { return None };
    let stage = facts.stages.get(installer.stage)?;
    let transfer = stage.transfers.get(number)?;
    let from = source_word(facts, transfer)?;
    let programs = programs(transfer)?;
    // A second way in, or a stage that takes it on, needs the copy.
    let others =
        facts.installers().iter().filter(|other| other.tool == installer.tool && other.range != installer.range);
    let heirs = facts.descendants(stage.index);
    let mut others = others.into_iter();
    if others.any(|other| heirs.contains(&other.stage))
        || comes_again(facts, installer)
        || is_taken_on(facts, &heirs, &programs)
    {
        return None;
    }
    let stages: Vec<&StageFacts> = heirs.iter().filter_map(|&index| facts.stages.get(index)).collect();
    if stages.iter().any(|heir| heir.index != stage.index && starts_it(facts, heir)) {
        return None;
    }
    let mut edits = vec![without_instruction(facts, transfer.range)?];
    let mut mounted = 0;
    for run in stages.iter().flat_map(|stage| &stage.runs).filter(|run| run.instruction > transfer.instruction) {
        let called: Vec<&(String, String)> =
            programs.iter().filter(|(_, place)| run.invocations.iter().any(|one| calls(one, place))).collect();
        let is_clear = !run.opaque && !run.invocations.iter().any(|one| touches(one, &programs));
        if !is_clear {
            return None;
        }
        if called.is_empty() {
            continue;
        }
        edits.push(with_mounts(facts, run, &from, &called)?);
        mounted += 1;
    }
    (mounted > 0).then(|| Fix {
        title: "mount `uv` where the build calls it".to_owned(),
        applicability: Applicability::Unsafe,
        caution: Some("what calls it unseen would not find it, and mounts need BuildKit".to_owned()),
        edits,
    })
}

/// What the instruction copies, as (path in the source, path in the image); `None` when anything else is with it.
fn programs(transfer: &Transfer) -> Option<Vec<(String, String)>> {
    let destination = transfer.destination.known()?;
    let folder = destination.trim_end_matches('/');
    transfer
        .paths
        .iter()
        .map(|(path, _)| {
            let path = path.known()?;
            let name = path.rsplit('/').next().filter(|name| matches!(*name, "uv" | "uvx"))?;
            let is_program = folder.rsplit('/').next() == Some(name) && !transfer.into_folder;
            let into = transfer.into_folder || folder.rsplit('/').next() == Some("bin");
            let place = match (is_program, into) {
                (true, _) => folder.to_owned(),
                (false, true) => format!("{folder}/{name}"),
                (false, false) => return None,
            };
            Some((path.to_owned(), place))
        })
        .collect()
}

fn calls(invocation: &Invocation, place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or_default();
    invocation.guard != Guard::Never && invocation.program == name
}

/// Whether a command works on the program's file, or starts something that may call it.
fn touches(invocation: &Invocation, programs: &[(String, String)]) -> bool {
    let on_file = invocation.arguments.iter().any(|argument| {
        let text = argument.value.text();
        programs.iter().any(|(_, place)| text.contains(place.as_str()))
    });
    let elsewhere = matches!(&invocation.origin, Origin::Elsewhere(_))
        && programs.iter().any(|(_, place)| calls(invocation, place));
    on_file || elsewhere || INDIRECT.contains(&invocation.program.as_str())
}

/// Whether another stage copies the program out of one of `holders`.
fn is_taken_on(facts: &Facts<'_>, holders: &[usize], programs: &[(String, String)]) -> bool {
    let transfers = facts.stages.iter().flat_map(|stage| &stage.transfers);
    transfers.filter(|transfer| matches!(transfer.source, Source::Stage(from) if holders.contains(&from))).any(
        |transfer| {
            transfer.paths.iter().any(|(path, _)| {
                let path = path.known().unwrap_or("/");
                programs.iter().any(|(_, place)| crate::facts::is_below(place, path))
            })
        },
    )
}

/// Whether a stage starts with it, shipped or not.
fn starts_it(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let numbers = facts.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone());
    numbers.into_iter().flatten().filter_map(|number| facts.dockerfile.instructions.get(number)).any(|instruction| {
        let keyword =
            matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Onbuild);
        keyword && instruction.body.text().contains("uv")
    })
}

/// Deletes a whole instruction with its line end.
fn without_instruction(facts: &Facts<'_>, range: TextRange) -> Option<Edit> {
    let text = facts.source.text();
    let holds_comment = facts.dockerfile.comments.iter().any(|comment| range.overlaps(comment.range));
    let before = text.get(..range.start() as usize)?;
    let rest = text.get(range.end() as usize..)?;
    let line_end = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    let alone = before.is_empty() || before.ends_with('\n');
    let range = TextRange::new(range.start(), range.end() + line_end as u32);
    (!holds_comment && alone && line_end > 0).then(|| Edit { file: facts.file(), range, text: String::new() })
}

/// `RUN --mount=from=IMAGE,source=/uv,target=/bin/uv …`
fn with_mounts(facts: &Facts<'_>, run: &Run, from: &str, programs: &[&(String, String)]) -> Option<Edit> {
    let instruction = facts.dockerfile.instructions.get(run.instruction)?;
    let plain = instruction.keyword == Keyword::Run && matches!(instruction.arguments, Arguments::Command(_));
    let taken = run.mounts.iter().filter_map(|mount| mount.target.known());
    let taken: Vec<&str> = taken.collect();
    if !plain || programs.iter().any(|(_, place)| taken.contains(&place.as_str())) {
        return None;
    }
    let mounts: Vec<String> =
        programs.iter().map(|(source, place)| format!(" --mount=from={from},source={source},target={place}")).collect();
    let end = instruction.keyword_range.end();
    Some(Edit { file: facts.file(), range: TextRange::empty(end), text: mounts.concat() })
}
