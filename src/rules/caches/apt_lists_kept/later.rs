//! Who reads apt's package lists after the step that fetched them.

use crate::facts::commands::{Apt, AptAction};
use crate::facts::{Base, Facts, Guard, Invocation, Run, Source, StageFacts, is_below};

use super::LISTS;

/// Programs that read the lists, most of them through apt.
const READERS: [&str; 10] = [
    "add-apt-repository",
    "apt-cache",
    "apt-file",
    "gdebi",
    "nala",
    "rosdep",
    "mk-build-deps",
    "tasksel",
    "apt-fast",
    "ansible-playbook",
];

/// Whether a command reads the lists that an earlier one fetched.
pub(super) fn reads_lists(invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    match Apt::read(invocation) {
        Some(apt) => matches!(apt.action, AptAction::Install | AptAction::Other),
        // `apt-get $ACTION`
        None if matches!(program, "apt-get" | "apt" | "aptitude") => !invocation.arguments.is_empty(),
        None => READERS.contains(&program),
    }
}

/// What is known of later uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum LaterUse {
    None,
    /// Something that cannot be read may use them.
    Possible,
    Certain,
}

/// Whether a later step, here, in a stage that has these lists or in the running image, needs the lists that `run` fetched.
pub(super) fn later_use(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> LaterUse {
    let Some(holders) = holders(facts, stage.index) else { return LaterUse::Certain };
    let mut found = LaterUse::None;
    for holder in holders.iter().filter_map(|&index| facts.stages.get(index)) {
        let later =
            holder.runs.iter().filter(|other| holder.index != stage.index || other.instruction > run.instruction);
        found = found.max(in_runs(later)).max(at_run_time(facts, holder));
    }
    for other in facts.stages.iter().flat_map(|stage| &stage.runs) {
        if mounts_one_of(facts, other, &holders) {
            found = found.max(in_runs(std::iter::once(other)));
        }
    }
    found
}

fn in_runs<'r>(runs: impl Iterator<Item = &'r Run>) -> LaterUse {
    let mut found = LaterUse::None;
    for run in runs {
        let before = |count: usize| run.unread.iter().any(|unread| unread.after <= count);
        for (index, invocation) in run.invocations.iter().enumerate() {
            let fetches = Apt::read(invocation).is_some_and(|apt| apt.action == AptAction::Update);
            if fetches && invocation.guard == Guard::Always {
                return if before(index) { LaterUse::Possible } else { found };
            }
            if reads_lists(invocation) && invocation.guard != Guard::Never {
                return LaterUse::Certain;
            }
        }
        if run.opaque || !run.unread.is_empty() {
            found = LaterUse::Possible;
        }
    }
    found
}

/// The stages that have the lists of stage `from`: those built on it, and those that copy a folder around the lists.
/// `None` when one copies the lists themselves.
fn holders(facts: &Facts<'_>, from: usize) -> Option<Vec<usize>> {
    let mut holders = vec![false; facts.stages.len()];
    // Stages are built on earlier ones and copy from earlier ones.
    for taker in &facts.stages {
        let holds = |stage: usize| holders.get(stage).copied().unwrap_or_default();
        let mut takes = taker.index == from || matches!(taker.base, Base::Stage(parent) if holds(parent));
        let transfers =
            taker.transfers.iter().filter(|transfer| matches!(transfer.source, Source::Stage(from) if holds(from)));
        for path in transfers.flat_map(|transfer| &transfer.paths).filter_map(|(path, _)| path.known()) {
            if is_below(path, LISTS) {
                return None;
            }
            takes |= is_below(LISTS, path);
        }
        if let Some(holder) = holders.get_mut(taker.index) {
            *holder = takes;
        }
    }
    Some((0..holders.len()).filter(|&stage| holders.get(stage).copied().unwrap_or_default()).collect())
}

/// Whether a bind mount shows the files of one of the stages.
fn mounts_one_of(facts: &Facts<'_>, run: &Run, holders: &[usize]) -> bool {
    let from = run.mounts.iter().filter_map(|mount| mount.from.as_ref()?.known());
    let stage_of = |name: &str| {
        let named = facts.stages.iter().find(|stage| stage.name.as_deref() == Some(&name.to_lowercase()));
        named.map(|stage| stage.index).or_else(|| name.parse().ok())
    };
    from.filter_map(stage_of).any(|stage| holders.contains(&stage))
}

/// Whether `CMD` or `ENTRYPOINT`, or a script of the context that they start, installs packages without fetching lists.
fn at_run_time(facts: &Facts<'_>, stage: &StageFacts) -> LaterUse {
    let commands = [stage.command, stage.entrypoint]
        .into_iter()
        .flatten()
        .filter_map(|number| facts.dockerfile.instructions.get(number));
    for command in commands {
        let text = command.range.slice(facts.source.text());
        let words = text.split([' ', '\t', '\n', '"', '\'', ',', '[', ']']).filter(|word| word.contains('/'));
        let scripts = words.filter_map(|word| facts.origin(stage.index, usize::MAX, word, None));
        let mut scripts = scripts.filter_map(|path| facts.workspace.read(&path).ok());
        if installs(text) || scripts.any(|file| installs(file.text())) {
            return LaterUse::Certain;
        }
    }
    LaterUse::None
}

/// Whether a text speaks of installing with apt, and not of updating.
fn installs(text: &str) -> bool {
    let words = || text.split(|c: char| c.is_whitespace() || "\"',;&|()".contains(c));
    words().any(|word| matches!(word, "apt-get" | "apt" | "aptitude"))
        && words().any(|word| word == "install")
        && !words().any(|word| word == "update")
}
