//! Sessions that were used and whose rows do not say so yet: noted in memory, written together (write-behind).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::id::SessionId;

/// No more are kept between two writings; a further one is noted with its next use a minute later.
const MOST_WAITING: usize = 100_000;

/// Which sessions were used, and when last.
#[derive(Debug, Default)]
pub struct SeenSessions(Mutex<HashMap<SessionId, Timestamp>>);

impl SeenSessions {
    /// Notes a use.
    pub fn note(&self, session: &SessionId, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MOST_WAITING || seen.contains_key(session) {
            seen.insert(session.clone(), now);
        }
    }

    /// Takes what was noted since the last time.
    pub fn take(&self) -> HashMap<SessionId, Timestamp> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
