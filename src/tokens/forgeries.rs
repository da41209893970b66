//! Forged tokens: how many each network has sent lately.

use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota};

/// A budget of forged tokens for each network. In memory: a restart forgives, and nothing is written.
pub struct Forgeries {
    limiter: Option<DefaultKeyedRateLimiter<String>>,
    counted: AtomicU32,
}

impl Forgeries {
    /// Allows `most` a minute from one network; without a number, any.
    pub fn new(most: Option<u32>) -> Self {
        let quota = most.and_then(NonZero::new).map(Quota::per_minute);
        Self { limiter: quota.map(DefaultKeyedRateLimiter::keyed), counted: AtomicU32::new(0) }
    }

    /// Counts one; how long to wait if that was one too many.
    pub fn count(&self, network: &str) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        // Networks that have stopped are forgotten now and then: a flood of addresses must not fill the memory.
        if self.counted.fetch_add(1, Ordering::Relaxed) % 4096 == 4095 {
            limiter.retain_recent();
        }
        limiter.check_key(&network.to_owned()).map_err(|_| Duration::from_mins(1))
    }
}

impl std::fmt::Debug for Forgeries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forgeries").finish_non_exhaustive()
    }
}
