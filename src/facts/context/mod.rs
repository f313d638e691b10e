//! What a build copies of its context as a whole, and what of that nothing reads.
//!
//! * [`Facts::folder_copies`](super::Facts::folder_copies): the `COPY` and `ADD` sources that take folders.
//! * [`Facts::ignore_plan`](super::Facts::ignore_plan): what the context holds besides inputs, and the ignore file that leaves
//!   it out. It is made from the context and from every Dockerfile that may be built in it, so that all get the same.

mod copies;
mod history;
mod kinds;
mod needs;
mod plan;
mod readers;
mod waste;

pub use copies::FolderCopy;
pub use kinds::{Entry, Kind, Section};
pub use plan::{IgnorePlan, Verdict, WORTH_BYTES};
pub use waste::{Evidence, Promise, Waste};
