//! The database: SQLite in a file of our own, or PostgreSQL for many nodes. Which, the URL's scheme decides.
//!
//! ```text
//! Database::read  ──┐                                 ┌── SQLite: readers beside one writer (WAL)
//! Database::write ──┴─ a place in line ─ a thread ────┴── PostgreSQL: one pool for both
//! ```
//! Nobody waits on a worker thread, and nobody waits long: without a connection within `database.wait_timeout`
//! the answer is [`Error::Unavailable`], which the edges turn into 503.

mod connection;
mod database;
mod error;
pub mod migrate;
mod place;
pub(crate) mod schema;

pub use connection::AnyConnection;
pub use database::Database;
pub use error::Error;
pub use place::Place;
