//! Somebody forgot a password and said by which address we may know them.
//!
//! The row says nothing of whether we do: it is the same for every address, so that asking costs the same too.

use diesel::prelude::*;

use super::delete_some;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::reset_requests;
use crate::id::{RequestId, ResetRequestId};

/// A row of `reset_requests`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reset_requests)]
pub struct ResetRequest {
    /// Names the row.
    pub id: ResetRequestId,
    /// The address they gave, folded.
    pub email_folded: String,
    /// When.
    pub asked_at: Timestamp,
    /// In which request; the log has the same.
    pub request_id: RequestId,
    /// From where.
    pub address: String,
    /// With what.
    pub user_agent: String,
}

impl ResetRequest {
    /// Writes a new question.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(reset_requests::table).values(self).execute(conn).map(drop)
    }

    /// The oldest question.
    pub fn find_oldest(conn: &mut AnyConnection) -> QueryResult<Option<Self>> {
        reset_requests::table
            .order((reset_requests::asked_at, reset_requests::id))
            .select(Self::as_select())
            .first(conn)
            .optional()
    }

    /// Takes the question away. Of many who try at once, one is told `true`: it is theirs to answer.
    pub fn take(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        diesel::delete(reset_requests::table.find(&self.id)).execute(conn).map(|rows| rows == 1)
    }

    /// The questions about this (folded) address.
    pub fn list_of(conn: &mut AnyConnection, email_folded: &str) -> QueryResult<Vec<Self>> {
        let theirs = reset_requests::table.filter(reset_requests::email_folded.eq(email_folded));
        theirs.select(Self::as_select()).load(conn)
    }

    /// Forgets the questions about this (folded) address.
    pub fn delete_of(conn: &mut AnyConnection, email_folded: &str) -> QueryResult<()> {
        let theirs = reset_requests::table.filter(reset_requests::email_folded.eq(email_folded));
        diesel::delete(theirs).execute(conn).map(drop)
    }

    /// Forgets up to `limit` questions from before `before`: whoever asked has given up by now, or asked again.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(reset_requests.id where asked_at.lt(before); limit).execute(conn)
    }
}

/// The address may not reach a log.
impl std::fmt::Debug for ResetRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetRequest").field("id", &self.id).finish_non_exhaustive()
    }
}
