//! The database: SQLite in a file of our own, or PostgreSQL for many nodes. Which, the URL's scheme decides.
//!
//! ```text
//! Database::read  ──┬── a place in line ── a thread ── SQLite: readers (WAL); PostgreSQL: one pool for both
//! Database::write ──┘
//!                 └──── SQLite: a queue ── one thread that commits many deeds at once
//! ```
//! Nobody waits on a worker thread, and nobody waits long: without a connection within `database.wait_timeout`
//! the answer is [`Error::Unavailable`], which the edges turn into 503. Readers never wait for the writer.

mod connection;
mod database;
mod error;
pub mod migrate;
mod place;
pub(crate) mod schema;
mod transaction;
mod writer;

pub use connection::AnyConnection;
pub use database::{Database, DatabaseLoad};
pub use error::Error;
pub use place::Place;
pub use transaction::Transaction;
