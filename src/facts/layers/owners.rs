//! Who owns files, and which names and numbers of users are one.

use crate::catalogue::Distribution;

use super::super::commands::Options;
use super::super::paths::{is_below, resolve};
use super::super::{Base, Facts, Invocation, Source, StageFacts, Transfer};
use super::Way;
use super::ownership::Held;
use super::recursive::{OwnershipAction, Recursive};

/// Flags with a value of what makes users.
const MAKES_USER: [&str; 24] = [
    "-b",
    "--base-dir",
    "-c",
    "--comment",
    "--gecos",
    "-d",
    "--home-dir",
    "--home",
    "-g",
    "--gid",
    "--ingroup",
    "-G",
    "--groups",
    "-h",
    "-k",
    "--skel",
    "-K",
    "--key",
    "-p",
    "--password",
    "-s",
    "--shell",
    "-u",
    "--uid",
];
/// Flags of users for the system, whose numbers are others.
const OF_SYSTEM: [&str; 3] = ["-r", "--system", "-S"];

impl Facts<'_> {
    /// The user of an owner as `chown` takes it, by its number where that is known: 1000 of `app:app` behind `useradd --uid 1000 app`.
    pub(super) fn user_of(&self, stage: &StageFacts, owner: &str) -> String {
        let user = owner.split([':', '.']).next().unwrap_or_default();
        if user == "root" {
            return "0".to_owned();
        }
        let invocations = self.chain(stage).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let mut makes =
            invocations.filter(|command| matches!(command.program.as_str(), "useradd" | "adduser" | "usermod"));
        let number = makes.find_map(|command| {
            let options = Options::read(&command.arguments, &MAKES_USER);
            let names = options.operands.iter().any(|(_, word)| word.value.known() == Some(user));
            let number = options.values(&["-u", "--uid"]).last().filter(|_| names)?;
            number.known().map(str::to_owned)
        });
        let of_base = || self.number_on_base(stage, user).map(str::to_owned);
        number.or_else(of_base).unwrap_or_else(|| user.to_owned())
    }

    /// The number of a user that comes with the base: `/etc/passwd` of Debian's and Alpine's base systems, the Dockerfiles of node,
    /// nginx and php.
    fn number_on_base(&self, stage: &StageFacts, user: &str) -> Option<&'static str> {
        let root = self.chain(stage).last().unwrap_or(stage);
        let Base::Image(base) = &root.base else { return None };
        let repository = base.known()?.split(['@', ':']).next().unwrap_or_default();
        let repository = repository.strip_prefix("library/").unwrap_or(repository);
        match (user, root.image.distribution) {
            ("node", _) if repository == "node" => Some("1000"),
            ("nginx", _) if repository == "nginx" => Some("101"),
            ("www-data", Distribution::Debian | Distribution::Ubuntu) => Some("33"),
            ("www-data", Distribution::Alpine) if repository == "php" => Some("82"),
            ("nobody", Distribution::Debian | Distribution::Ubuntu | Distribution::Alpine) => Some("65534"),
            _ => None,
        }
    }

    /// Whether files that come from another stage had there the owner that `chown` gives them here: a copy between stages keeps owners.
    pub(super) fn keeps_owner(&self, stage: &StageFacts, held: &Held, change: &Recursive) -> bool {
        let Some(given) = change.owner() else { return false };
        if held.way != Way::Taken {
            return false;
        }
        let mut copies = self.chain(stage).flat_map(|stage| &stage.transfers);
        let Some(copy) = copies.find(|copy| copy.instruction == held.instruction) else { return false };
        let instruction = self.dockerfile.instructions.get(copy.instruction);
        if instruction.is_none_or(|instruction| instruction.flag("chown").is_some()) {
            return false;
        }
        let Source::Stage(from) = copy.source else { return false };
        let Some((from, wanted)) = self.stages.get(from).zip(self.identity(stage, given)) else { return false };
        let places = origins(copy, &held.path);
        let inner: Vec<Held> = places.iter().flat_map(|place| self.held(from, usize::MAX, place, 1)).collect();
        let is_same = |one: &Held| {
            self.owner_before(from, one, usize::MAX)
                .and_then(|owner| self.identity(from, &owner))
                .is_some_and(|own| own == wanted)
        };
        !inner.is_empty() && inner.iter().all(is_same)
    }

    /// The owner that the files have in front of the instruction `before`, as `chown` or `COPY --chown` names it.
    pub(super) fn owner_before(&self, stage: &StageFacts, held: &Held, before: usize) -> Option<String> {
        let mut owner = None;
        let mut runs: Vec<_> = self.chain(stage).flat_map(|stage| &stage.runs).collect();
        runs.sort_by_key(|run| run.instruction);
        for run in runs.iter().filter(|run| (held.instruction..before).contains(&run.instruction)) {
            let behind = run.invocations.iter().filter(|invocation| {
                run.instruction > held.instruction || invocation.range.start() > held.range.start()
            });
            for change in behind.filter_map(Recursive::read) {
                let covers =
                    change.paths.iter().any(|named| !named.without_hidden && is_below(&held.path, &named.path));
                if covers && change.action == OwnershipAction::Owner {
                    owner = Some(change.given.as_ref()?.known()?.to_owned());
                }
            }
        }
        owner.or_else(|| self.owner_as_brought(stage, held))
    }

    /// The owner, with its group where that is said, that files got from the step that brought them; `None` where that is not known. What
    /// comes from another stage counts as root's.
    pub(super) fn owner_as_brought(&self, stage: &StageFacts, held: &Held) -> Option<String> {
        let run = self.chain(stage).flat_map(|stage| &stage.runs).find(|run| run.instruction == held.instruction);
        if let Some(run) = run {
            return Some(run.state.user_name().unwrap_or("root").to_owned());
        }
        let instruction = self.dockerfile.instructions.get(held.instruction);
        let flag = instruction.and_then(|instruction| instruction.flag("chown")).and_then(|flag| flag.value.as_deref());
        stage.state.expand(flag.unwrap_or("root"), self.dockerfile.escape).known().map(str::to_owned)
    }

    /// What tells a user in any stage: its number, that it is the first that is made on a base, or the stage that makes it. `None` for one
    /// of which nothing is known.
    fn identity(&self, stage: &StageFacts, owner: &str) -> Option<String> {
        let number = self.user_of(stage, owner);
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(number);
        }
        let mut chain: Vec<&StageFacts> = self.chain(stage).collect();
        chain.reverse();
        let makers = chain.iter().flat_map(|stage| {
            let invocations = stage.runs.iter().flat_map(|run| &run.invocations);
            invocations.filter(|command| makes_user(command)).map(move |command| (stage.index, command))
        });
        let of_people = |command: &Invocation| !OF_SYSTEM.iter().any(|flag| command.has_argument(flag));
        let mut people = 0;
        for (index, command) in makers {
            let options = Options::read(&command.arguments, &MAKES_USER);
            if options.operands.iter().any(|(_, word)| word.value.known() == Some(number.as_str())) {
                let Base::Image(base) = &chain.first()?.base else { return None };
                return Some(match base.known() {
                    // The first gets the first number of those for people.
                    Some(base) if of_people(command) && people == 0 => format!("first on {base}"),
                    _ => format!("of stage {index}: {number}"),
                });
            }
            people += usize::from(of_people(command));
        }
        None
    }
}

fn makes_user(command: &Invocation) -> bool {
    matches!(command.program.as_str(), "useradd" | "adduser")
}

/// Where a copy between stages takes what it puts at `path`.
fn origins(copy: &Transfer, path: &str) -> Vec<String> {
    let Some(destination) = copy.destination.known() else { return Vec::new() };
    let sources = copy.paths.iter().filter_map(|(source, _)| source.known());
    let inside = path.strip_prefix(destination.trim_end_matches('/')).filter(|_| is_below(path, destination));
    sources
        .map(|source| match inside {
            Some(rest) => resolve("/", &format!("{source}/{rest}")),
            None => source.to_owned(),
        })
        .collect()
}
