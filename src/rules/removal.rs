//! Deleting what commands leave behind, in the `RUN` that runs them.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::{Facts, Invocation, Run};

use super::insertion::Behind;

impl Facts<'_> {
    /// Puts `command`, which deletes what only a later command of the same kind could use, behind the last of the invocations
    /// at `users` in each of their lists. `None` when one of them cannot be followed by a command.
    #[must_use]
    pub fn removal_fix(&self, run: &Run, users: &[usize], command: &str, title: &str) -> Option<Fix> {
        // Where the shell reads a script in a way of its own, nobody knows what stands behind what.
        if run.script.as_ref().is_some_and(|script| !script.errors.is_empty()) {
            return None;
        }
        let mut last_of_lists: Vec<&Invocation> = Vec::new();
        for user in users.iter().filter_map(|&index| run.invocations.get(index)) {
            match last_of_lists.iter_mut().find(|last| last.site.list == user.site.list) {
                // A function that is called twice is read twice.
                Some(last) if last.site.pipeline.start() <= user.site.pipeline.start() => *last = user,
                Some(_) => {}
                None => last_of_lists.push(user),
            }
        }
        let mut edits: Vec<Edit> = Vec::new();
        for last in last_of_lists {
            // `exec` leaves nobody to run what comes behind.
            if last.range.slice(self.source.text()).starts_with("exec ") {
                return None;
            }
            let edit = self.command_after(last, command, Behind::Pipeline)?;
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        let fix = |edits| Fix { title: title.to_owned(), applicability: Applicability::Safe, caution: None, edits };
        (!edits.is_empty()).then(|| fix(edits))
    }
}
