//! One connection, of either kind, and how it is opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, DebugQuery, Instrumentation, InstrumentationEvent, SimpleConnection as _,
    TransactionManager as _,
};
use diesel::r2d2::R2D2Connection as _;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};

use super::{Error, Place};
use crate::clock::Stopwatch;

/// A connection to whichever database the operator chose.
///
/// What works on both goes through the enum; the few statements that do not, match on it.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// A server, shared by many nodes.
    Postgres(PgConnection),
}

impl AnyConnection {
    /// Begins a transaction that means to write.
    ///
    /// SQLite must be told so at once: a transaction that reads first and writes later cannot wait for another
    /// writer, it fails with "database is locked".
    pub(super) fn begin(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(conn) => {
                AnsiTransactionManager::begin_transaction_sql::<SqliteConnection>(conn, "BEGIN IMMEDIATE")
            }
            Self::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
        }
    }
}

/// Opens connections for the pool; r2d2 asks it for nothing else.
#[derive(Clone, Debug)]
pub(super) struct Opener {
    pub(super) place: Place,
    pub(super) busy_timeout: Duration,
    /// How often a connection was lost. Whichever is older than the latest loss may be lost as well.
    pub(super) losses: Arc<AtomicU64>,
}

impl Opener {
    /// A connection outside any pool.
    pub(super) fn open(&self) -> Result<AnyConnection, Error> {
        Ok(r2d2::ManageConnection::connect(self)?.conn)
    }

    /// A connection with our settings: `synchronous=FULL`, because an answered registration must survive a
    /// power cut, and time limits everywhere, because nobody is to wait for ever.
    fn establish(&self) -> Result<AnyConnection, Error> {
        match &self.place {
            Place::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(|error| {
                    Error::unreachable(format!("{error}: {path}; its directory must exist"))
                })?;
                // What does not fit elsewhere is kept in memory: a server whose root is read-only has no `/tmp`, and nothing
                // of people is to lie there.
                let settings = format!(
                    "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864; \
                     PRAGMA temp_store = MEMORY;",
                    self.busy_timeout.as_millis()
                );
                // SQLite does not wait when two switch a new database to WAL at once: one is told that it is locked.
                let waited = Stopwatch::start();
                loop {
                    match conn.batch_execute(&settings).map_err(Error::from) {
                        Err(Error::Unavailable(_)) if waited.elapsed() < self.busy_timeout => {
                            std::thread::sleep(Duration::from_millis(20));
                        }
                        done => break done.map(|()| AnyConnection::Sqlite(conn)),
                    }
                }
            }
            Place::Postgres(url) => {
                let url = with_limits(secrecy::ExposeSecret::expose_secret(url));
                let mut conn = PgConnection::establish(&url).map_err(Error::unreachable)?;
                conn.batch_execute(
                    "SET statement_timeout = '3s'; SET lock_timeout = '3s'; SET TIME ZONE 'UTC'",
                )?;
                Ok(AnyConnection::Postgres(conn))
            }
        }
    }
}

/// How soon a server counts as gone that the network does not reach any more; what the operator's URL says comes
/// first. A server that is reached and keeps silent is for [`Database`](super::Database) to give up.
const LIMITS: [&str; 5] = [
    "connect_timeout=2",
    "tcp_user_timeout=5000",
    "keepalives_idle=5",
    "keepalives_interval=2",
    "keepalives_count=2",
];

fn with_limits(url: &str) -> String {
    let is_missing =
        |limit: &&&str| limit.split_inclusive('=').next().is_some_and(|name| !url.contains(name));
    LIMITS.iter().filter(is_missing).fold(url.to_owned(), |url, limit| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{limit}")
    })
}

/// A connection in a pool, which notices when its server has gone away.
pub(super) struct Pooled {
    pub(super) conn: AnyConnection,
    is_closed: Arc<AtomicBool>,
    losses: Arc<AtomicU64>,
    losses_before: Arc<AtomicU64>,
}

impl Pooled {
    /// Whether it still answers. It is asked only if another one has been lost since: a server that was started anew
    /// has forgotten all of them, and is to cost one request, not one for each.
    pub(super) fn is_alive(&mut self) -> bool {
        let losses = self.losses.load(Ordering::Relaxed);
        if self.losses_before.load(Ordering::Relaxed) == losses {
            return true;
        }
        let is_alive = self.conn.ping().is_ok();
        if is_alive {
            self.losses_before.store(losses, Ordering::Relaxed);
        } else {
            self.is_closed.store(true, Ordering::Relaxed);
        }
        is_alive
    }
}

impl r2d2::ManageConnection for Opener {
    type Connection = Pooled;
    type Error = Error;

    fn connect(&self) -> Result<Pooled, Error> {
        let losses_before = Arc::new(AtomicU64::new(self.losses.load(Ordering::Relaxed)));
        let (is_closed, losses) = (Arc::default(), Arc::clone(&self.losses));
        let mut conn = self.establish()?;
        conn.set_instrumentation(Watch {
            is_closed: Arc::clone(&is_closed),
            losses: Arc::clone(&losses),
            losses_before: Arc::clone(&losses_before),
        });
        Ok(Pooled { conn, is_closed, losses, losses_before })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Error> {
        pooled.conn.ping().map_err(Error::from)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_closed.load(Ordering::Relaxed) || pooled.conn.is_broken()
    }
}

/// Where every statement can be read, without its values: `VESTIBULE_LOG=info,vestibule::sql=trace`.
const STATEMENTS: &str = "vestibule::sql";

/// Sees every statement that goes through a connection, and notices when it cannot any more: asking before each use
/// whether the server still answers would double every round trip.
struct Watch {
    is_closed: Arc<AtomicBool>,
    losses: Arc<AtomicU64>,
    losses_before: Arc<AtomicU64>,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            // The macro itself would put the text together for a log that wants others' traces only.
            InstrumentationEvent::StartQuery { query, .. } if log::log_enabled!(target: STATEMENTS, log::Level::Trace) =>
            {
                log::trace!(target: STATEMENTS, "{}", without_values(query));
            }
            InstrumentationEvent::FinishQuery {
                error: Some(DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)),
                ..
            } => {
                self.is_closed.store(true, Ordering::Relaxed);
                // All that one restart has closed are one loss, whenever each of them is noticed.
                self.losses.fetch_max(self.losses_before.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// The text of a statement. Diesel adds the values as a comment behind it, and they are hashes, names and addresses.
fn without_values(query: &dyn DebugQuery) -> String {
    let mut shown = query.to_string();
    shown.truncate(shown.find(" -- binds: ").unwrap_or(shown.len()));
    shown
}
