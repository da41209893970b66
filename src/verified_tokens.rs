//! The memory of tokens that were found good, so that the next request with one costs a look-up (D4).
//!
//! ```text
//! token ── SHA-256 ──> entry ──> who        good as long as
//!                        │                    · its user has not been forgotten since: one counter a user
//!                        └──> person          · revocations made by other processes were read lately
//! ```
//! An entry notes its person's counter from *before* the database was asked. Whoever forgets the user counts on, so
//! that what was asked before a revocation and remembered after it is void, too; no order of events leaves a gap.
//! Whether a token has ended by the clock is not kept here: that is asked with every request.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use quick_cache::sync::Cache;

use crate::clock::{Stopwatch, Timestamp};
use crate::id::UserId;
use crate::models::{Session, User};
use crate::tokens::AccessClaims;

/// Without news of revocations for this long, nothing remembered counts any more: a server's figure.
pub const TRUSTED_FOR: Duration = Duration::from_secs(10);

/// Somebody whose token, session and account are all good.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// The session behind the token. `last_seen_at` is what it was when the database was asked.
    pub session: Session,
    /// What the token says.
    pub claims: AccessClaims,
}

/// The SHA-256 of a token: a stolen memory gives no token away.
pub type Digest = [u8; 32];

/// The memory. Bounded: what was not used for the longest time goes first.
#[derive(Debug)]
pub struct VerifiedTokens {
    entries: Cache<Digest, Arc<Verified>>,
    people: DashMap<UserId, Weak<Person>>,
    trusted_for: Duration,
    since_start: Stopwatch,
    /// Milliseconds from the start to the last reading of the revocations, plus one; zero when there was none.
    read_at: AtomicU64,
}

/// When a reading of the revocations began.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

/// One token that was found good.
#[derive(Debug)]
pub struct Verified {
    who: Arc<Authenticated>,
    watched: Watched,
    noted_at: AtomicI64,
}

/// A user's counter, and where it stood when their session was asked for.
#[derive(Clone, Debug)]
pub struct Watched {
    person: Arc<Person>,
    count: u64,
}

#[derive(Debug, Default)]
struct Person {
    forgotten: AtomicU64,
}

impl VerifiedTokens {
    /// A memory of up to `most` tokens, none of which counts when no revocations were read for `trusted_for`.
    pub fn new(most: usize, trusted_for: Duration) -> Self {
        Self {
            entries: Cache::new(most),
            people: DashMap::new(),
            trusted_for,
            since_start: Stopwatch::start(),
            read_at: AtomicU64::new(0),
        }
    }

    /// What is remembered of a token, if it still counts.
    pub fn find(&self, token: &Digest) -> Option<Arc<Verified>> {
        if !self.is_current() {
            return None;
        }
        self.entries.get(token).filter(|entry| entry.watched.is_unchanged())
    }

    /// Begins to watch a user. To be called before the database is asked for their session.
    pub fn watch(&self, user: &UserId) -> Watched {
        let mut known = self.people.entry(user.clone()).or_default();
        let person = known.upgrade().unwrap_or_else(|| {
            let person = Arc::new(Person::default());
            *known = Arc::downgrade(&person);
            person
        });
        drop(known);
        let count = person.forgotten.load(Ordering::SeqCst);
        Watched { person, count }
    }

    /// Remembers that a token is good, as far as was known when `watched` began.
    pub fn remember(&self, token: Digest, watched: Watched, who: Arc<Authenticated>) {
        if self.is_current() {
            let noted_at = AtomicI64::new(who.session.last_seen_at.seconds());
            self.entries.insert(token, Arc::new(Verified { who, watched, noted_at }));
        }
    }

    /// Forgets all that is remembered of a user: their sessions, role or account may be others now.
    pub fn forget(&self, user: &UserId) {
        let person = self.people.get(user).and_then(|known| known.upgrade());
        if let Some(person) = person {
            person.forgotten.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.entries.clear();
        for known in &self.people {
            if let Some(person) = known.upgrade() {
                person.forgotten.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// This moment, for [`Self::note_reading`].
    pub fn moment(&self) -> Moment {
        Moment(self.millis())
    }

    /// Notes that all revocations up to the moment `began` have been read, and forgotten what they ended. Not up to
    /// now: the answer of a database that hung may be old.
    pub fn note_reading(&self, began: Moment) {
        self.read_at.store(began.0 + 1, Ordering::SeqCst);
    }

    /// Whether revocations were read lately: else nothing remembered counts (fails closed).
    pub fn is_current(&self) -> bool {
        match self.read_at.load(Ordering::Relaxed) {
            0 => false,
            read_at => self.millis() < read_at + u64::try_from(self.trusted_for.as_millis()).unwrap_or(0),
        }
    }

    /// How long ago the last reading of the revocations began; nothing, if there was none.
    pub fn since_reading(&self) -> Option<Duration> {
        let read_at = self.read_at.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_millis(self.millis().saturating_sub(read_at)))
    }

    /// Drops the counters of users of whom nothing is remembered.
    pub fn tidy(&self) {
        self.people.retain(|_, known| known.strong_count() > 0);
    }

    /// How many tokens are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.since_start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Verified {
    /// Who it is.
    pub fn who(&self) -> &Arc<Authenticated> {
        &self.who
    }

    /// The last use that was noted.
    pub fn noted_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.noted_at.load(Ordering::Relaxed))
    }

    /// Whether this use is to be noted: the last one that was lies `step` back. Of many at once, one is told so.
    pub fn is_to_be_noted(&self, now: Timestamp, step: Duration) -> bool {
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        now.since(Timestamp::from_seconds(noted_at)) >= step
            && self
                .noted_at
                .compare_exchange(noted_at, now.seconds(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Watched {
    /// Whether the user was not forgotten since.
    pub fn is_unchanged(&self) -> bool {
        self.person.forgotten.load(Ordering::SeqCst) == self.count
    }
}
