//! Back again: runs that were killed, the last run, and the backups that are left.

mod backups;
mod places;
mod recover;
mod rollback;

pub use backups::{Backup, BackupList, Original, Pruned, list_backups, prune};
pub use recover::{RecoverError, Recovered, is_interrupted, recover};
pub use rollback::{Action, Restored, Rollback, RollbackError, RollbackRequest, plan_rollback};

#[cfg(test)]
mod tests;
