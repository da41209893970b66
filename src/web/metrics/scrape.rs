//! What the tables hold, asked for now and then however often somebody looks, and never waited for.

use std::time::Duration;

use actix_web::rt::time::timeout;
use tokio::sync::Mutex;

use crate::clock::{Stopwatch, Timestamp};
use crate::flows::take_stock::{self, Stock};
use crate::vestibule::Vestibule;

/// The tables are not asked more often than this.
const KEPT_FOR: Duration = Duration::from_secs(15);
/// Whoever watches over us is told within this, whatever the database does.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was read last.
#[derive(Debug, Default)]
pub(in crate::web) struct Scrape(Mutex<Option<(Stopwatch, Stock)>>);

impl Scrape {
    /// What the tables hold; nothing, if the database does not say so in time.
    pub(super) async fn stock(&self, vestibule: &Vestibule, now: Timestamp) -> Option<Stock> {
        timeout(PATIENCE, self.read(vestibule, now)).await.ok().flatten()
    }

    async fn read(&self, vestibule: &Vestibule, now: Timestamp) -> Option<Stock> {
        // Whoever comes at the same moment waits here, and asks nothing.
        let mut kept = self.0.lock().await;
        if let Some((since, stock)) = &*kept
            && since.elapsed() < KEPT_FOR
        {
            return Some(stock.clone());
        }
        *kept = None;
        match take_stock::take(vestibule, now).await {
            Ok(stock) => kept.insert((Stopwatch::start(), stock)).1.clone().into(),
            Err(error) => {
                log::warn!("the tables could not be asked for figures: {error}");
                None
            }
        }
    }
}
