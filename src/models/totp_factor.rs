//! Somebody's authenticator app.
//!
//! ```text
//! insert ──> pending ──confirm──> counts ──delete──> gone
//!               └── counts for nothing until a code of it was typed: a picture that was never scanned shuts nobody out
//! ```

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::totp_factors;
use crate::id::UserId;

/// A row of `totp_factors`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = totp_factors)]
pub struct TotpFactor {
    /// Whose.
    pub user_id: UserId,
    /// What the app and we both know, sealed for this row.
    pub sealed_secret: Vec<u8>,
    /// When it was shown.
    pub created_at: Timestamp,
    /// When a code of it was typed, if so.
    pub confirmed_at: Option<Timestamp>,
    /// The step of the last code that was taken.
    pub last_step: Option<i64>,
}

impl TotpFactor {
    /// Writes a new one; one that never counted makes room.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        Self::delete_pending(conn, &self.user_id)?;
        diesel::insert_into(totp_factors::table).values(self).execute(conn).map(drop)
    }

    /// The app of `user`, whether it counts or not.
    pub fn find(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Option<Self>> {
        totp_factors::table.find(user).select(Self::as_select()).get_result(conn).optional()
    }

    /// From now on it counts. Of many who say so at once, one is told `true`.
    pub fn confirm(&self, conn: &mut AnyConnection, step: i64, now: Timestamp) -> QueryResult<bool> {
        diesel::update(totp_factors::table.find(&self.user_id))
            .filter(totp_factors::confirmed_at.is_null())
            .filter(totp_factors::sealed_secret.eq(&self.sealed_secret))
            .set((totp_factors::confirmed_at.eq(now), totp_factors::last_step.eq(step)))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Takes a code of this step: of many who come with it at once, one is told `true`, and nobody later (compare and
    /// set, RFC 6238 §5.2).
    pub fn take_step(conn: &mut AnyConnection, user: &UserId, step: i64) -> QueryResult<bool> {
        let is_later = totp_factors::last_step.is_null().or(totp_factors::last_step.lt(step));
        diesel::update(totp_factors::table.find(user))
            .filter(totp_factors::confirmed_at.is_not_null())
            .filter(is_later)
            .set(totp_factors::last_step.eq(step))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Forgets one that never counted.
    pub fn delete_pending(conn: &mut AnyConnection, user: &UserId) -> QueryResult<()> {
        let theirs = totp_factors::table.find(user);
        diesel::delete(theirs.filter(totp_factors::confirmed_at.is_null())).execute(conn).map(drop)
    }

    /// Takes the app away; whether there was one that counted.
    pub fn delete(conn: &mut AnyConnection, user: &UserId) -> QueryResult<bool> {
        let theirs = totp_factors::table.find(user);
        let counted =
            diesel::delete(theirs.filter(totp_factors::confirmed_at.is_not_null())).execute(conn)?;
        diesel::delete(theirs).execute(conn)?;
        Ok(counted == 1)
    }
}
