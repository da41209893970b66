//! Sessions and API keys that were used and whose rows do not say so yet: noted in memory, written together
//! (write-behind).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::id::{ApiKeyId, SessionId};

/// No more are kept between two writings; a further one is noted with its next use a minute later.
const MOST_WAITING: usize = 100_000;

/// Which of them were used, and when last.
#[derive(Debug)]
pub struct Seen<Id>(Mutex<HashMap<Id, Timestamp>>);

/// Which sessions were used.
pub type SeenSessions = Seen<SessionId>;

/// Which API keys were used.
pub type SeenKeys = Seen<ApiKeyId>;

impl<Id> Default for Seen<Id> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Id: Clone + Eq + Hash> Seen<Id> {
    /// Notes a use.
    pub fn note(&self, id: &Id, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MOST_WAITING || seen.contains_key(id) {
            seen.insert(id.clone(), now);
        }
    }

    /// Takes what was noted since the last time.
    pub fn take(&self) -> HashMap<Id, Timestamp> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
