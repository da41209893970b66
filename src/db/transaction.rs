//! A transaction, and what waits for it to be committed.

use std::ops::{Deref, DerefMut};

use diesel::connection::TransactionManager as _;

use super::{AnyConnection, Error};

/// A connection in a transaction: all that is done on it happens, or nothing.
pub struct Transaction<'conn> {
    conn: &'conn mut AnyConnection,
    then: Then,
}

/// What is to be done once the transaction is committed, and not at all if it is not.
#[derive(Default)]
pub(super) struct Then(Vec<Box<dyn FnOnce() + Send>>);

impl Then {
    pub(super) fn run(self) {
        self.0.into_iter().for_each(|then| then());
    }
}

impl Transaction<'_> {
    /// Leaves something to be done as soon as the transaction is committed, before its deed is answered. It must be
    /// quick and cannot fail: what it tells others has happened already.
    pub fn once_committed(&mut self, then: impl FnOnce() + Send + 'static) {
        self.then.0.push(Box::new(then));
    }
}

impl Deref for Transaction<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.conn
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.conn
    }
}

/// Runs `work` and commits, or rolls everything back.
pub(super) fn run<T, E: From<Error>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
) -> Result<(T, Then), E> {
    conn.begin().map_err(Error::from)?;
    finish(conn, work).0
}

/// Runs `work` within a transaction that is open already: all of it stays in there, or nothing. And whether there
/// still is that transaction: a full disk may have made SQLite give it up.
pub(super) fn in_savepoint<T, E: From<Error>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
) -> (Result<(T, Then), E>, bool) {
    match AnyConnection::begin_transaction(conn) {
        Ok(()) => finish(conn, work),
        Err(error) => (Err(Error::from(error).into()), false),
    }
}

fn finish<T, E: From<Error>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
) -> (Result<(T, Then), E>, bool) {
    let mut transaction = Transaction { conn, then: Then::default() };
    let done = work(&mut transaction);
    let Transaction { conn, then } = transaction;
    match done {
        Ok(done) => match AnyConnection::commit_transaction(conn) {
            Ok(()) => (Ok((done, then)), true),
            Err(error) => (Err(Error::from(error).into()), false),
        },
        Err(error) => {
            let undone = AnyConnection::rollback_transaction(conn);
            if let Err(second) = &undone {
                log::warn!("a transaction could not be rolled back: {second}");
            }
            (Err(error), undone.is_ok())
        }
    }
}
