//! What a build copies of its context as a whole, and what of that nothing reads.
//!
//! * [`Facts::folder_copies`](super::Facts::folder_copies): the `COPY` and `ADD` sources that take folders.
//! * [`Facts::ignore_plan`](super::Facts::ignore_plan): what the context holds besides inputs, after the ignore file that the
//!   build reads, and the patterns that leave it out. It is made from the context and from every Dockerfile that may be built in
//!   it with the same ignore file, so that all get the same.
//! * [`Facts::loads`](super::Facts::loads): what each of the copies takes of it.

mod copies;
mod environments;
mod history;
mod judge;
mod kinds;
mod large;
mod likely;
mod load;
mod needs;
mod plan;
mod readers;
mod secrets;
mod spare;
mod waste;

pub use copies::FolderCopy;
pub use judge::Verdict;
pub use kinds::{Entry, Kind, Section};
pub use large::LargeLoad;
pub use load::{Load, Promised, Share};
pub use plan::{Addition, IgnorePlan, WORTH_BYTES};
pub use secrets::{SecretCopy, SecretFile, SecretKind};
pub use spare::{Spare, SpareKind};
pub use waste::{Evidence, Promise, Waste};
