//! Cleaning up behind the last command of a `RUN` that needs what is cleaned.

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
    pub fn clean_behind(
        &self,
        run: &Run,
        first: usize,
        is_user: impl Fn(&Invocation) -> bool,
        command: &str,
    ) -> Option<Cleaning> {
        // Where the shell reads a script in a way of its own, nobody knows what stands behind what.
        if run.script.as_ref().is_some_and(|script| !script.errors.is_empty()) {
            return None;
        }
        let invocations = run.invocations.iter().enumerate().skip(first);
        let users: Vec<(usize, &Invocation)> = invocations.filter(|(_, invocation)| is_user(invocation)).collect();
        let &(last_index, last) = users.last()?;
        if !serves_all(last, users.iter().map(|&(_, user)| user)) {
            return None;
        }
        // `exec` leaves nobody to run what comes behind.
        if last.range.slice(self.source.text()).starts_with("exec ") {
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
        let edit = self.command_after(last, command, behind)?;
        Some(Cleaning { edit, unread_behind })
    }
}

/// Whether one command behind `last` comes after every use, however often and in whichever branch the uses run.
pub(super) fn serves_all<'u>(last: &Invocation, users: impl Iterator<Item = &'u Invocation> + Clone) -> bool {
    let beside = |user: &&Invocation| user.site.list == last.site.list;
    let together = users.clone().all(|user| beside(&user));
    let always = |user: &Invocation| user.guard == Guard::Always;
    let reached = users.clone().filter(beside).any(always) && users.clone().all(|user| beside(&user) || always(user));
    // A function that is called where `set -e` holds and where it does not is read once for each call.
    let readings_agree =
        users.filter(|user| user.site.pipeline == last.site.pipeline).all(|user| user.site == last.site);
    readings_agree && (together || (reached && !last.site.repeated))
}
