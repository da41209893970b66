//! The token status list as this process knows it: which bits are set, the list as it was last signed, and who listens
//! for changes.
//!
//! ```text
//! a deed, once committed ──┐                ┌──> whoever listens, at once
//!                          ├──> bits that ──┤
//! a reading, twice a second┘    are new     └──> the next who asks: signed anew, once
//! ```
//! A bit is set before its token has expired and goes some time after; nobody need hear of that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::id::KeyId;
use crate::models::{InvalidToken, StatusBlock};
use crate::tokens::StatusList;

mod indices;
mod listeners;

pub use indices::{Place, StatusIndices, shuffled};
pub use listeners::{Change, Full, Heard, Listener, Listeners};

/// The list has room for as many places beyond the last that we know of: another node may have taken some since.
const SPARE: u64 = 64 * StatusBlock::LENGTH as u64;

/// What is known, and who is told.
#[derive(Debug, Default)]
pub struct TokenStatus {
    known: Mutex<Known>,
    signed: Mutex<Option<Arc<SignedList>>>,
    /// Whoever puts a new list together has the turn; the others wait for it and take the same.
    pub turn: tokio::sync::Mutex<()>,
    /// Who listens for changes.
    pub listeners: Listeners,
    /// Places in it for new sessions.
    pub indices: StatusIndices,
}

#[derive(Debug, Default)]
struct Known {
    invalid: HashMap<u64, Timestamp>,
    end: u64,
    version: u64,
}

/// The list at a moment, before it is signed.
#[derive(Debug)]
pub struct Draft {
    /// The bits.
    pub list: StatusList,
    /// The last change in it.
    pub version: u64,
}

/// The signed list.
#[derive(Clone, Debug)]
pub struct SignedList {
    /// The token.
    pub text: String,
    /// Names it among all others.
    pub tag: String,
    /// The last change in it.
    pub version: u64,
    /// By which key.
    pub key: Option<KeyId>,
    /// When.
    pub iat: Timestamp,
}

impl TokenStatus {
    /// Takes up what was read or has just been committed, and tells whoever listens what is new of it.
    pub fn note(&self, invalid: &[InvalidToken]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for token in invalid {
            let Ok(index) = u64::try_from(token.status_index) else { continue };
            let before = known.invalid.insert(index, token.until);
            // A place that was handed out again has a bit of long ago at most.
            if before.is_none_or(|before| before < token.until) {
                news.push(index);
            }
        }
        if !news.is_empty() {
            known.version += 1;
            // Under the lock, so that changes are told in their order.
            self.listeners.tell(Change { version: known.version, indices: news.into() });
        }
    }

    /// Takes up how far the list reaches.
    pub fn note_last(&self, block: Option<i64>) {
        let end = block.and_then(|first| u64::try_from(first + StatusBlock::LENGTH).ok()).unwrap_or(0);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if room(end) > room(known.end) {
            known.version += 1;
        }
        known.end = end.max(known.end);
    }

    /// The list at `now`.
    pub fn draft(&self, now: Timestamp) -> Draft {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.invalid.retain(|_, until| now < *until);
        let mut list = StatusList::new(room(known.end));
        known.invalid.keys().for_each(|index| list.set_invalid(*index));
        Draft { list, version: known.version }
    }

    /// The list as it was last signed, if nothing has changed since.
    pub fn signed(&self) -> Option<Arc<SignedList>> {
        let version = self.known.lock().unwrap_or_else(PoisonError::into_inner).version;
        let signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        signed.filter(|list| list.version == version)
    }

    /// Keeps a list for whoever asks next.
    pub fn keep(&self, list: SignedList) -> Arc<SignedList> {
        let list = Arc::new(list);
        *self.signed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&list));
        list
    }
}

/// Rounded up, so that its length says little about how many people sign in, and seldom changes.
fn room(end: u64) -> u64 {
    (end + SPARE + 1).next_power_of_two()
}
