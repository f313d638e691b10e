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
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let known = slots.get(key);
        if let Some(value) = known.and_then(|slot| slot.get()) {
            return value.clone();
        }
        let known = known.cloned();
        drop(slots);
        let slot = known.unwrap_or_else(|| Arc::clone(self.changing().entry(key.into()).or_default()));
        slot.get_or_init(make).clone()
    }

    /// What was made for `key`, if anything was.
    pub(super) fn get(&self, key: &str) -> Option<V> {
        self.look(key, V::clone)
    }

    /// What `look` makes of what was made for `key`, if anything was. `look` must not ask for other values.
    pub(super) fn look<T>(&self, key: &str, look: impl FnOnce(&V) -> T) -> Option<T> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(key)?.get().map(look)
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

/// Values of one state of things, `S`. Of many only those are kept that were asked for not long ago.
pub(super) struct Recent<S, V>(RwLock<Ages<S, V>>);

struct Ages<S, V> {
    state: S,
    young: FxHashMap<String, V>,
    old: FxHashMap<String, V>,
}

impl<S: Default, V> Default for Recent<S, V> {
    fn default() -> Self {
        Self(RwLock::new(Ages { state: S::default(), young: FxHashMap::default(), old: FxHashMap::default() }))
    }
}

impl<S: PartialEq + Copy, V: Clone> Recent<S, V> {
    /// The value of `key` in `state`, of at most twice `limit` that are kept.
    pub(super) fn get_or_make(&self, key: &str, state: S, limit: usize, make: impl FnOnce() -> V) -> V {
        let ages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_known = ages.state == state;
        if let Some(value) = ages.young.get(key).filter(|_| is_known) {
            return value.clone();
        }
        let old = ages.old.get(key).filter(|_| is_known).cloned();
        drop(ages);
        let value = old.unwrap_or_else(make);
        let mut ages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ages.state != state {
            ages.young.clear();
            ages.old.clear();
            ages.state = state;
        }
        if ages.young.len() >= limit {
            ages.old = std::mem::take(&mut ages.young);
        }
        ages.young.insert(key.to_owned(), value.clone());
        value
    }

    pub(super) fn clear(&self) {
        let mut ages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ages.young.clear();
        ages.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_again_and_again_is_kept_however_much_comes_between() {
        let recent: Recent<u64, usize> = Recent::default();
        let made = std::cell::Cell::new(0);
        let get = |key: &str, state: u64| {
            recent.get_or_make(key, state, 10, || {
                made.set(made.get() + 1);
                made.get()
            })
        };
        let shared = get("shared", 0);
        for number in 0..100 {
            get(&number.to_string(), 0);
            assert_eq!(get("shared", 0), shared);
        }
        assert_eq!(made.get(), 101);
        get("0", 0);
        assert_eq!(made.get(), 102, "what nobody asks for goes");
        assert_ne!(get("shared", 1), shared, "another state of things");
    }
}
