//! The pool and the writer, and the two ways to use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use super::connection::Opener;
use super::transaction::{self, Transaction};
use super::writer::{Deed, Writer};
use super::{AnyConnection, Error, Place};
use crate::clock::Stopwatch;

/// The open database. Clones share the pools.
#[derive(Clone, Debug)]
pub struct Database {
    readers: Lane,
    /// SQLite has one writer at a time; a second connection would only spin on the lock.
    writer: Option<Writer>,
    opener: Opener,
}

/// A pool, and as many permits as it has connections: whoever has a permit finds a connection free.
#[derive(Clone, Debug)]
struct Lane {
    pool: r2d2::Pool<Opener>,
    places: Arc<Semaphore>,
    /// Who waits for a place.
    line: Arc<Semaphore>,
    wait: Duration,
    patience: Duration,
}

/// How much is asked of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseLoad {
    /// Connections that are in use.
    pub in_use: usize,
    /// And the most that there may be.
    pub most: usize,
    /// How many wait for one.
    pub waiting: usize,
    /// How many deeds wait for SQLite's one writer.
    pub writing: usize,
}

/// What is to be done with a connection; boxed for the same reason as a [`Deed`].
type Question<T, E> = Box<dyn FnOnce(&mut AnyConnection) -> Result<T, E> + Send>;

/// How many may wait for a connection at once; whoever comes then is told so at once.
const LONGEST_LINE: usize = 1024;

/// How long a silent database is waited for: it gives up a statement by itself after less.
const PATIENCE: Duration = Duration::from_secs(4);

impl Database {
    /// Opens what is at `place` with up to `size` connections, none of
    /// which anybody waits for longer than `wait`; a lock in the database is waited for as long as `busy`.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is no such database to talk to.
    pub fn open(place: Place, size: u32, wait: Duration, busy: Duration) -> Result<Self, Error> {
        let opener = Opener { place, busy_timeout: busy, losses: Arc::default() };
        if let Place::Sqlite(path) = &opener.place {
            // SQLite would make it readable by everybody; its journal takes the mode of the database.
            let made = crate::secret::create_private_file(path.as_ref());
            made.map_err(|error| Error::unreachable(format!("{path}: {error}; its directory must exist")))?;
        }
        // Asked once by hand: the pool would only say that it timed out, not why.
        drop(opener.open()?);
        let readers = Lane::new(&opener, size, wait)?;
        let writer = match opener.place {
            Place::Sqlite(_) => Some(Writer::start(opener.clone(), wait)?),
            Place::Postgres(_) => None,
        };
        Ok(Self { readers, writer, opener })
    }

    /// Runs `work` on a connection of its own, outside any transaction: for questions.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`Error::Unavailable`].
    pub fn read<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> impl Future<Output = Result<T, E>>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.readers.run(Arc::default(), Box::new(work))
    }

    /// Runs `work` in one transaction: all of it happens, or nothing.
    ///
    /// # Errors
    ///
    /// Those of `work` (then nothing happened), and [`Error::Unavailable`].
    pub fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> impl Future<Output = Result<T, E>>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Box::new(work))
    }

    async fn run<T, E>(&self, work: Deed<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if let Some(writer) = &self.writer {
            return writer.run(work).await;
        }
        let settled = Arc::new(AtomicBool::new(false));
        let committed = Arc::clone(&settled);
        let work = move |conn: &mut Transaction<'_>| -> Result<T, E> {
            let done = work(conn)?;
            // Nothing is saved that somebody was told is not.
            match committed.swap(true, Ordering::Relaxed) {
                true => Err(Error::Unavailable("it was given up".to_owned()).into()),
                false => Ok(done),
            }
        };
        let work: Question<T, E> = Box::new(|conn| {
            let (done, then) = transaction::run(conn, work)?;
            then.run();
            Ok(done)
        });
        self.readers.run(settled, work).await
    }

    /// How much is asked of it at this moment.
    pub fn load(&self) -> DatabaseLoad {
        let (lane, most) = (&self.readers, self.readers.pool.max_size() as usize);
        DatabaseLoad {
            in_use: most.saturating_sub(lane.places.available_permits()),
            most,
            waiting: LONGEST_LINE.saturating_sub(lane.line.available_permits()),
            writing: self.writer.as_ref().map_or(0, Writer::waiting),
        }
    }

    /// A connection outside the pool: for work that takes long, and for work that must not wait for others.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`].
    pub fn connect(&self) -> Result<AnyConnection, Error> {
        self.opener.open()
    }
}

impl Lane {
    fn new(opener: &Opener, size: u32, wait: Duration) -> Result<Self, Error> {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(wait)
            // A broken connection is noticed when it is given back; asking first costs a round trip each time.
            .test_on_check_out(false)
            // Whoever gets no connection says why; r2d2 would say so ten times a second.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(opener.clone());
        let patience = match opener.place {
            Place::Sqlite(_) => PATIENCE.max(opener.busy_timeout + Duration::from_secs(1)),
            Place::Postgres(_) => PATIENCE,
        };
        let (places, line) = (Semaphore::new(size as usize), Semaphore::new(LONGEST_LINE));
        Ok(Self { pool, places: Arc::new(places), line: Arc::new(line), wait, patience })
    }

    /// Runs `work` on a thread, with a connection. Whoever turns `settled` first decides: the work, that it happens, or
    /// this side, that nobody waits for it any more.
    async fn run<T, E>(&self, settled: Arc<AtomicBool>, work: Question<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work = move |conn: &mut AnyConnection| {
            // Whoever has gone away has no use for it.
            let _ = answer.send(work(conn));
        };
        self.run_to_its_end(settled, Box::new(work)).await?;
        answered.await.map_err(|_| Error::Unavailable("the work broke off".to_owned()))?
    }

    async fn run_to_its_end(
        &self,
        settled: Arc<AtomicBool>,
        work: Box<dyn FnOnce(&mut AnyConnection) + Send>,
    ) -> Result<(), Error> {
        let crowded = || Error::Unavailable("every connection is taken".to_owned());
        let (waited, wait) = (Stopwatch::start(), self.wait);
        let in_line = self.line.try_acquire().map_err(|_| crowded())?;
        let place = tokio::time::timeout(wait, Arc::clone(&self.places).acquire_owned());
        let place = place.await.map_err(|_| crowded())?.map_err(|_| crowded())?;
        drop(in_line);
        let pool = self.pool.clone();
        let mut done = tokio::task::spawn_blocking(move || {
            // The place moves in here: a request that is given up must not free it while the work still runs.
            let _place = place;
            let mut pooled = loop {
                let left = wait.saturating_sub(waited.elapsed());
                let mut pooled = pool.get_timeout(left).map_err(Error::unreachable)?;
                if pooled.is_alive() {
                    break pooled;
                }
            };
            work(&mut pooled.conn);
            Ok(())
        });
        let silent = |_| Error::Unavailable("the database does not answer".to_owned());
        let joined = match tokio::time::timeout(self.patience, &mut done).await {
            Ok(joined) => joined,
            Err(late) if !settled.swap(true, Ordering::Relaxed) => return Err(silent(late)),
            // It is being committed.
            Err(_) => tokio::time::timeout(self.patience, done).await.map_err(silent)?,
        };
        joined.map_err(|error| Error::Unavailable(error.to_string()))?
    }
}
