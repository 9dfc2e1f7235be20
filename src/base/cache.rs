//! A cache: bounded in bytes, what was used longest ago goes first, nothing older than its time.
//!
//! Entries have tags; whatever a tag stands for has changed or was revoked, and all of them go at once. What is
//! past its freshness but not its end is given with that word: whoever asks may use it and make it anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: usize,
    most: usize,
    uses: u64,
    epoch: u64,
    counts: Counts,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    tags: Vec<String>,
    fresh_until: Instant,
    ends: Instant,
    used: u64,
}

/// How often it helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Questions that it answered.
    pub hits: u64,
    /// Questions that it could not answer.
    pub misses: u64,
    /// Entries that went because there was no room.
    pub evicted: u64,
}

/// What is found: the value, and whether it is still fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<V> {
    /// The value.
    pub value: V,
    /// Not so: it may be used once more while it is made anew.
    pub fresh: bool,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// An empty cache of at most so many bytes, as its users count them.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, most, uses: 0, epoch: 0, counts: Counts::default() }
    }

    /// What is known under a key at this time.
    pub fn get(&mut self, key: &K, now: Instant) -> Option<Found<V>> {
        if self.entries.get(key).is_some_and(|entry| entry.ends <= now) {
            self.remove(key);
        }
        self.uses += 1;
        let uses = self.uses;
        let found = self.entries.get_mut(key).map(|entry| {
            entry.used = uses;
            Found { value: entry.value.clone(), fresh: now < entry.fresh_until }
        });
        *(if found.is_some() { &mut self.counts.hits } else { &mut self.counts.misses }) += 1;
        found
    }

    /// Keeps a value of this size: fresh for a time, and of use for as long again. One that is larger than the
    /// cache is not kept.
    pub fn put(&mut self, key: K, value: V, bytes: usize, fresh: Duration, tags: Vec<String>, now: Instant) {
        self.remove(&key);
        if bytes > self.most {
            return;
        }
        while self.bytes + bytes > self.most {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
            else {
                break;
            };
            self.remove(&oldest);
            self.counts.evicted += 1;
        }
        self.uses += 1;
        self.bytes += bytes;
        let (fresh_until, ends) = (now + fresh, now + fresh * 2);
        self.entries.insert(key, Entry { value, bytes, tags, fresh_until, ends, used: self.uses });
    }

    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    /// Drops everything with this tag; how much.
    pub fn drop_tag(&mut self, tag: &str) -> usize {
        self.epoch += 1;
        let before = self.entries.len();
        self.entries.retain(|_, entry| entry.tags.iter().all(|of| of != tag));
        self.bytes = self.entries.values().map(|entry| entry.bytes).sum();
        before - self.entries.len()
    }

    /// Drops everything: a right or a secret was revoked.
    pub fn clear(&mut self) {
        self.epoch += 1;
        self.entries.clear();
        self.bytes = 0;
    }

    /// Grows whenever something is dropped by a tag or by a revocation: what was made before that is old.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Bytes that are held.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How often it helped.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRESH: Duration = Duration::from_secs(10);

    #[test]
    fn time_tags_and_use_decide_what_stays() {
        let now = Instant::now();
        let mut cache = Cache::new(30);
        for (key, tag) in [("a", "x"), ("b", "y"), ("c", "x")] {
            cache.put(key, key.len(), 10, FRESH, vec![tag.to_owned()], now);
        }
        assert!(cache.get(&"a", now).is_some_and(|found| found.fresh));
        cache.put("d", 1, 10, FRESH, Vec::new(), now);
        assert!(cache.get(&"b", now).is_none(), "what was used longest ago made room");
        let later = cache.get(&"a", now + FRESH + Duration::from_secs(1));
        assert!(later.is_some_and(|found| !found.fresh), "of use, and to be made anew");
        assert!(cache.get(&"a", now + FRESH * 2).is_none());
        assert_eq!((cache.drop_tag("x"), cache.bytes()), (1, 10));
        cache.put("e", 1, 31, FRESH, Vec::new(), now);
        assert!(cache.get(&"e", now).is_none(), "larger than all");
        cache.clear();
        assert_eq!((cache.bytes(), cache.get(&"d", now)), (0, None));
        assert_eq!(cache.counts().evicted, 1);
    }

    proptest! {
        #[test]
        fn the_bound_holds(puts in proptest::collection::vec((0_u8..20, 0_usize..40), 0..100)) {
            let mut cache = Cache::new(100);
            let now = Instant::now();
            for (key, bytes) in puts {
                cache.put(key, (), bytes, FRESH, vec![key.to_string()], now);
                prop_assert!(cache.bytes() <= 100);
            }
            for key in 0..20_u8 {
                cache.drop_tag(&key.to_string());
            }
            prop_assert_eq!(cache.bytes(), 0);
        }
    }
}
