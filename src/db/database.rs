//! The pool and the writer, and the two ways to use them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::connection::Opener;
use super::transaction::{self, Transaction};
use super::writer::Writer;
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
    wait: Duration,
}

impl Database {
    /// Opens what is at `place` with up to `size` connections, none of
    /// which anybody waits for longer than `wait`; a lock in the database is waited for as long as `busy`.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is no such database to talk to.
    pub fn open(place: Place, size: u32, wait: Duration, busy: Duration) -> Result<Self, Error> {
        let opener = Opener { place, busy_timeout: busy };
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
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs `work` in one transaction: all of it happens, or nothing.
    ///
    /// # Errors
    ///
    /// Those of `work` (then nothing happened), and [`Error::Unavailable`].
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.run(work).await,
            None => {
                let committed = self.readers.run(|conn| {
                    let (done, then) = transaction::run(conn, work)?;
                    then.run();
                    Ok(done)
                });
                committed.await
            }
        }
    }

    /// A connection outside the pools: for work that takes long, and for work that must not wait for others.
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
            .error_handler(Box::new(r2d2::LoggingErrorHandler))
            .build_unchecked(opener.clone());
        Ok(Self { pool, places: Arc::new(Semaphore::new(size as usize)), wait })
    }

    async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let crowded = || Error::Unavailable("every connection is taken".to_owned());
        let (waited, wait) = (Stopwatch::start(), self.wait);
        let place = tokio::time::timeout(wait, Arc::clone(&self.places).acquire_owned());
        let place = place.await.map_err(|_| crowded())?.map_err(|_| crowded())?;
        let pool = self.pool.clone();
        let done = tokio::task::spawn_blocking(move || {
            // The place moves in here: a request that is given up must not free it while the work still runs.
            let _place = place;
            let mut pooled =
                pool.get_timeout(wait.saturating_sub(waited.elapsed())).map_err(Error::unreachable)?;
            work(&mut pooled.conn)
        });
        done.await.map_err(|error| Error::Unavailable(error.to_string()))?
    }
}
