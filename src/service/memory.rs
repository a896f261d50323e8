//! A cache that can be told to forget, and that does not remember what was read before it was
//! told.
//!
//! Whoever reads the store takes a [`Moment`] first and hands it in with what was found. If
//! something was forgotten meanwhile, what was found may be what was meant: it serves the one
//! request that read it, and is not kept.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::sync::Cache;

/// After this long everything is read again, whatever was said or lost.
const LIFETIME: Duration = Duration::from_secs(30);

/// What a server remembers of the store.
pub struct Memory<K, V> {
    known: Cache<K, V>,
    /// How often something was forgotten.
    forgotten: AtomicU64,
}

/// When somebody began to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Remembers so many at most.
    pub fn of(most: u64) -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(most)
                .time_to_live(LIFETIME)
                .build(),
            forgotten: AtomicU64::new(0),
        }
    }

    /// What is remembered.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.known.get(key)
    }

    /// To be taken before the store is read.
    pub fn moment(&self) -> Moment {
        Moment(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers what was read since `moment`, unless something was forgotten since.
    pub fn remember(&self, moment: Moment, key: K, value: V)
    where
        K: Clone,
    {
        if self.moment() != moment {
            return;
        }
        self.known.insert(key.clone(), value);
        // Whoever forgets counts first and removes then. So either their counting is seen here,
        // or their removing finds what was just put in.
        if self.moment() != moment {
            self.known.invalidate(&key);
        }
    }

    /// Forgets one.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.count();
        self.known.invalidate(key);
    }

    /// Forgets those that `which` names.
    pub fn forget_those(&self, which: impl Fn(&K, &V) -> bool) {
        self.count();
        for (key, value) in &self.known {
            if which(&key, &value) {
                self.known.invalidate(&*key);
            }
        }
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.count();
        self.known.invalidate_all();
    }

    fn count(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory<u8, &'static str> {
        let memory = Memory::of(100);
        for (key, value) in [(1, "one"), (2, "two"), (3, "three")] {
            memory.remember(memory.moment(), key, value);
        }
        memory
    }

    fn remembered(memory: &Memory<u8, &'static str>) -> Vec<u8> {
        (0..10).filter(|key| memory.get(key).is_some()).collect()
    }

    #[test]
    fn what_was_forgotten_is_gone_and_the_rest_stays() {
        let all = memory();
        assert_eq!(all.get(&2), Some("two"));
        all.forget(&2);
        assert_eq!(remembered(&all), [1, 3]);
        all.forget_those(|key, value| *key == 1 && *value == "one");
        assert_eq!(remembered(&all), [3]);
        all.forget_all();
        assert!(remembered(&all).is_empty());
    }

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_remembered() {
        for forget in [
            |memory: &Memory<u8, &'static str>| memory.forget(&7),
            |memory: &Memory<u8, &'static str>| memory.forget_those(|_, _| false),
            |memory: &Memory<u8, &'static str>| memory.forget_all(),
        ] {
            let memory = memory();
            let before = memory.moment();
            forget(&memory);
            memory.remember(before, 4, "four");
            assert_eq!(memory.get(&4), None);
            memory.remember(memory.moment(), 4, "four");
            assert_eq!(memory.get(&4), Some("four"));
        }
    }
}
