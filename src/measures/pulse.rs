//! Whether those that answer requests still do: each says so about once a second, from the very loop that answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::clock::Stopwatch;

/// How often somebody says that they are there.
pub const BEAT_EVERY: Duration = Duration::from_secs(1);

/// Those that work.
#[derive(Debug)]
pub struct Pulses {
    since: Stopwatch,
    hearts: Mutex<Vec<Weak<AtomicU64>>>,
}

/// One that works, for as long as it is held.
#[derive(Debug)]
pub struct Pulse {
    since: Stopwatch,
    heart: Arc<AtomicU64>,
}

impl Default for Pulses {
    fn default() -> Self {
        Self { since: Stopwatch::start(), hearts: Mutex::default() }
    }
}

impl Pulses {
    /// Somebody begins to work.
    pub fn begin(&self) -> Pulse {
        let pulse = Pulse { since: self.since, heart: Arc::default() };
        pulse.beat();
        let mut hearts = self.hearts.lock().unwrap_or_else(PoisonError::into_inner);
        hearts.retain(|heart| heart.strong_count() > 0);
        hearts.push(Arc::downgrade(&pulse.heart));
        pulse
    }

    /// For how long each of them has not said that they are there.
    pub fn pauses(&self) -> Vec<Duration> {
        let hearts = self.hearts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = millis(self.since);
        let beats = hearts.iter().filter_map(Weak::upgrade).map(|heart| heart.load(Ordering::Relaxed));
        beats.map(|beat| Duration::from_millis(now.saturating_sub(beat))).collect()
    }
}

impl Pulse {
    /// Says: I am there.
    pub fn beat(&self) {
        self.heart.store(millis(self.since), Ordering::Relaxed);
    }
}

fn millis(since: Stopwatch) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stops_to_work_is_not_missed_and_whoever_hangs_is() {
        let pulses = Pulses::default();
        let (working, hanging) = (pulses.begin(), pulses.begin());
        drop(pulses.begin());

        std::thread::sleep(Duration::from_millis(30));
        working.beat();

        let pauses = pulses.pauses();
        assert_eq!(pauses.len(), 2);
        assert!(pauses[0] < pauses[1] && pauses[1] >= Duration::from_millis(30), "{pauses:?}");
        drop(hanging);
    }
}
