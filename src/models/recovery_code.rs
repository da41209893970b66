//! A recovery code of somebody's, as far as we know it.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::recovery_codes;
use crate::id::UserId;

/// A row of `recovery_codes`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = recovery_codes)]
pub struct RecoveryCode {
    /// The keyed digest; the code itself is on somebody's paper.
    pub digest: String,
    /// Whose.
    pub user_id: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used, if so.
    pub used_at: Option<Timestamp>,
}

impl RecoveryCode {
    /// Writes a new set in place of the old one.
    pub fn replace_all(conn: &mut AnyConnection, user: &UserId, set: &[Self]) -> QueryResult<()> {
        Self::delete_of(conn, user)?;
        for code in set {
            diesel::insert_into(recovery_codes::table).values(code).execute(conn)?;
        }
        Ok(())
    }

    /// The set of `user`, used ones too.
    pub fn list(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Vec<Self>> {
        recovery_codes::table.filter(recovery_codes::user_id.eq(user)).select(Self::as_select()).load(conn)
    }

    /// Uses a code up. Of many who try at once, one is told `true`.
    pub fn spend(conn: &mut AnyConnection, user: &UserId, digest: &str, now: Timestamp) -> QueryResult<bool> {
        diesel::update(recovery_codes::table.find(digest))
            .filter(recovery_codes::user_id.eq(user))
            .filter(recovery_codes::used_at.is_null())
            .set(recovery_codes::used_at.eq(now))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Uses all codes of `user` up; whether one of them would have worked.
    pub fn spend_all(conn: &mut AnyConnection, user: &UserId, now: Timestamp) -> QueryResult<bool> {
        let theirs = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        diesel::update(theirs.filter(recovery_codes::used_at.is_null()))
            .set(recovery_codes::used_at.eq(now))
            .execute(conn)
            .map(|rows| rows > 0)
    }

    /// Forgets the set of `user`.
    pub fn delete_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<()> {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn).map(drop)
    }
}
