//! A part of a long list, newest first: cut at a row rather than counted, so that what is added or deleted meanwhile
//! neither hides a row nor shows one twice.

use crate::clock::Timestamp;

/// Which part: what lies beyond a row, in either direction. A row's place is its time, and within one second its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<Id> {
    /// What is older than this row; the newest of it first.
    Before {
        /// The row's time.
        at: Timestamp,
        /// The row.
        id: Id,
    },
    /// What is newer than this row; the oldest of it first.
    After {
        /// The row's time.
        at: Timestamp,
        /// The row.
        id: Id,
    },
}

impl<Id: for<'text> From<&'text str>> Part<Id> {
    /// What is newest.
    pub fn newest() -> Self {
        Self::Before { at: NEVER, id: Id::from("") }
    }
}

/// Nothing happens then.
const NEVER: Timestamp = Timestamp::from_seconds(i64::MAX);

impl<Id> Part<Id> {
    /// Whether nothing can be newer than what is in it.
    pub fn is_newest(&self) -> bool {
        matches!(self, Self::Before { at: NEVER, .. })
    }
}
