//! What the rules about caches of package managers share: which command's cache stays, and cleaning up behind it.

use crate::diagnostic::Edit;
use crate::dockerfile::UNKNOWN;
use crate::facts::commands::Options;
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts, is_below};

use super::cleaning::serves_all;
use super::insertion::Behind;

/// A command that leaves its cache in an image that is shipped.
#[derive(Debug)]
pub struct Fill<'r> {
    /// Its number in the `RUN`.
    pub index: usize,
    /// The command.
    pub invocation: &'r Invocation,
    /// Where its cache can be; the first is the likeliest.
    pub folders: Vec<String>,
}

/// How the cache can be named for one command alone, so that the same program would not find it again.
#[derive(Clone, Copy, Debug)]
pub struct Tie {
    /// Beginnings of the command's own words.
    pub flags: &'static [&'static str],
    /// Variables set for the command or in the script.
    pub variables: &'static [&'static str],
}

impl Tie {
    /// Whether one of the commands has its cache named so.
    #[must_use]
    pub fn holds(self, fills: &[Fill<'_>]) -> bool {
        let flagged = |word: &str| self.flags.iter().any(|flag| word.starts_with(flag));
        fills.iter().map(|fill| fill.invocation).any(|invocation| {
            invocation.arguments.iter().any(|word| flagged(word.value.text()))
                || self.variables.iter().any(|name| invocation.variable(name).is_some())
        })
    }
}

impl Facts<'_> {
    /// Where a cache is, as messages name it. `below` is cut off its end. A home that nobody knows is `~`.
    pub(super) fn shown_folder(&self, run: &Run, fill: &Fill<'_>, below: &str) -> String {
        let folder = fill.folders.first().map_or("", String::as_str);
        let folder = folder.strip_suffix(below).unwrap_or(folder);
        match folder.strip_prefix("/root/").filter(|_| self.is_home_guessed(run, fill.invocation)) {
            Some(rest) => format!("~/{rest}"),
            None => folder.to_owned(),
        }
    }

    /// `USER 1001` without `HOME`, or `sudo -u "$USERNAME"`: the folder could be anywhere.
    fn is_home_guessed(&self, run: &Run, invocation: &Invocation) -> bool {
        if invocation.other_user {
            return !self.is_plain_sudo(invocation);
        }
        let home = self.variable(run, invocation, "HOME").is_some() || run.state.home().is_some();
        run.state.user.is_some() && !home
    }

    /// Whether the command runs as root through `sudo` without flags, which could choose another user or keep the caller's home.
    fn is_plain_sudo(&self, invocation: &Invocation) -> bool {
        let rest = invocation.range.slice(self.source.text()).strip_prefix("sudo ");
        let program = invocation.path.known().unwrap_or_default();
        rest.is_some_and(|rest| rest.trim_start().starts_with(program))
    }

    /// The command that empties the cache, as advice: `clean`, or an `rm` where that would look elsewhere.
    pub(super) fn emptying(&self, run: &Run, fills: &[Fill<'_>], tie: Tie, clean: &str) -> String {
        match fills.first() {
            Some(first) if tie.holds(fills) => format!("`&& rm -rf {}`", self.shown_folder(run, first, "/_cacache")),
            _ => format!("`&& {clean}`"),
        }
    }

    /// The commands of `run` whose cache stays in an image. `fills` names the folders that the command at an index fills, none for
    /// other commands; `empties` tells whether a command empties the cache, `asks` whether it prints where the cache is.
    pub(super) fn kept_caches<'r>(
        &self,
        stage: &StageFacts,
        run: &'r Run,
        fills: impl Fn(usize, &'r Invocation) -> Vec<String>,
        empties: impl Fn(&Invocation) -> bool,
        asks: impl Fn(&Invocation) -> bool,
    ) -> Vec<Fill<'r>> {
        let runs = run.invocations.iter().enumerate().filter(|(_, invocation)| invocation.guard != Guard::Never);
        let mut kept = Vec::new();
        for (index, invocation) in runs {
            let folders = fills(index, invocation);
            if folders.is_empty() || self.fate(stage, run, index, &folders) != Fate::Kept {
                continue;
            }
            let later: Vec<&Invocation> = self.effective_after(stage, run, index).collect();
            // `rm -rf "$(yarn cache dir)"`
            let asked = later.iter().any(|later| asks(later)) && later.iter().any(|later| removes_unknown(later, ""));
            let by_home = folders.iter().any(|folder| later.iter().any(|later| removes_unknown(later, folder)));
            if !asked && !by_home && !later.iter().any(|later| empties(later)) {
                kept.push(Fill { index, invocation, folders });
            }
        }
        kept
    }

    /// Whether a step from `run` on, here or in a stage built on this one, is one that `needs` the cache, or has no network.
    pub(super) fn needs_cache_later(
        &self,
        stage: &StageFacts,
        run: &Run,
        needs: impl Fn(&Run, &Invocation) -> bool,
    ) -> bool {
        let heirs = self.descendants(stage.index).into_iter().filter_map(|index| self.stages.get(index));
        heirs.into_iter().any(|heir| {
            let later =
                heir.runs.iter().filter(|other| heir.index != stage.index || other.instruction >= run.instruction);
            later.into_iter().any(|later| later.invocations.iter().any(|invocation| needs(later, invocation)))
        })
    }

    /// Whether a `RUN` has no network, so that what it installs comes from a cache.
    pub(super) fn has_no_network(&self, run: &Run) -> bool {
        let instruction = self.dockerfile.instructions.get(run.instruction);
        let network = instruction.and_then(|instruction| instruction.effective().flag("network"));
        network.is_some_and(|flag| flag.value.as_deref() == Some("none"))
    }

    /// Puts `arguments` of the fills' own program behind the last fill, or behind each where they stand in branches of their own.
    /// The command must do no harm when it runs twice or finds nothing. `None` where a fill cannot be followed by a command, or
    /// the same program would not find the same cache: it was named for the fill alone, or by a variable.
    pub(super) fn clean_behind_each(
        &self,
        run: &Run,
        fills: &[Fill<'_>],
        arguments: &str,
        tie: Tie,
    ) -> Option<Vec<Edit>> {
        // Where the shell reads a script in a way of its own, nobody knows what stands behind what.
        if run.script.as_ref().is_some_and(|script| !script.errors.is_empty()) {
            return None;
        }
        let all: Vec<&Invocation> = fills.iter().map(|fill| fill.invocation).collect();
        let last = *all.last()?;
        let same = |fill: &Fill<'_>| Some(&fill.folders) == fills.last().map(|last| &last.folders);
        let alike = all.iter().all(|fill| fill.other_user == last.other_user && fill.program == last.program);
        if !alike || !fills.iter().all(same) || tie.holds(fills) {
            return None;
        }
        if serves_all(last, all.iter().copied()) {
            return Some(vec![self.own_command_after(last, arguments)?]);
        }
        let mut edits = Vec::new();
        for (number, fill) in all.iter().enumerate() {
            let beside = |other: &&&Invocation| other.site.list == fill.site.list;
            if all.iter().skip(number + 1).any(|other| beside(&other)) {
                continue;
            }
            if !serves_all(fill, all.iter().filter(beside).copied()) {
                return None;
            }
            edits.push(self.own_command_after(fill, arguments)?);
        }
        edits.sort();
        edits.dedup();
        Some(edits)
    }

    /// The program of `invocation` with other arguments, behind it.
    fn own_command_after(&self, invocation: &Invocation, arguments: &str) -> Option<Edit> {
        let program = invocation.path.known()?;
        let text = invocation.range.slice(self.source.text());
        // `$PIP install`, `"npm" ci`
        let literal = invocation.program_range.slice(self.source.text()) == program;
        // `exec` leaves nobody to run what comes behind.
        let started_plainly = !text.starts_with("exec ") && (!invocation.other_user || self.is_plain_sudo(invocation));
        if !literal || !started_plainly {
            return None;
        }
        self.command_after(invocation, &format!("{program} {arguments}"), Behind::Pipeline)
    }
}

/// The advice to mount a cache at `folder`, to be put behind another advice. It names who may write there: a cache mount
/// belongs to root unless it says otherwise.
pub(super) fn or_mount(stage: &StageFacts, run: &Run, invocation: &Invocation, folder: &str) -> String {
    if folder.starts_with('~') {
        return String::new();
    }
    let user = run.state.user.as_ref().map_or(stage.image.default_user, |user| user.known()).unwrap_or("root");
    let owner = match user {
        "root" | "0" | "" => String::new(),
        _ if invocation.other_user => String::new(),
        "node" if stage.image.repository == "node" => ",uid=1000".to_owned(),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => format!(",uid={number}"),
        _ => ",uid=UID".to_owned(),
    };
    format!(", or mount a cache: `RUN --mount=type=cache,target={folder}{owner} …`")
}

/// Whether `rm -r` deletes a path whose start is not known and whose rest leads to `folder` or around it: `~/.npm` of a user whose
/// home the base image decides. With an empty `folder`, any path that is not known.
fn removes_unknown(invocation: &Invocation, folder: &str) -> bool {
    if invocation.program != "rm" {
        return false;
    }
    let options = Options::read(&invocation.arguments, &[]);
    let recursive = options.has(&["-r", "-R", "--recursive"]);
    let unknown =
        options.operands.iter().map(|(_, argument)| argument.value.text()).filter(|text| text.contains(UNKNOWN));
    recursive
        && unknown.into_iter().any(|text| {
            let rest = text.trim_start_matches(UNKNOWN).trim_end_matches(['*', '/']);
            folder.is_empty()
                || (rest.len() > 1
                    && rest.starts_with('/')
                    && folder
                        .match_indices(rest)
                        .any(|(at, _)| is_below(folder, folder.get(..at + rest.len()).unwrap_or_default())))
        })
}
