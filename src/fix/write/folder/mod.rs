//! One folder, opened once, in which files are read, made and renamed by name.
//!
//! On Unix the folder is held by a descriptor that was reached from the root without following a link, so that a folder which
//! is swapped for a link while slimlint runs leads nowhere. Elsewhere its place is looked at again before each step.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(in crate::fix) use portable::{Folder, Likeness};
#[cfg(unix)]
pub(in crate::fix) use unix::{Folder, Likeness};

use std::fs::File;
use std::io;

use sha2::{Digest as _, Sha256};

/// What a file held.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::fix) struct Stamp {
    /// In hexadecimal digits.
    pub sha256: String,
    pub bytes: u64,
}

impl Stamp {
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha256: hexadecimal(&Sha256::digest(bytes)), bytes: bytes.len() as u64 }
    }
}

pub(in crate::fix) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A regular file as it stands.
#[derive(Debug)]
pub(in crate::fix) struct Found<L = Likeness> {
    pub bytes: Vec<u8>,
    /// What another file in its place takes from it.
    pub likeness: L,
}

impl<L> Found<L> {
    pub fn stamp(&self) -> Stamp {
        Stamp::of(&self.bytes)
    }
}

/// How [`Folder::replace`] and [`Folder::take_away`] ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fix) enum Replaced {
    Yes,
    /// The file is not what was expected, and stands as it was.
    Changed,
}

impl Folder {
    /// What the regular file `name` holds; `None` when there is nothing.
    pub fn stamp(&self, name: &str) -> io::Result<Option<Stamp>> {
        Ok(self.read(name)?.map(|found| found.stamp()))
    }

    /// Puts the file `staged` in the place of `name`, which must hold `expected`; `staged` is gone then. Where the system can
    /// exchange two names, what somebody saved at the very last moment comes back; else it would have to be saved between
    /// two calls to the system to be lost.
    pub fn replace(&self, staged: &str, name: &str, expected: &Stamp) -> io::Result<Replaced> {
        if self.stamp(name)?.as_ref() != Some(expected) {
            return Ok(Replaced::Changed);
        }
        if !self.exchange(staged, name)? {
            self.rename(staged, name)?;
            return Ok(Replaced::Yes);
        }
        if self.stamp(staged)?.as_ref() != Some(expected) {
            self.exchange(staged, name)?;
            return Ok(Replaced::Changed);
        }
        self.remove(staged)?;
        Ok(Replaced::Yes)
    }

    /// Renames `name`, which must hold `expected`, to `aside`, which must not exist.
    pub fn take_away(&self, name: &str, aside: &str, expected: &Stamp) -> io::Result<Replaced> {
        if self.stamp(name)?.as_ref() != Some(expected) {
            return Ok(Replaced::Changed);
        }
        self.rename_new(name, aside)?;
        if self.stamp(aside)?.as_ref() != Some(expected) {
            self.rename_new(aside, name)?;
            return Ok(Replaced::Changed);
        }
        Ok(Replaced::Yes)
    }
}

/// Waits until the file is on disk. Tests of thousands of runs do not wait: no power is cut there.
fn flush(file: &File) -> io::Result<()> {
    if cfg!(test) { Ok(()) } else { file.sync_all() }
}

/// What happens to a disk in tests: a step that fails, or a process that dies.
#[cfg(test)]
pub(in crate::fix) mod fault {
    use std::cell::RefCell;
    use std::io;

    type Hook = Box<dyn FnMut(usize, &str) -> io::Result<()>>;

    thread_local! {
        static HOOK: RefCell<Option<(usize, Hook)>> = const { RefCell::new(None) };
    }

    /// Runs `work`; before each step that changes the disk, `hook` is asked with the step's number and name.
    pub fn with<T>(hook: impl FnMut(usize, &str) -> io::Result<()> + 'static, work: impl FnOnce() -> T) -> (T, usize) {
        HOOK.with_borrow_mut(|slot| *slot = Some((0, Box::new(hook))));
        let result = work();
        let steps = HOOK.with_borrow_mut(Option::take).map_or(0, |(steps, _)| steps);
        (result, steps)
    }

    pub fn step(name: &str) -> io::Result<()> {
        HOOK.with_borrow_mut(|slot| match slot {
            Some((number, hook)) => {
                let result = hook(*number, name);
                *number += 1;
                result
            }
            None => Ok(()),
        })
    }
}

#[cfg(not(test))]
mod fault {
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "steps fail in tests")]
    pub fn step(_: &str) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
