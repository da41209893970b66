//! SQLite's one writer: a thread that commits many deeds at once.
//!
//! ```text
//! deed ──> bounded queue ──> BEGIN IMMEDIATE ─ savepoint: deed ─ savepoint: deed ─ … ─ COMMIT ──> answers
//! ```
//! A commit waits for the disk, however little is in it. So deeds that wait at the same time share one: under load a
//! commit takes longer, and carries more. Each deed has a savepoint of its own, so that one that fails takes nothing
//! of its neighbours with it, and nobody is answered before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::connection::TransactionManager as _;
use tokio::sync::oneshot;

use super::connection::Opener;
use super::transaction::{self, Transaction};
use super::{AnyConnection, Error};
use crate::clock::Stopwatch;

/// The most deeds that wait; further ones are told at once to come back later.
const LONGEST_QUEUE: usize = 1024;
/// The most deeds in one commit: the first of them waits for the last.
const MOST_TOGETHER: usize = 64;

/// The way to the thread. Clones share it; it ends with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: Sender<Job>,
}

/// What is to be done in a transaction. It is boxed before anything is made of it, so that what surrounds it is compiled
/// once for each kind of answer and not once for each deed: that would be a megabyte of the binary.
pub(super) type Deed<T, E> = Box<dyn FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send>;

struct Job {
    queued: Stopwatch,
    deed: Box<dyn Queued>,
}

/// A deed in the queue, whatever it returns.
trait Queued: Send {
    /// Does it within the transaction that is open; what is left is to tell the outcome.
    fn run(self: Box<Self>, conn: &mut AnyConnection) -> Done;
    /// Tells that it was not begun.
    fn refuse(self: Box<Self>, error: Error);
}

struct Done {
    /// Whether the savepoint could be closed: if not, SQLite gave up the whole transaction.
    is_whole: bool,
    /// Tells the outcome, once it is known whether the transaction was committed.
    answer: Box<dyn FnOnce(Result<(), Error>)>,
}

struct Waiting<T, E> {
    work: Deed<T, E>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E> Queued for Waiting<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(self: Box<Self>, conn: &mut AnyConnection) -> Done {
        let Self { work, answer } = *self;
        let (done, is_whole) = transaction::in_savepoint(conn, work);
        let tell = move |committed: Result<(), Error>| {
            let done = done.and_then(|(done, then)| {
                committed?;
                then.run();
                Ok(done)
            });
            // Whoever has gone away has no use for it.
            let _ = answer.send(done);
        };
        Done { is_whole, answer: Box::new(tell) }
    }

    fn refuse(self: Box<Self>, error: Error) {
        let _ = self.answer.send(Err(error.into()));
    }
}

impl Writer {
    /// Starts the thread. No deed waits for it longer than `wait`.
    pub(super) fn start(opener: Opener, wait: Duration) -> Result<Self, Error> {
        let (queue, jobs) = bounded(LONGEST_QUEUE);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write(&opener, &jobs, wait))
            .map_err(Error::unreachable)?;
        Ok(Self { queue })
    }

    /// How many deeds wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Runs `work` in a transaction that it may share with others, and answers when that is committed.
    pub(super) async fn run<T, E>(&self, work: Deed<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job { queued: Stopwatch::start(), deed: Box::new(Waiting { work, answer }) };
        self.queue.try_send(job).map_err(|_| crowded())?;
        answered.await.map_err(|_| Error::Unavailable("the writer broke off".to_owned()))?
    }
}

fn crowded() -> Error {
    Error::Unavailable("too many are waiting to write".to_owned())
}

fn write(opener: &Opener, jobs: &Receiver<Job>, wait: Duration) {
    let mut kept = None;
    for first in jobs {
        // A deed that panics takes its batch with it, whose askers see that nobody answers; not the thread.
        let written = catch_unwind(AssertUnwindSafe(|| {
            let conn = match kept.take().map_or_else(|| opener.open(), Ok) {
                Ok(conn) => conn,
                Err(error) => return refuse(first, jobs, &error),
            };
            kept = write_together(conn, first, jobs, wait);
        }));
        if written.is_err() {
            log::error!("a deed panicked; nothing of it was written");
        }
    }
}

/// Commits `first` and what waits behind it; the connection, if it is fit for more.
fn write_together(
    mut conn: AnyConnection,
    first: Job,
    jobs: &Receiver<Job>,
    wait: Duration,
) -> Option<AnyConnection> {
    if let Err(error) = conn.begin().map_err(Error::from) {
        refuse(first, jobs, &error);
        return Some(conn);
    }
    let (mut answers, mut is_whole, mut next) = (Vec::new(), true, Some(first));
    while let Some(job) = next {
        if job.queued.elapsed() > wait {
            job.deed.refuse(crowded());
        } else {
            let done = job.deed.run(&mut conn);
            answers.push(done.answer);
            is_whole &= done.is_whole;
        }
        next = if is_whole && answers.len() < MOST_TOGETHER { jobs.try_recv().ok() } else { None };
    }
    let committed = match is_whole {
        true => AnyConnection::commit_transaction(&mut conn).map_err(Error::from),
        false => Err(Error::Unavailable("the transaction broke off".to_owned())),
    };
    for answer in answers {
        answer(match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(error.again()),
        });
    }
    // Whatever is wrong with a connection, closing it rolls back what it had begun.
    committed.is_ok().then_some(conn)
}

/// Tells the first and all who wait already what stands in the way: it would stand in theirs, too, one after another.
fn refuse(first: Job, jobs: &Receiver<Job>, error: &Error) {
    let others = jobs.try_iter().take(jobs.len());
    std::iter::once(first).chain(others).for_each(|job| job.deed.refuse(error.again()));
}
