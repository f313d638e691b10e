//! `--chown` on the copies, and a `chown` of the folder alone.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::dockerfile::{Arguments, Keyword};
use crate::facts::{
    Argument, Facts, Guard, Invocation, Origin, OwnershipAction, OwnershipChange, Run, StageFacts, Way, is_below,
};
use crate::text::TextRange;

/// Folders in which base images and packages keep files of their own.
const SYSTEM: [&str; 19] = [
    "bin", "boot", "data", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin",
    "sys", "tmp", "usr", "var",
];
/// Programs that write nothing below a folder such as `/app`.
const ELSEWHERE: [&str; 24] = [
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "chgrp",
    "chmod",
    "chown",
    "dnf",
    "echo",
    "export",
    "groupadd",
    "groupmod",
    "id",
    "microdnf",
    "rm",
    "set",
    "test",
    "true",
    "update-ca-certificates",
    "useradd",
    "usermod",
    "which",
    "yum",
];

/// Gives the owner on each copy below the folder, and takes `-R` away, so that the folder itself, which a `WORKDIR` may have
/// made, still gets it. `None` where the copies are not all that is there.
pub(super) fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> Option<Fix> {
    let invocation = change.invocation;
    let [folder] = change.folders.as_slice() else { return None };
    let first = folder.trim_start_matches('/').split('/').next().unwrap_or_default();
    let is_own = !first.is_empty() && !SYSTEM.contains(&first);
    if !change.also.is_empty()
        || change.names != change.folders
        || change.action != OwnershipAction::Owner
        || invocation.origin != Origin::Instruction
        || super::is_linked(facts, change)
        || !is_own
    {
        return None;
    }
    let [flag, owner, path] = invocation.arguments.as_slice() else { return None };
    let text = facts.source.text();
    let as_written =
        |argument: &Argument| argument.value.known().is_some_and(|value| argument.range.slice(text) == value);
    if !matches!(flag.value.known(), Some("-R" | "--recursive")) || ![flag, owner, path].into_iter().all(as_written) {
        return None;
    }
    if facts.ancestors(stage).next().is_some() || writes_more(facts, stage, run, invocation, folder) {
        return None;
    }
    let owner_name = Owner::read(owner.value.known()?)?;
    let mut edits = Vec::new();
    for transfer in stage.transfers.iter().filter(|transfer| transfer.instruction < run.instruction) {
        let destination = transfer.destination.known()?;
        if !is_below(destination, folder) {
            if is_below(folder, destination) {
                return None;
            }
            continue;
        }
        let instruction = facts.dockerfile.instructions.get(transfer.instruction)?;
        if instruction.keyword == Keyword::Onbuild {
            return None;
        }
        match instruction.flag("chown") {
            Some(chown) if chown.value.as_deref() == Some(owner_name.flag.as_str()) => {}
            Some(_) => return None,
            None => {
                if !owner_name.exists_before(stage, transfer.instruction) {
                    return None;
                }
                let range = TextRange::empty(instruction.keyword_range.end());
                edits.push(Edit { file: facts.file(), range, text: format!(" --chown={}", owner_name.flag) });
            }
        }
    }
    let range = TextRange::new(flag.range.start(), owner.range.start());
    let gap = TextRange::new(flag.range.end(), owner.range.start()).slice(text);
    if gap.is_empty() || !gap.bytes().all(|byte| byte == b' ') {
        return None;
    }
    edits.push(Edit { file: facts.file(), range, text: String::new() });
    Some(Fix {
        title: "give the owner where the files are copied".to_owned(),
        applicability: Applicability::Unsafe,
        caution: Some(format!("what else writes below `{folder}` keeps its owner")),
        edits,
    })
}

/// The user that a step makes behind the first copy, in front of which `COPY --chown` finds none; with `all`, behind the first step that
/// brings files.
pub(super) fn made_behind(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    change: &OwnershipChange<'_>,
    all: bool,
) -> Option<String> {
    let given = std::iter::once((change.action, change.given.as_ref()))
        .chain(change.also.iter().map(|(action, given)| (*action, given.as_ref())))
        .find(|(action, _)| *action == OwnershipAction::Owner)?;
    let owner = Owner::read(given.1?.known()?)?;
    let some = change.held.iter().filter(|one| all || matches!(one.way, Way::Copied | Way::Taken));
    let first = some.map(|one| one.instruction).min()?;
    let runs = stage.runs.iter().filter(|other| (first..=run.instruction).contains(&other.instruction));
    // A package brings the user that has its name: `apk add nginx`.
    let makes = |other: &Run| {
        let mut installs = facts.system_installs(stage, other).into_iter();
        other.invocations.iter().any(|command| owner.is_made_by(command)) || installs.any(|it| it.name == owner.user)
    };
    let is_made_behind = !owner.exists_before(stage, first) && runs.into_iter().any(makes);
    is_made_behind.then(|| owner.user.to_owned())
}

/// Whether git reads a repository among the files before they change their owner. From 2.35.2 on it refuses one of another user than who
/// calls it, so that the copies cannot have the owner before (release notes of git 2.35.2).
pub(super) fn is_read_by_git(stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> bool {
    const MAKES: [&str; 3] = ["clone", "config", "init"];
    if change.action != OwnershipAction::Owner {
        return false;
    }
    let first = change.held.iter().map(|one| one.instruction).min().unwrap_or_default();
    let runs = stage.runs.iter().filter(|other| (first..=run.instruction).contains(&other.instruction));
    let commands = runs.flat_map(|run| &run.invocations);
    let mut before = commands.take_while(|command| command.range.start() < change.invocation.range.start());
    before.any(|command| {
        let reads = match command.program.as_str() {
            "pre-commit" => true,
            "git" => !MAKES.iter().any(|word| command.has_argument(word)),
            _ => false,
        };
        let folder = command.workdir.known().unwrap_or_default();
        reads && command.guard != Guard::Never && change.folders.iter().any(|changed| is_below(folder, changed))
    })
}

/// Whether the command writes nothing below a folder such as `/app`.
pub(super) fn writes_elsewhere(invocation: &Invocation) -> bool {
    ELSEWHERE.contains(&invocation.program.as_str()) && invocation.output.is_none()
}

/// Whether something may stand below `folder` that no copy brought.
fn writes_more(facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &Invocation, folder: &str) -> bool {
    let before = stage.runs.iter().filter(|other| other.instruction <= run.instruction);
    let unknown = before.clone().any(|other| other.opaque || other.script.is_none());
    let invocations = before.flat_map(|other| &other.invocations);
    let mut invocations = invocations.filter(|other| other.range.start() < change.range.start());
    let writes = invocations.any(|other| other.guard != Guard::Never && !writes_elsewhere(other));
    let instructions = facts.dockerfile.instructions.iter().take(run.instruction).skip(stage.from);
    let mut folders = instructions.filter(|instruction| instruction.keyword == Keyword::Workdir);
    let deeper = folders.any(|instruction| match &instruction.arguments {
        Arguments::Text(word) => {
            word.text.contains('$') || !word.text.starts_with('/') || {
                let workdir = word.text.trim_end_matches('/');
                is_below(workdir, folder) && workdir != folder
            }
        }
        _ => true,
    });
    unknown || writes || deeper
}

/// `app:app`, as `COPY --chown` takes it.
struct Owner<'a> {
    user: &'a str,
    group: Option<&'a str>,
    flag: String,
}

impl<'a> Owner<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        // `user.group` is `user:group` to `chown`, and one name to `COPY --chown`.
        // `user:` means the group that the user logs in with, mostly the one of the same name.
        let (user, group) = text
            .split_once(':')
            .or_else(|| text.split_once('.'))
            .map_or((text, None), |(user, group)| (user, Some(if group.is_empty() { user } else { group })));
        // Without a group, `chown` leaves root's, and `COPY --chown` takes the user's number.
        let flag = format!("{user}:{}", group.unwrap_or("0"));
        (plain(user) && group.is_none_or(plain)).then_some(Self { user, group, flag })
    }

    /// Whether a command makes the user.
    fn is_made_by(&self, command: &Invocation) -> bool {
        matches!(command.program.as_str(), "useradd" | "adduser")
            && command.arguments.iter().any(|argument| argument.value.known() == Some(self.user))
    }

    /// Whether user and group exist when the instruction `number` runs.
    fn exists_before(&self, stage: &StageFacts, number: usize) -> bool {
        let earlier = || {
            let runs = stage.runs.iter().filter(move |run| run.instruction < number);
            runs.flat_map(|run| &run.invocations).filter(|invocation| invocation.guard == Guard::Always)
        };
        let makes = |programs: &[&str], name: &str| {
            earlier().any(|other| {
                programs.contains(&other.program.as_str())
                    && other.arguments.iter().any(|argument| argument.value.known() == Some(name))
            })
        };
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        let of_node = |name: &str| name == "node" && stage.image.repository == "node";
        let of_base = |name: &str| name == "root" || stage.image.default_user == Some(name) || of_node(name);
        let makes_user = makes(&["useradd", "adduser"], self.user);
        let user = is_number(self.user) || of_base(self.user) || makes_user;
        let group = self.group.is_none_or(|group| {
            is_number(group)
                || of_base(group)
                || makes(&["groupadd", "addgroup"], group)
                || (group == self.user && makes_user)
        });
        user && group
    }
}
