//! `--changed-since`: only the Dockerfiles whose builds a change touches.

use crate::lint::touched;

use super::run::Task;
use super::{Status, Terminal};

/// Leaves out the Dockerfiles that nothing since `revision` touches, and tells how many.
pub(super) fn retain_touched(tasks: &mut [Task], revision: &str, terminal: &mut Terminal<'_>) -> Result<(), Status> {
    let (mut all, mut kept, mut bases) = (0, 0, Vec::new());
    for (workspace, paths, settings) in tasks {
        let changes =
            workspace.changes_since(revision).map_err(|error| terminal.error(&format!("--changed-since: {error}")))?;
        all += paths.len();
        *paths = touched(workspace, paths, settings, &changes);
        kept += paths.len();
        bases.push(changes.base);
    }
    if all == 0 {
        return Ok(());
    }
    bases.dedup();
    let since = format!("`{revision}` (merge base {})", bases.join(", "));
    terminal.note(&match (kept, all - kept) {
        (0, 1) => format!("nothing that the one Dockerfile's build reads changed since {since}; it is left out"),
        (0, _) => format!("nothing that the builds of {all} Dockerfiles read changed since {since}; all are left out"),
        (_, left_out) => format!("{kept} of {all} Dockerfiles touched since {since}, {left_out} left out"),
    });
    Ok(())
}
