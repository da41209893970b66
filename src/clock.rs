//! Time: the one place that reads the clock.
//!
//! Everything else is handed a [`Timestamp`], so that a test can stand at any moment it likes and a drill can
//! make the clock jump.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

/// A moment in seconds since 1970 (UTC), the `NumericDate` of RFC 7519 §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DieselNewType, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `seconds` after the start of 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the start of 1970.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This moment on the clocks of `zone`, in a form that `strftime` describes.
    pub fn strftime(self, format: &str, zone: &Zone) -> String {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => moment.to_zoned(zone.0.clone()).strftime(format).to_string(),
            Err(_) => self.0.to_string(),
        }
    }

    /// This moment as people read it: `22 Nov 2026, 14:32 UTC`.
    pub fn in_words(self) -> String {
        self.strftime("%-d %b %Y, %H:%M %Z", &Zone::default())
    }

    /// The time from `earlier` to this moment; zero when `earlier` is in fact later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A time zone; by itself, UTC.
#[derive(Clone, Debug)]
pub struct Zone(jiff::tz::TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

impl Zone {
    /// The zone of this IANA name, if there is one: `Europe/Rome`.
    pub fn named(name: &str) -> Option<Self> {
        jiff::tz::db().get(name).ok().map(Self)
    }

    /// Every name, in the order of the alphabet.
    pub fn names() -> Vec<String> {
        jiff::tz::db().available().map(|name| name.to_string()).collect()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC: `2026-11-22T14:32:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => write!(f, "{moment:.0}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The system's clock, or one that a test has moved away from it. Clones move together.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
    standing_at: Option<Timestamp>,
}

impl Clock {
    /// A clock that stands still at `moment` until it is moved: for tests, in which no second may end by itself.
    pub fn standing_at(moment: Timestamp) -> Self {
        Self { standing_at: Some(moment), ..Self::default() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let moment = self.standing_at.map_or_else(|| unix_millis() / 1000, Timestamp::seconds);
        Timestamp(moment + self.offset.load(Ordering::Relaxed))
    }

    /// Moves this clock, and all its clones, by `seconds` (backwards when negative). For tests and drills.
    pub fn jump(&self, seconds: i64) {
        self.offset.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Milliseconds since 1970, for the ordered part of an id and for the log; never for a decision.
pub(crate) fn unix_millis() -> i64 {
    i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)
}

/// The time since 1970, as exactly as the system knows it: for the ordered part of an id.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A stopwatch on the monotonic clock, for the log's durations.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
