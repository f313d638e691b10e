use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

/// Values made once per key, whoever asks first; others wait for it.
///
/// What makes a value must not run other tasks of the thread pool: one of them could ask for the same key.
pub(super) struct Cache<V>(RwLock<FxHashMap<Arc<str>, Arc<OnceLock<V>>>>);

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V: Clone> Cache<V> {
    pub(super) fn get_or_make(&self, key: &str, make: impl FnOnce() -> V) -> V {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let slot = known.unwrap_or_else(|| {
            Arc::clone(self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key.into()).or_default())
        });
        slot.get_or_init(make).clone()
    }

    /// What was made for `key`, if anything was.
    pub(super) fn get(&self, key: &str) -> Option<V> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key)?.get().cloned()
    }

    pub(super) fn clear(&self) {
        self.retain(|_| false);
    }

    /// What was made so far.
    pub(super) fn made(&self) -> Vec<(Arc<str>, V)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|(key, slot)| Some((Arc::clone(key), slot.get()?.clone()))).collect()
    }

    /// Calls `look` with what was made so far. It must put nothing here.
    pub(super) fn with_made<R>(&self, look: impl FnOnce(&mut dyn Iterator<Item = (&Arc<str>, &V)>) -> R) -> R {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        look(&mut known.iter().filter_map(|(key, slot)| Some((key, slot.get()?))))
    }

    pub(super) fn put(&self, key: Arc<str>, value: V) {
        let slot = Arc::new(OnceLock::from(value));
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, slot);
    }

    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|key, _| keep(key));
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
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
