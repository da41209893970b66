//! What whoever started us hears: systemd, or another that speaks its protocol (`sd_notify(3)`). Nothing, if nobody
//! listens.
//!
//! ```text
//! READY=1 ──> WATCHDOG=1, again and again, while every worker answers ──> STOPPING=1
//! ```
//! A worker that hangs is one whose loop does not turn. A database that is away is none: to start us anew would not
//! bring it back, and would cost what is remembered of tokens.

use std::time::Duration;

use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::rt::spawn;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use crate::vestibule::Vestibule;

/// Says that we serve, and goes on to say how we are.
pub(super) fn serving(vestibule: Vestibule) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        match signal(kind) {
            Ok(mut heard) => drop(spawn(async move {
                heard.recv().await;
                tell(&[NotifyState::Stopping]);
            })),
            Err(error) => log::warn!("nobody will be told that we stop: {error}"),
        }
    }
    tell(&[NotifyState::Ready]);
    if let Some(patience) = sd_notify::watchdog_enabled() {
        spawn(be_watched(vestibule, patience));
    }
}

/// Says that we are alive often enough for who starts us anew after `patience`, and only as long as that is true.
async fn be_watched(vestibule: Vestibule, patience: Duration) {
    let mut ticks = interval((patience / 3).max(Duration::from_millis(100)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_alive = true;
    loop {
        ticks.tick().await;
        let pauses = vestibule.measures.pulses.pauses();
        let was_alive = std::mem::replace(&mut is_alive, pauses.iter().all(|pause| *pause < patience));
        if is_alive {
            tell(&[NotifyState::Watchdog]);
        } else if was_alive {
            log::error!("a thread that answers requests hangs: {pauses:?}");
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("our supervisor could not be told: {error}");
    }
}
