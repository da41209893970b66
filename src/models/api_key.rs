//! An API key of somebody's programs: what it is called, what it may do and until when; never the key itself.

use diesel::prelude::*;

use super::{User, delete_some};
use crate::clock::Timestamp;
use crate::credentials::scope::Scope;
use crate::db::AnyConnection;
use crate::db::schema::{api_keys, users};
use crate::id::{ApiKeyId, UserId};

/// A row of `api_keys`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
pub struct ApiKey {
    /// Names it on pages, on the command line and in the audit trail.
    pub id: ApiKeyId,
    /// Whose.
    pub user_id: UserId,
    /// The SHA-256 of the key, in base64url.
    pub digest: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, with spaces between.
    pub scopes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Writes a new one.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(api_keys::table).values(self).execute(conn).map(drop)
    }

    /// The key with this digest that has not ended at `now`, and whose it is, if their account is open.
    pub fn find_live(
        conn: &mut AnyConnection,
        digest: &str,
        now: Timestamp,
    ) -> QueryResult<Option<(Self, User)>> {
        api_keys::table
            .inner_join(users::table)
            .filter(api_keys::digest.eq(digest))
            .filter(api_keys::expires_at.gt(now))
            .filter(users::disabled_at.is_null())
            .filter(users::closed_at.is_null())
            .select((Self::as_select(), User::as_select()))
            .get_result(conn)
            .optional()
    }

    /// The key with this id.
    pub fn find(conn: &mut AnyConnection, id: &ApiKeyId) -> QueryResult<Option<Self>> {
        api_keys::table.find(id).select(Self::as_select()).get_result(conn).optional()
    }

    /// The keys of `user`, those that have ended among them, the newest first.
    pub fn list(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Vec<Self>> {
        api_keys::table
            .filter(api_keys::user_id.eq(user))
            .order((api_keys::created_at.desc(), api_keys::id.desc()))
            .select(Self::as_select())
            .load(conn)
    }

    /// Notes that it was used at `at`, unless a later use is noted already.
    pub fn update_last_used(conn: &mut AnyConnection, id: &ApiKeyId, at: Timestamp) -> QueryResult<()> {
        diesel::update(api_keys::table.find(id))
            .filter(api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(at)))
            .set(api_keys::last_used_at.eq(at))
            .execute(conn)
            .map(drop)
    }

    /// Takes a key away; whether it was there.
    pub fn delete(conn: &mut AnyConnection, id: &ApiKeyId) -> QueryResult<bool> {
        diesel::delete(api_keys::table.find(id)).execute(conn).map(|rows| rows == 1)
    }

    /// Forgets up to `limit` keys that ended before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(api_keys.id where expires_at.lt(before); limit).execute(conn)
    }

    /// Whether it has not ended at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }

    /// What it may do.
    pub fn scopes(&self) -> Vec<Scope> {
        Scope::list(&self.scopes)
    }
}

/// The digest stays out of logs.
impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
