//! The memory of API keys that were found good: as that of tokens, and forgotten with it (see `verified_tokens`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::clock::Timestamp;
use crate::models::{ApiKey, User};
use crate::verified_tokens::{Digest, VerifiedTokens, Watched};

/// So many are remembered; of a further one the database is asked with each request.
const MOST_KEYS: usize = 1000;

/// Whose key it is, and what it may do: key and account are good.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// Whose.
    pub user: User,
    /// The key. `last_used_at` is what it was when the database was asked, or that very moment.
    pub key: ApiKey,
}

/// The memory. Bounded: what was not used for the longest time goes first.
#[derive(Debug)]
pub struct VerifiedKeys {
    entries: Cache<Digest, Arc<VerifiedKey>>,
}

/// One key that was found good.
#[derive(Debug)]
pub struct VerifiedKey {
    known: Arc<KnownKey>,
    watched: Watched,
    noted_at: AtomicI64,
}

impl Default for VerifiedKeys {
    fn default() -> Self {
        Self { entries: Cache::new(MOST_KEYS) }
    }
}

impl VerifiedKeys {
    /// What is remembered of a key, if it still counts: what ends tokens of a user has their keys asked for anew, too.
    pub fn find(&self, tokens: &VerifiedTokens, key: &Digest) -> Option<Arc<VerifiedKey>> {
        if !tokens.is_current() {
            return None;
        }
        self.entries.get(key).filter(|entry| entry.watched.is_unchanged())
    }

    /// Remembers that a key is good, as far as was known when `watched` began.
    pub fn remember(&self, tokens: &VerifiedTokens, key: Digest, watched: Watched, known: Arc<KnownKey>) {
        if tokens.is_current() {
            let noted_at = AtomicI64::new(known.key.last_used_at.map_or(0, Timestamp::seconds));
            self.entries.insert(key, Arc::new(VerifiedKey { known, watched, noted_at }));
        }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl VerifiedKey {
    /// Whose it is.
    pub fn known(&self) -> &Arc<KnownKey> {
        &self.known
    }

    /// Whether this use is to be noted: the last one that was lies `step` back. Of many at once, one is told so.
    pub fn is_to_be_noted(&self, now: Timestamp, step: Duration) -> bool {
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        let change =
            || self.noted_at.compare_exchange(noted_at, now.seconds(), Ordering::Relaxed, Ordering::Relaxed);
        now.since(Timestamp::from_seconds(noted_at)) >= step && change().is_ok()
    }
}
