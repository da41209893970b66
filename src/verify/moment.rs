//! Time: the verifier's own reader of the clock, for it is built without the server's.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as tokens count them.
#[expect(clippy::disallowed_methods, reason = "the one place of the verifier that reads the clock")]
pub(super) fn unix() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The moment by which waiting is measured: no clock that is set moves it.
#[expect(clippy::disallowed_methods, reason = "the one place of the verifier that reads the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}
