//! A bit that is set in the token status list: the tokens of one session, which ended before its time.

use diesel::prelude::*;

use super::{delete_some, either};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::invalid_tokens;

/// A row of `invalid_tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invalid_tokens)]
pub struct InvalidToken {
    /// Where they stand in the list.
    pub status_index: i64,
    /// Since when they are invalid.
    pub since: Timestamp,
    /// By when the last of them has expired.
    pub until: Timestamp,
}

impl InvalidToken {
    /// Sets the bit. Where it was set for a session of long ago, and nobody has swept since, it stays set for this one.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        let (since, until) = (invalid_tokens::since.eq(self.since), invalid_tokens::until.eq(self.until));
        either!(conn => {
            diesel::insert_into(invalid_tokens::table)
                .values(self)
                .on_conflict(invalid_tokens::status_index)
                .do_update()
                .set((since, until))
                .execute(conn)
                .map(drop)
        })
    }

    /// Those of tokens that may not have expired at `now`.
    pub fn list(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<Vec<Self>> {
        invalid_tokens::table.filter(invalid_tokens::until.gt(now)).select(Self::as_select()).load(conn)
    }

    /// Those that were set since `since`.
    pub fn list_since(conn: &mut AnyConnection, since: Timestamp) -> QueryResult<Vec<Self>> {
        invalid_tokens::table.filter(invalid_tokens::since.ge(since)).select(Self::as_select()).load(conn)
    }

    /// Forgets up to `limit` of tokens that have expired before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(invalid_tokens.status_index where until.lt(before); limit).execute(conn)
    }
}
