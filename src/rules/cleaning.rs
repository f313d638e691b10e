//! Cleaning up behind the commands of a `RUN` that use what is cleaned.

use crate::diagnostic::Edit;
use crate::facts::{Facts, Guard, Invocation, Run};

use super::insertion::Behind;

/// A command that is put behind all that need what it deletes.
#[derive(Debug)]
pub struct Cleaning {
    /// Puts it there.
    pub edit: Edit,
    /// Whether something stands behind it that cannot be read, and may need what it deletes.
    pub unread_behind: bool,
}

impl Facts<'_> {
    /// Runs `command` once, behind the last of the invocations from `first` on that `is_user` names. `None` where no single
    /// place serves all of them, however often and in whichever branch they run.
    #[must_use]
    pub fn clean_once(
        &self,
        run: &Run,
        first: usize,
        is_user: impl Fn(&Invocation) -> bool,
        command: &str,
    ) -> Option<Cleaning> {
        let invocations = run.invocations.iter().enumerate().skip(first);
        let users: Vec<(usize, &Invocation)> = invocations.filter(|(_, invocation)| is_user(invocation)).collect();
        let &(last_index, last) = users.last()?;
        if !is_read_as_written(run) || self.is_last_program(last) || !serves_all(last, users.iter().map(|user| user.1))
        {
            return None;
        }
        let unread: Vec<_> = run.unread.iter().filter(|unread| unread.after > last_index).collect();
        let (behind, unread_behind) = match unread.as_slice() {
            [] => (Behind::Pipeline, false),
            unread if last.site.chained && unread.iter().all(|unread| unread.list == last.site.list) => {
                (Behind::List, false)
            }
            _ => (Behind::Pipeline, true),
        };
        // `sudo apt-get install …` and then `apt-cache policy …`: who fetched it may delete it.
        let owner = users.iter().map(|&(_, user)| user).find(|user| user.other_user).unwrap_or(last);
        let edit = self.command_after_as(last, owner, command, behind)?;
        Some(Cleaning { edit, unread_behind })
    }

    /// Runs a command behind the last of `users`, or behind each where they stand in branches of their own. `command` names the
    /// one for a user; it must do no harm when it runs twice or finds nothing. `None` where a user has none or cannot be followed
    /// by it, or where not the same user of the system runs them all.
    #[must_use]
    pub fn clean_each(
        &self,
        run: &Run,
        users: &[&Invocation],
        command: impl Fn(&Invocation) -> Option<String>,
    ) -> Option<Vec<Edit>> {
        let last = *users.last()?;
        if !is_read_as_written(run) || users.iter().any(|user| user.other_user != last.other_user) {
            return None;
        }
        let behind = |user: &Invocation| {
            if self.is_last_program(user) {
                return None;
            }
            self.command_after(user, &command(user)?, Behind::Pipeline)
        };
        if serves_all(last, users.iter().copied()) {
            return Some(vec![behind(last)?]);
        }
        let mut edits = Vec::new();
        for (number, user) in users.iter().enumerate() {
            let beside = |other: &&&Invocation| other.site.list == user.site.list;
            if users.iter().skip(number + 1).any(|other| beside(&other)) {
                continue;
            }
            if !serves_all(user, users.iter().filter(beside).copied()) {
                return None;
            }
            edits.push(behind(user)?);
        }
        edits.sort();
        edits.dedup();
        Some(edits)
    }

    /// `exec` leaves nobody to run what comes behind.
    fn is_last_program(&self, invocation: &Invocation) -> bool {
        invocation.range.slice(self.source.text()).starts_with("exec ")
    }
}

/// Whether it is known what stands behind what: the shell may read a script that is no valid one in a way of its own.
fn is_read_as_written(run: &Run) -> bool {
    run.script.as_ref().is_none_or(|script| script.errors.is_empty())
}

/// Whether one command behind `last` comes after every use, however often and in whichever branch the uses run.
fn serves_all<'u>(last: &Invocation, users: impl Iterator<Item = &'u Invocation> + Clone) -> bool {
    let beside = |user: &&Invocation| user.site.list == last.site.list;
    let together = users.clone().all(|user| beside(&user));
    let always = |user: &Invocation| user.guard == Guard::Always;
    let reached = users.clone().filter(beside).any(always) && users.clone().all(|user| beside(&user) || always(user));
    // A function that is called where `set -e` holds and where it does not is read once for each call.
    let readings_agree =
        users.filter(|user| user.site.pipeline == last.site.pipeline).all(|user| user.site == last.site);
    readings_agree && (together || (reached && !last.site.repeated))
}
