//! A block of places in the token status list, and until when they belong to somebody.
//!
//! ```text
//! appended ──> taken ──no token in it can be valid any more──> free ──> taken …
//! ```

use diesel::dsl::max;
use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::status_blocks;

/// A row of `status_blocks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = status_blocks)]
pub struct StatusBlock {
    /// The first of its places.
    pub first_index: i64,
    /// From when on it may be taken again.
    pub free_at: Timestamp,
}

impl StatusBlock {
    /// How many places it has.
    pub const LENGTH: i64 = 1024;

    /// Takes the block that has been free for the longest time, or a new one behind the last; it belongs to the caller
    /// until `free_at`.
    pub fn take(conn: &mut AnyConnection, free_at: Timestamp, now: Timestamp) -> QueryResult<Self> {
        if let AnyConnection::Postgres(conn) = conn {
            // Not the row: of two who append at once, the second must see the first one's. SQLite has one writer.
            diesel::sql_query("LOCK TABLE status_blocks IN SHARE ROW EXCLUSIVE MODE").execute(conn)?;
        }
        if let Some(first_index) = Self::find_free(conn, now)? {
            let block = Self { first_index, free_at };
            block.keep(conn)?;
            return Ok(block);
        }
        let first_index = Self::last(conn)?.map_or(0, |last| last + Self::LENGTH);
        let block = Self { first_index, free_at };
        diesel::insert_into(status_blocks::table).values(block).execute(conn)?;
        Ok(block)
    }

    /// The first place of the block that has been free for the longest time at `now`.
    pub fn find_free(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<Option<i64>> {
        let free = status_blocks::table.filter(status_blocks::free_at.le(now)).order(status_blocks::free_at);
        free.select(status_blocks::first_index).first(conn).optional()
    }

    /// Belongs to whoever has it until `free_at`, or for longer, as others may have said.
    pub fn keep(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::update(status_blocks::table.find(self.first_index))
            .filter(status_blocks::free_at.lt(self.free_at))
            .set(status_blocks::free_at.eq(self.free_at))
            .execute(conn)
            .map(drop)
    }

    /// The first place of the last block there is.
    pub fn last(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
        status_blocks::table.select(max(status_blocks::first_index)).get_result(conn)
    }
}
