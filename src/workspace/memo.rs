//! What layers above make of the files, kept for as long as the files stay the same.

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

use crate::text::SourceFile;

use super::Workspace;
use super::cache::{Cache, Derived, Recent};

/// Half as many values as are kept for the surroundings: each `COPY` that is typed makes others, and each of many services asks for
/// its own.
const MAX_OF_SURROUNDINGS: usize = 2_000;

type Anything = Arc<dyn Any + Send + Sync>;

/// Values by key.
#[derive(Default)]
pub(super) struct Memo {
    all: Current,
    /// The same of what no text of a Dockerfile changes.
    others: Current,
    /// What was made of all files, whatever Dockerfiles say.
    surroundings: Recent<u64, Anything>,
    /// What was made of names of files.
    names: Recent<u64, Anything>,
    /// What was made of names of files and of texts of `.gitignore` files.
    gitignored: Recent<u64, Anything>,
    /// What was made of one file, and of the surroundings of that number where it was made of them too.
    file: Derived<(Arc<SourceFile>, Option<u64>), Anything>,
    /// What was made of the texts of some files and nothing else.
    files: Derived<Arc<Vec<Arc<SourceFile>>>, Anything>,
}

/// Values of one state of the files, each made once.
#[derive(Default)]
struct Current(RwLock<Arc<OfState>>);

#[derive(Default)]
struct OfState {
    state: u64,
    values: Cache<Anything>,
}

impl Current {
    fn get_or_make<T: Send + Sync + 'static>(&self, state: u64, key: &str, make: impl Fn() -> T) -> Arc<T> {
        let value = self.of(state).values.get_or_make(key, || -> Anything { Arc::new(make()) });
        value.downcast().unwrap_or_else(|_| Arc::new(make()))
    }

    /// What is kept of `state`. Whoever still works with another one keeps its values for as long.
    fn of(&self, state: u64) -> Arc<OfState> {
        let known = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if known.state == state {
            return known;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.state != state {
            *known = Arc::new(OfState { state, values: Cache::default() });
        }
        Arc::clone(&known)
    }

    fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

impl Memo {
    pub(super) fn clear(&self) {
        self.all.clear();
        self.others.clear();
        self.surroundings.clear();
        self.names.clear();
        self.gitignored.clear();
        self.file.clear();
        self.files.clear();
    }
}

impl Workspace {
    /// What `make` returns, made once per `key` for as long as no file changes.
    ///
    /// `make` may ask for other keys, and must not run other tasks of the thread pool: one of them could ask for the same key.
    pub fn remembered<T: Send + Sync + 'static>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        self.memo.all.get_or_make(self.generation(), key, make)
    }

    /// [`Workspace::remembered`] for as long as nothing changes but the texts of Dockerfiles: what `make` looks at must be in other files,
    /// or in `key`.
    pub fn remembered_of_others<T: Send + Sync + 'static>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        self.memo.others.get_or_make(self.surroundings(), key, make)
    }

    /// What `make` returns, made once per `key` for as long as `source` is the same file with the same text.
    pub fn remembered_of<T: Send + Sync + 'static>(
        &self,
        key: &str,
        source: &Arc<SourceFile>,
        make: impl Fn() -> T,
    ) -> Arc<T> {
        self.made_of(key, (Arc::clone(source), None), make)
    }

    /// What `make` returns, made once per `key` for as long as `source` is the same file with the same text and no other file changes;
    /// texts of Dockerfiles may.
    pub fn remembered_of_with_surroundings<T: Send + Sync + 'static>(
        &self,
        key: &str,
        source: &Arc<SourceFile>,
        make: impl Fn() -> T,
    ) -> Arc<T> {
        self.made_of(key, (Arc::clone(source), Some(self.surroundings())), make)
    }

    /// [`Workspace::remembered_of_others`] of what is asked for with many keys, of which only the latest are kept. `make` may run other
    /// tasks of the thread pool, and may be called more than once.
    pub fn remembered_of_surroundings<T: Send + Sync + 'static>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        recent(&self.memo.surroundings, key, self.surroundings(), make)
    }

    /// [`Workspace::remembered_of_surroundings`] for as long as no file comes or goes and none changes on disk, whatever is typed: what
    /// `make` looks at must be names of files, or in `key`.
    pub fn remembered_of_names<T: Send + Sync + 'static>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        recent(&self.memo.names, key, self.names(), make)
    }

    /// [`Workspace::remembered_of_names`] for as long as `.gitignore` files say the same as well.
    pub fn remembered_of_gitignored<T: Send + Sync + 'static>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        recent(&self.memo.gitignored, key, self.gitignored_state(), make)
    }

    /// What `make` returns, made once per `key` for as long as `files` are the same files with the same texts, whatever else changes.
    pub fn remembered_of_files<T: Send + Sync + 'static>(
        &self,
        key: &str,
        files: &Arc<Vec<Arc<SourceFile>>>,
        make: impl Fn() -> T,
    ) -> Arc<T> {
        type Files = Arc<Vec<Arc<SourceFile>>>;
        let make_any = |_: &Files| -> Anything { Arc::new(make()) };
        let same = |known: &Files, now: &Files| {
            let each = || known.iter().zip(now.iter()).all(|(known, now)| Arc::ptr_eq(known, now));
            Arc::ptr_eq(known, now) || (known.len() == now.len() && each())
        };
        if self.memo.files.len() > MAX_OF_SURROUNDINGS {
            self.memo.files.clear();
        }
        let value = self.memo.files.get_or_make(key, Arc::clone(files), same, make_any);
        value.downcast().unwrap_or_else(|_| Arc::new(make()))
    }

    fn made_of<T: Send + Sync + 'static>(
        &self,
        key: &str,
        source: (Arc<SourceFile>, Option<u64>),
        make: impl Fn() -> T,
    ) -> Arc<T> {
        type Source = (Arc<SourceFile>, Option<u64>);
        let make_any = |_: &Source| -> Anything { Arc::new(make()) };
        let same = |known: &Source, now: &Source| Arc::ptr_eq(&known.0, &now.0) && known.1 == now.1;
        let value = self.memo.file.get_or_make(key, source, same, make_any);
        value.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}

fn recent<T: Send + Sync + 'static>(
    known: &Recent<u64, Anything>,
    key: &str,
    state: u64,
    make: impl Fn() -> T,
) -> Arc<T> {
    let value = known.get_or_make(key, state, MAX_OF_SURROUNDINGS, || -> Anything { Arc::new(make()) });
    value.downcast().unwrap_or_else(|_| Arc::new(make()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_until_a_file_changes() {
        let workspace = Workspace::in_memory([("a".to_owned(), b"1".to_vec()), ("b".to_owned(), b"1".to_vec())]);
        let length = || *workspace.remembered("length", || workspace.read("a").map_or(0, |file| file.bytes().len()));
        let of_b = |value: u32| {
            let file = workspace.read("b").expect("a file");
            *workspace.remembered_of("b", &file, || value)
        };
        assert_eq!((length(), of_b(1)), (1, 1));
        workspace.set_overlay("a", Some(b"123".to_vec()));
        assert_eq!((length(), of_b(2)), (3, 1));
        workspace.set_overlay("b", Some(b"2".to_vec()));
        assert_eq!((length(), of_b(3)), (3, 3));
        let of_all = |value: u32| {
            let files = ["a", "b"].map(|path| workspace.read(path).expect("a file")).to_vec();
            *workspace.remembered_of_files("all", &Arc::new(files), || value)
        };
        assert_eq!(of_all(1), 1);
        workspace.set_overlay("c", Some(Vec::new()));
        assert_eq!(of_all(2), 1);
        workspace.set_overlay("a", Some(b"4".to_vec()));
        assert_eq!(of_all(3), 3);
        workspace.set_overlay("a", Some(b"123".to_vec()));
        // One key for two types is a mistake that must not end in a panic.
        assert_eq!(*workspace.remembered("length", || "text"), "text");
    }
}
