//! What is counted while an instance runs: plain numbers in memory, for whoever watches over it. None of them says
//! anything about a person.
//!
//! Whoever counts adds to an atomic, and waits for nobody. Whoever reads may see two numbers of different moments.

mod login;
mod pulse;
mod route;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use self::login::{LoginOutcome, Logins};
pub use self::pulse::{BEAT_EVERY, Pulse, Pulses};
pub use self::route::{BUCKETS, CLASSES, METHODS, RouteMeasures};
use crate::clock::Timestamp;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.add_some(1);
    }

    /// So many more.
    pub fn add_some(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// How many by now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All that is counted of one instance.
#[derive(Debug)]
pub struct Measures {
    /// When the instance was opened.
    pub opened_at: Timestamp,
    /// How sign-ins went.
    pub logins: Logins,
    /// Accounts that were made.
    pub registrations: Counter,
    /// Requests whose token was known in memory.
    pub recalled_tokens: Counter,
    /// Requests whose token was asked of the database.
    pub asked_tokens: Counter,
    /// Notices of revocations that were read.
    pub revocations: Counter,
    /// Those that work, and when they last did.
    pub pulses: Pulses,
    revocation_age: AtomicU64,
    routes: Mutex<BTreeMap<&'static str, Arc<RouteMeasures>>>,
}

impl Measures {
    /// Nothing, yet.
    pub fn new(opened_at: Timestamp) -> Self {
        Self {
            opened_at,
            logins: Logins::default(),
            registrations: Counter::default(),
            recalled_tokens: Counter::default(),
            asked_tokens: Counter::default(),
            revocations: Counter::default(),
            pulses: Pulses::default(),
            revocation_age: AtomicU64::new(0),
            routes: Mutex::default(),
        }
    }

    /// What is counted of the requests for `pattern`. Asked for once by whoever sets up the route: a request looks for
    /// nothing, and what strangers ask for makes no new entry.
    pub fn route(&self, pattern: &'static str) -> Arc<RouteMeasures> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry(pattern).or_default())
    }

    /// Every route by its pattern.
    pub fn routes(&self) -> Vec<(&'static str, Arc<RouteMeasures>)> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.iter().map(|(pattern, measures)| (*pattern, Arc::clone(measures))).collect()
    }

    /// Notices of revocations were read, `number` of them for the first time, the newest of them of this age.
    pub fn note_revocations(&self, number: usize, age: Duration) {
        self.revocations.add_some(u64::try_from(number).unwrap_or(u64::MAX));
        self.revocation_age.store(age.as_secs(), Ordering::Relaxed);
    }

    /// How old the newest notice was that was read last.
    pub fn revocation_age(&self) -> Duration {
        Duration::from_secs(self.revocation_age.load(Ordering::Relaxed))
    }
}
