//! What carries a session beyond its access token.
//!
//! ```text
//! insert ──> unspent ──spend──> spent: has a successor, and is a copy if it comes again much later
//! ```

use diesel::prelude::*;

use super::{Session, delete_some};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{refresh_tokens, sessions};
use crate::id::{SessionId, TokenId, UserId};
use crate::tokens;

/// A row of `refresh_tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub struct RefreshToken {
    /// SHA-256 of the token; the token itself is nowhere.
    pub digest: String,
    /// The session that it carries.
    pub session_id: SessionId,
    /// The `jti` of the access token that it gives.
    pub token_id: TokenId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works: as long as its session.
    pub expires_at: Timestamp,
    /// When it was used, if so.
    pub spent_at: Option<Timestamp>,
}

impl RefreshToken {
    /// The row of `token`, new for `session` and good for as long.
    pub fn new(token: &tokens::RefreshToken, session: &Session, now: Timestamp) -> Self {
        Self {
            digest: token.digest(),
            session_id: session.id.clone(),
            token_id: TokenId::new(),
            created_at: now,
            expires_at: session.expires_at,
            spent_at: None,
        }
    }

    /// Writes a new token.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(refresh_tokens::table).values(self).execute(conn).map(drop)
    }

    /// The token and whose session it carries, live or not.
    pub fn find(conn: &mut AnyConnection, digest: &str) -> QueryResult<Option<(Self, UserId)>> {
        refresh_tokens::table
            .find(digest)
            .inner_join(sessions::table)
            .select((Self::as_select(), sessions::user_id))
            .get_result(conn)
            .optional()
    }

    /// Uses the token up. Of many who try at once, one is told `true`.
    pub fn spend(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<bool> {
        diesel::update(refresh_tokens::table.find(digest))
            .filter(refresh_tokens::spent_at.is_null())
            .set(refresh_tokens::spent_at.eq(now))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Forgets all tokens of a session that has ended.
    pub fn delete_of(conn: &mut AnyConnection, session: &SessionId) -> QueryResult<()> {
        let theirs = refresh_tokens::table.filter(refresh_tokens::session_id.eq(session));
        diesel::delete(theirs).execute(conn).map(drop)
    }

    /// Forgets up to `limit` tokens that expired before `before`.
    pub fn delete_expired(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(refresh_tokens.digest where expires_at.lt(before); limit).execute(conn)
    }

    /// Forgets up to `limit` tokens that were spent before `before`.
    pub fn delete_spent(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(refresh_tokens.digest where spent_at.lt(before); limit).execute(conn)
    }
}
