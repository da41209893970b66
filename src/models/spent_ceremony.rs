//! A challenge for a passkey that was answered. The challenge itself is sealed and held by the browser; here stands only
//! that it is used up.

use diesel::prelude::*;

use super::{delete_some, either};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::spent_ceremonies;

/// A row of `spent_ceremonies`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = spent_ceremonies)]
pub struct SpentCeremony {
    /// Names the challenge.
    pub digest: String,
    /// From then on nobody takes it anyway.
    pub expires_at: Timestamp,
}

impl SpentCeremony {
    /// Uses the challenge up. Of many who try at once, one is told `true`.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let spent = diesel::insert_into(spent_ceremonies::table).values(self).on_conflict_do_nothing();
        either!(conn => spent.execute(conn)).map(|rows| rows == 1)
    }

    /// Forgets up to `limit` that expired before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(spent_ceremonies.digest where expires_at.lt(before); limit).execute(conn)
    }
}
