//! A sign-in that waits for its second proof: the password was right, and nobody is signed in yet.
//!
//! ```text
//! insert ──> waits ──┬── spent by the right code
//!                    ├── void: five wrong ones, another password, other factors
//!                    └── expired
//! ```

use diesel::prelude::*;

use super::{delete_some, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::login_challenges;
use crate::id::{SessionId, UserId};

text_enum! {
    /// How long somebody means to stay signed in (D3).
    pub enum Stay {
        /// While they are active, for `sessions.absolute_lifetime` at most: there is no refresh token.
        WhileActive = "while_active",
        /// For `sessions.absolute_lifetime`, active or not: a program, which knows by itself when to ask for a new token.
        Renewable = "renewable",
        /// For `sessions.remembered_lifetime`, active or not: "Stay signed in".
        Remembered = "remembered",
    }
}

/// A row of `login_challenges`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = login_challenges)]
pub struct LoginChallenge {
    /// SHA-256 of what the browser or program holds.
    pub digest: String,
    /// Whose password was right.
    pub user_id: UserId,
    /// SHA-256 of the stored hash that it was right for.
    pub password_digest: String,
    /// How long they mean to stay.
    pub stay: Stay,
    /// The session that the same browser had until now.
    pub replaces: Option<SessionId>,
    /// From where.
    pub address: String,
    /// With what.
    pub user_agent: String,
    /// How many codes were tried.
    pub tries: i64,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When the right code came, if it did.
    pub used_at: Option<Timestamp>,
    /// When its owner was told that nobody came on, if so.
    pub told_at: Option<Timestamp>,
}

impl LoginChallenge {
    /// How many codes may be tried at one challenge (ASVS 6.6.3).
    pub const MOST_TRIES: i64 = 5;

    /// Writes a new one.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(login_challenges::table).values(self).execute(conn).map(drop)
    }

    /// The challenge behind this digest, if it still waits.
    pub fn find_waiting(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<Option<Self>> {
        login_challenges::table
            .find(digest)
            .filter(login_challenges::used_at.is_null())
            .filter(login_challenges::expires_at.gt(now))
            .filter(login_challenges::tries.lt(Self::MOST_TRIES))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// Whether the right code came for it.
    pub fn is_spent(conn: &mut AnyConnection, digest: &str) -> QueryResult<bool> {
        let spent = login_challenges::table.find(digest).filter(login_challenges::used_at.is_not_null());
        diesel::select(diesel::dsl::exists(spent)).get_result(conn)
    }

    /// Counts a try before its code is looked at; whether there was one left.
    pub fn count_try(conn: &mut AnyConnection, digest: &str) -> QueryResult<bool> {
        diesel::update(login_challenges::table.find(digest))
            .filter(login_challenges::used_at.is_null())
            .filter(login_challenges::tries.lt(Self::MOST_TRIES))
            .set(login_challenges::tries.eq(login_challenges::tries + 1))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Uses it up. Of many who try at once, one is told `true`.
    pub fn spend(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<bool> {
        diesel::update(login_challenges::table.find(digest))
            .filter(login_challenges::used_at.is_null())
            .set(login_challenges::used_at.eq(now))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Those that have waited since before `before`, and whose owner does not know; the oldest first.
    pub fn list_abandoned(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<Vec<Self>> {
        login_challenges::table
            .filter(login_challenges::used_at.is_null())
            .filter(login_challenges::told_at.is_null())
            .filter(login_challenges::created_at.lt(before))
            .order(login_challenges::created_at)
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Notes that its owner is told. Of many nodes that would tell, one is told `true`.
    pub fn mark_told(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<bool> {
        diesel::update(login_challenges::table.find(digest))
            .filter(login_challenges::told_at.is_null())
            .set(login_challenges::told_at.eq(now))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Those of `user` that are kept, the latest `limit` of them.
    pub fn list_of(conn: &mut AnyConnection, user: &UserId, limit: i64) -> QueryResult<Vec<Self>> {
        login_challenges::table
            .filter(login_challenges::user_id.eq(user))
            .order(login_challenges::created_at.desc())
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Voids what `user` has waiting.
    pub fn delete_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<()> {
        diesel::delete(login_challenges::table.filter(login_challenges::user_id.eq(user)))
            .execute(conn)
            .map(drop)
    }

    /// Forgets up to `limit` that expired before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(login_challenges.digest where expires_at.lt(before); limit).execute(conn)
    }
}
