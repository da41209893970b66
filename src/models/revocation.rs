//! The notice to other processes that something they may remember is over (D4).

use diesel::prelude::*;

use super::delete_some;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::revocations;
use crate::id::{RevocationId, SessionId, UserId};

/// A row of `revocations`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = revocations)]
pub struct Revocation {
    /// Names the notice.
    pub id: RevocationId,
    /// Whose sessions.
    pub user_id: UserId,
    /// Which of them; all if none is named.
    pub session_id: Option<SessionId>,
    /// Since when.
    pub revoked_at: Timestamp,
}

impl Revocation {
    /// Notes that `session`, or everything that is remembered of `user`, is to be asked for anew.
    pub fn insert(
        conn: &mut AnyConnection,
        user: &UserId,
        session: Option<&SessionId>,
        now: Timestamp,
    ) -> QueryResult<()> {
        let row = Self {
            id: RevocationId::new(),
            user_id: user.clone(),
            session_id: session.cloned(),
            revoked_at: now,
        };
        diesel::insert_into(revocations::table).values(row).execute(conn).map(drop)
    }

    /// The notices since `since`.
    pub fn list_since(conn: &mut AnyConnection, since: Timestamp) -> QueryResult<Vec<Self>> {
        revocations::table.filter(revocations::revoked_at.ge(since)).select(Self::as_select()).load(conn)
    }

    /// The notices about `user` since `since`.
    pub fn list_of(conn: &mut AnyConnection, user: &UserId, since: Timestamp) -> QueryResult<Vec<Self>> {
        let since = revocations::table.filter(revocations::revoked_at.ge(since));
        since.filter(revocations::user_id.eq(user)).select(Self::as_select()).load(conn)
    }

    /// Forgets up to `limit` notices from before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(revocations.id where revoked_at.lt(before); limit).execute(conn)
    }
}
