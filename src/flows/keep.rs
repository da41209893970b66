//! What an instance that serves does by itself, on a thread of its own: reads which sessions other processes ended,
//! notes which were used, forgets what is past its time.
//!
//! A thread, because none of it may wait for requests: however busy the others are, a revocation counts within a
//! second (D4). It ends with the last [`Vestibule`].

use std::collections::HashSet;
use std::io;
use std::thread;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::authenticate::LAST_SEEN_STEP;
use super::{housekeeping, rotate_keys, signing_keys, token_status};
use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::id::RevocationId;
use crate::models::{ApiKey, Revocation, Session};
use crate::verified_tokens::TRUSTED_FOR;
use crate::vestibule::{Vestibule, WeakVestibule};

/// How often the notices of revocations are read.
pub const REVOCATIONS_EVERY: Duration = Duration::from_millis(500);
/// How far each reading goes back behind the newest notice, and as far again as clocks may differ (`tokens.leeway`): a
/// transaction may be committed some seconds after it said what time it is.
const OVERLAP: Duration = Duration::from_secs(30);
/// The most last uses in one transaction.
const MOST_TOGETHER: usize = 200;
/// How often the last uses of sessions are written.
const LAST_SEEN_EVERY: Duration = Duration::from_secs(2);

/// Starts the thread, unless it runs already.
///
/// # Errors
///
/// When the system has no thread left. Then nothing is remembered of tokens, and each request asks the database.
pub fn start(vestibule: &Vestibule) -> io::Result<()> {
    let Some(stopped) = vestibule.begin_keeping() else { return Ok(()) };
    let weak = vestibule.downgrade();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let keep = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                () = read_revocations(weak.clone()) => {}
                () = note_last_seen(weak.clone()) => {}
                () = keep_house(weak) => {}
            }
        });
        // A thread that waits for a hung database must not keep the process from ending.
        runtime.shutdown_background();
    };
    thread::Builder::new().name("keeper".to_owned()).spawn(keep).map(drop)
}

/// Writes the last uses of sessions and API keys that were noted in memory.
///
/// # Errors
///
/// The database's; then these uses are forgotten, and the next ones noted again.
pub async fn write_last_seen(vestibule: &Vestibule) -> Result<(), db::Error> {
    let mut seen: Vec<_> = vestibule.seen.take().into_iter().collect();
    // In one order at every node, so that no two wait for each other; and few at a time, so that no deed waits long.
    seen.sort_unstable_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    for some in seen.chunks(MOST_TOGETHER).map(<[_]>::to_vec) {
        let written = vestibule.db.write(move |conn| {
            for (session, at) in &some {
                Session::update_last_seen(conn, session, *at, LAST_SEEN_STEP)?;
            }
            Ok::<_, db::Error>(())
        });
        written.await?;
    }
    let mut seen: Vec<_> = vestibule.seen_keys.take().into_iter().collect();
    seen.sort_unstable_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    for some in seen.chunks(MOST_TOGETHER).map(<[_]>::to_vec) {
        let written = vestibule.db.write(move |conn| {
            for (key, at) in &some {
                ApiKey::update_last_used(conn, key, *at)?;
            }
            Ok::<_, db::Error>(())
        });
        written.await?;
    }
    Ok(())
}

async fn note_last_seen(weak: WeakVestibule) {
    let mut ticks = interval(LAST_SEEN_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(vestibule) = weak.upgrade() else { return };
        if let Err(error) = write_last_seen(&vestibule).await {
            log::warn!("the last use of some sessions or API keys could not be noted: {error}");
        }
    }
}

async fn keep_house(weak: WeakVestibule) {
    let mut ticks = interval(housekeeping::INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(vestibule) = weak.upgrade() else { return };
        vestibule.verified.tidy();
        match rotate_keys::by_schedule(&vestibule, vestibule.clock.now()).await {
            Ok(true) => log::info!("the next signing key is published; it signs in a day"),
            Ok(false) => {}
            Err(error) => {
                log::error!("no next signing key could be made, and is tried again in an hour: {error}")
            }
        }
        match housekeeping::run(&vestibule, vestibule.clock.now()).await {
            Ok(rows) => log::debug!("housekeeping: {rows} rows forgotten"),
            Err(error) => log::error!("housekeeping failed, and is tried again in an hour: {error}"),
        }
    }
}

async fn read_revocations(weak: WeakVestibule) {
    let mut ticks = interval(REVOCATIONS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut notices, mut is_failing) = (Notices::default(), false);
    loop {
        ticks.tick().await;
        let Some(vestibule) = weak.upgrade() else { return };
        let read = notices.read(&vestibule, vestibule.clock.now());
        match &read {
            Ok(()) if is_failing => log::info!("revocations are read again"),
            Err(error) if !is_failing => log::warn!(
                "revocations cannot be read, so that what is remembered of tokens counts for {}s more: {error}",
                TRUSTED_FOR.as_secs()
            ),
            Ok(()) | Err(_) => {}
        }
        is_failing = read.is_err();
    }
}

/// The notices of revocations, read again and again.
#[derive(Default)]
struct Notices {
    /// One of our own: to wait for a place in the pool would be to trust what others ended meanwhile.
    conn: Option<AnyConnection>,
    newest: Option<Timestamp>,
    heeded: HashSet<RevocationId>,
    newest_status: Option<Timestamp>,
    /// The clock at the last reading.
    read_at: Option<Timestamp>,
}

impl Notices {
    fn read(&mut self, vestibule: &Vestibule, now: Timestamp) -> Result<(), db::Error> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => vestibule.db.connect()?,
        };
        let newest = self.newest.unwrap_or(now);
        let overlap = OVERLAP + vestibule.config.tokens.leeway;
        // Not since a moment of this clock: it may jump, and what was written before it did is not to be missed.
        let behind = |newest: Timestamp| newest.min(now) - overlap;
        let began = vestibule.verified.moment();
        let notices = Revocation::list_since(&mut conn, behind(newest))?;
        signing_keys::take_up(vestibule, &mut conn)?;
        let is_current = vestibule.verified.is_current();
        // All of it when this clock was set back: bits that were let go meanwhile count again.
        let was_set_back = self.read_at.is_some_and(|read_at| now < read_at);
        let known = self.newest_status.filter(|_| is_current && !was_set_back);
        let newest_status = token_status::read(vestibule, &mut conn, known.map(behind), now)?;
        self.newest_status = newest_status.max(self.newest_status).or(Some(now));
        self.read_at = Some(now);
        if !is_current {
            vestibule.verified.forget_all();
        }
        let (mut fresh, mut latest) = (0, None);
        for notice in notices.iter().filter(|notice| !self.heeded.contains(&notice.id)) {
            vestibule.verified.forget(&notice.user_id);
            (fresh, latest) = (fresh + 1, latest.max(Some(notice.revoked_at)));
        }
        if let Some(latest) = latest {
            vestibule.measures.note_revocations(fresh, now.since(latest));
        }
        self.newest = notices.iter().map(|notice| notice.revoked_at).chain([newest]).max();
        self.heeded = notices.into_iter().map(|notice| notice.id).collect();
        self.conn = Some(conn);
        vestibule.verified.note_reading(began);
        Ok(())
    }
}
