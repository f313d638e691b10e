use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};

use rustc_hash::FxHashMap;

type Slots<V> = FxHashMap<Arc<str>, Arc<OnceLock<V>>>;

/// Values made once per key, whoever asks first; others wait for it.
///
/// What makes a value must not run other tasks of the thread pool: one of them could ask for the same key.
pub(super) struct Cache<V> {
    slots: RwLock<Slots<V>>,
    changes: AtomicU64,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self { slots: RwLock::default(), changes: AtomicU64::default() }
    }
}

impl<V: Clone> Cache<V> {
    pub(super) fn get_or_make(&self, key: &str, make: impl FnOnce() -> V) -> V {
        let known = self.slots.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let slot = known.unwrap_or_else(|| Arc::clone(self.changing().entry(key.into()).or_default()));
        slot.get_or_init(make).clone()
    }

    /// What was made for `key`, if anything was.
    pub(super) fn get(&self, key: &str) -> Option<V> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(key)?.get().cloned()
    }

    pub(super) fn clear(&self) {
        self.retain(|_| false);
    }

    /// The values, to change which there are.
    fn changing(&self) -> RwLockWriteGuard<'_, Slots<V>> {
        self.changes.fetch_add(1, Ordering::Release);
        self.slots.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that stays the same for as long as no value comes or goes.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// What was made so far.
    pub(super) fn made(&self) -> Vec<(Arc<str>, V)> {
        let known = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|(key, slot)| Some((Arc::clone(key), slot.get()?.clone()))).collect()
    }

    pub(super) fn put(&self, key: Arc<str>, value: V) {
        let slot = Arc::new(OnceLock::from(value));
        self.changing().insert(key, slot);
    }

    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.changing().retain(|key, _| keep(key));
    }

    pub(super) fn len(&self) -> usize {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Values that hold for as long as what they were made from stays the same (`S` says whether it does).
pub(super) struct Derived<S, V>(RwLock<FxHashMap<String, (S, V)>>);

impl<S, V> Default for Derived<S, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<S, V: Clone> Derived<S, V> {
    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn get_or_make(
        &self,
        key: &str,
        source: S,
        same: impl Fn(&S, &S) -> bool,
        make: impl FnOnce(&S) -> V,
    ) -> V {
        if let Some((known, value)) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key)
            && same(known, &source)
        {
            return value.clone();
        }
        let value = make(&source);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), (source, value.clone()));
        value
    }

    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
