//! `--changed-since`: only the Dockerfiles whose builds a change touches.

use crate::lint::touched;
use crate::workspace::{Changes, GitError};

use super::args::Check;
use super::run::Task;
use super::{Status, Terminal, known};

/// Leaves out the Dockerfiles that nothing since `revision` touches, and tells how many. Of several repositories those where that is not
/// known are linted whole.
pub(super) fn retain_touched(
    tasks: &mut [Task],
    revision: &str,
    arguments: &Check,
    terminal: &mut Terminal<'_>,
) -> Result<(), Status> {
    let baseline = known::named(arguments, &terminal.cwd);
    let changes: Vec<Result<Changes, GitError>> =
        tasks.iter().map(|(workspace, _, _)| workspace.changes_since(revision)).collect();
    let is_known_of_any = changes.iter().any(Result::is_ok);
    let (mut all, mut kept, mut bases) = (0, 0, Vec::new());
    for ((workspace, paths, settings), changes) in tasks.iter_mut().zip(changes) {
        all += paths.len();
        match changes {
            Ok(changes) => {
                // What another baseline knows may be told now.
                let is_known_otherwise = baseline.as_deref().is_some_and(|file| changes.holds_at(workspace, file));
                if !is_known_otherwise {
                    *paths = touched(workspace, paths, settings, &changes);
                }
                bases.push(changes.base);
            }
            Err(error) if is_known_of_any && error.is_of_one_repository() => {
                terminal.note(&format!("--changed-since: {error}; all Dockerfiles there are linted"));
            }
            Err(error) => return Err(terminal.error(&format!("--changed-since: {error}"))),
        }
        kept += paths.len();
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
