//! Somebody with an account.

use std::time::Duration;

use diesel::prelude::*;

use super::{OneTimeToken, Purpose, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::users;
use crate::id::UserId;

text_enum! {
    /// What a user may do here.
    pub enum Role {
        /// Has an account like everybody.
        User = "user",
        /// May administer this instance.
        Admin = "admin",
    }
}

/// A row of `users`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    /// The `sub` claim.
    pub id: UserId,
    /// As its owner writes it.
    pub username: String,
    /// As sign-in looks for it; unique.
    pub username_folded: String,
    /// As it looks to the eye; unique.
    pub username_skeleton: String,
    /// As its owner writes it. Private: no page tells whether an address is known.
    pub email: Option<String>,
    /// As sign-in looks for it; several may claim one address until somebody has proven it.
    pub email_folded: Option<String>,
    /// When its owner proved that it is theirs.
    pub email_verified_at: Option<Timestamp>,
    /// The Argon2id hash as a PHC string.
    pub password_hash: Option<String>,
    /// When the password was last set.
    pub password_changed_at: Option<Timestamp>,
    /// What the user may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When an operator shut it, if so.
    pub disabled_at: Option<Timestamp>,
    /// What pages call the user; the username, if there is none.
    pub display_name: Option<String>,
    /// Whose times pages show, an IANA name; UTC, if there is none.
    pub time_zone: Option<String>,
    /// When its owner closed it, if so: signing in opens it again, until it is gone.
    pub closed_at: Option<Timestamp>,
    /// Since when signing in takes two proofs, or a passkey; one will do, if there is no factor beside the password. It
    /// follows from `totp_factors` and `passkeys`, and stands here for the guards.
    pub second_factor_since: Option<Timestamp>,
    /// When the factors last changed: browsers that were trusted before are trusted no more.
    pub factors_changed_at: Option<Timestamp>,
    /// When its owner said that one passkey is enough.
    pub second_passkey_declined_at: Option<Timestamp>,
    /// The names of their groups in order, with a space between. It follows from `memberships`, and stands here for
    /// the guards and the `groups` claim.
    pub groups: String,
}

impl User {
    /// Writes a new user.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(users::table).values(self).execute(conn).map(drop)
    }

    /// The user with this id.
    pub fn find(conn: &mut AnyConnection, id: &UserId) -> QueryResult<Option<Self>> {
        users::table.find(id).select(Self::as_select()).get_result(conn).optional()
    }

    /// The user with this id, whose row stays as it is until this transaction ends. On SQLite nobody else writes then.
    pub fn find_locked(conn: &mut AnyConnection, id: &UserId) -> QueryResult<Option<Self>> {
        if let AnyConnection::Postgres(conn) = conn {
            users::table.find(id).for_no_key_update().select(users::id).execute(conn)?;
        }
        Self::find(conn, id)
    }

    /// The user with this folded name.
    pub fn find_by_username(conn: &mut AnyConnection, folded: &str) -> QueryResult<Option<Self>> {
        users::table
            .filter(users::username_folded.eq(folded))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// Whether a name that looks like this one is taken.
    pub fn is_taken(conn: &mut AnyConnection, folded: &str, skeleton: &str) -> QueryResult<bool> {
        let same = users::username_folded.eq(folded).or(users::username_skeleton.eq(skeleton));
        diesel::select(diesel::dsl::exists(users::table.filter(same))).get_result(conn)
    }

    /// Whoever gave this (folded) address: the one who has proven it first, whom no number of claims may hide, and then
    /// those who claim it, the latest first; no more than a hundred.
    pub fn list_by_email(conn: &mut AnyConnection, folded: &str) -> QueryResult<Vec<Self>> {
        users::table
            .filter(users::email_folded.eq(folded))
            .order((users::email_verified_at.is_null(), users::created_at.desc(), users::id.desc()))
            .limit(Self::MOST_CLAIMANTS)
            .select(Self::as_select())
            .load(conn)
    }

    /// How many accounts with one unproven address are looked at when somebody signs in by it.
    const MOST_CLAIMANTS: i64 = 100;

    /// A page of users by name: those after `after`, at most `limit`.
    pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> QueryResult<Vec<Self>> {
        users::table
            .filter(users::username_folded.gt(after))
            .order(users::username_folded)
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Whether anybody administers this instance.
    pub fn has_admin(conn: &mut AnyConnection) -> QueryResult<bool> {
        let admins = users::table.filter(users::role.eq(Role::Admin)).filter(users::disabled_at.is_null());
        let admins = admins.filter(users::closed_at.is_null());
        diesel::select(diesel::dsl::exists(admins)).get_result(conn)
    }

    /// Whoever administers this instance; all of them stay so until this transaction ends.
    pub fn list_admins_locked(conn: &mut AnyConnection) -> QueryResult<Vec<UserId>> {
        let admins = users::table.filter(users::role.eq(Role::Admin)).filter(users::disabled_at.is_null());
        let admins = admins.filter(users::closed_at.is_null()).select(users::id);
        match conn {
            // In one order, so that no two of them wait for each other.
            AnyConnection::Postgres(conn) => admins.order(users::id).for_no_key_update().load(conn),
            AnyConnection::Sqlite(conn) => admins.load(conn),
        }
    }

    /// Whether somebody has proven that this (folded) address is theirs.
    pub fn has_owner(conn: &mut AnyConnection, folded: &str) -> QueryResult<bool> {
        let owners = users::table.filter(users::email_folded.eq(folded));
        let proven = owners.filter(users::email_verified_at.is_not_null());
        diesel::select(diesel::dsl::exists(proven)).get_result(conn)
    }

    /// The address is theirs, as they have proven at `at`; of several who claim it, one is told so, and all others
    /// get a unique violation.
    pub fn update_email_verified_at(conn: &mut AnyConnection, id: &UserId, at: Timestamp) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::email_verified_at.eq(at)).execute(conn).map(drop)
    }

    /// The user has this address from now on, as they have proven at `at`; a unique violation, if somebody else has.
    pub fn update_email(
        conn: &mut AnyConnection,
        id: &UserId,
        (email, folded): (&str, &str),
        at: Timestamp,
    ) -> QueryResult<()> {
        let proven = users::email_verified_at.eq(at);
        diesel::update(users::table.find(id))
            .set((users::email.eq(email), users::email_folded.eq(folded), proven))
            .execute(conn)
            .map(drop)
    }

    /// Stores a new hash: of a new password when `changed_at` says since when, else of the same one at a new cost. A
    /// new password voids every link to choose one.
    pub fn update_password_hash(
        conn: &mut AnyConnection,
        id: &UserId,
        hash: &str,
        changed_at: Option<Timestamp>,
    ) -> QueryResult<()> {
        let user = users::table.find(id);
        match changed_at {
            None => diesel::update(user).set(users::password_hash.eq(hash)).execute(conn),
            Some(at) => {
                OneTimeToken::delete_of(conn, id, Purpose::ResetPassword)?;
                diesel::update(user)
                    .set((users::password_hash.eq(hash), users::password_changed_at.eq(at)))
                    .execute(conn)
            }
        }
        .map(drop)
    }

    /// Shuts the account since `at`, or opens it again.
    pub fn update_disabled_at(
        conn: &mut AnyConnection,
        id: &UserId,
        at: Option<Timestamp>,
    ) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::disabled_at.eq(at)).execute(conn).map(drop)
    }

    /// The password opens nothing any more, and neither does any link to choose another: whoever has lost control of the
    /// account gets a new one by mail, or from an operator.
    pub fn void_password(conn: &mut AnyConnection, id: &UserId) -> QueryResult<()> {
        OneTimeToken::delete_of(conn, id, Purpose::ResetPassword)?;
        diesel::update(users::table.find(id))
            .set(users::password_hash.eq(None::<String>))
            .execute(conn)
            .map(drop)
    }

    /// Calls the user by this name; by their username, if it is none.
    pub fn update_display_name(conn: &mut AnyConnection, id: &UserId, name: Option<&str>) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::display_name.eq(name)).execute(conn).map(drop)
    }

    /// Shows the user times on the clocks of this zone.
    pub fn update_time_zone(conn: &mut AnyConnection, id: &UserId, zone: Option<&str>) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::time_zone.eq(zone)).execute(conn).map(drop)
    }

    /// Its owner closes the account at `at`, or opens it again.
    pub fn update_closed_at(conn: &mut AnyConnection, id: &UserId, at: Option<Timestamp>) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::closed_at.eq(at)).execute(conn).map(drop)
    }

    /// Some of those who closed their account by `by`, and have not come back.
    pub fn list_closed(conn: &mut AnyConnection, by: Timestamp, limit: i64) -> QueryResult<Vec<UserId>> {
        users::table
            .filter(users::closed_at.le(by))
            .order(users::closed_at)
            .limit(limit)
            .select(users::id)
            .load(conn)
    }

    /// The user is gone, and with them whatever is theirs alone: sessions, links.
    pub fn delete(conn: &mut AnyConnection, id: &UserId) -> QueryResult<()> {
        diesel::delete(users::table.find(id)).execute(conn).map(drop)
    }

    /// The names of the groups that the user is in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.split(' ').filter(|name| !name.is_empty())
    }

    /// What pages call the user.
    pub fn called(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.username)
    }

    /// Notes that a factor was added or taken away at `at`, and since when there is one: what trusted the former ones
    /// trusts no more.
    pub fn update_factors(
        conn: &mut AnyConnection,
        id: &UserId,
        since: Option<Timestamp>,
        at: Timestamp,
    ) -> QueryResult<()> {
        diesel::update(users::table.find(id))
            .set((users::second_factor_since.eq(since), users::factors_changed_at.eq(at)))
            .execute(conn)
            .map(drop)
    }

    /// Has every browser that the user trusts trusted no more: what their cookies are bound to is another moment from
    /// now on, even within the same second.
    pub fn distrust_browsers(&self, conn: &mut AnyConnection, at: Timestamp) -> QueryResult<()> {
        let after_last = self.factors_changed_at.map(|last| last + Duration::from_secs(1));
        diesel::update(users::table.find(&self.id))
            .set(users::factors_changed_at.eq(after_last.map_or(at, |after| after.max(at))))
            .execute(conn)
            .map(drop)
    }

    /// Notes that one passkey is enough, as its owner has said at `at`.
    pub fn update_second_passkey_declined_at(
        conn: &mut AnyConnection,
        id: &UserId,
        at: Timestamp,
    ) -> QueryResult<()> {
        diesel::update(users::table.find(id))
            .set(users::second_passkey_declined_at.eq(at))
            .execute(conn)
            .map(drop)
    }

    /// Repeats the names of the groups that the user is in, which are in order.
    pub fn update_groups(conn: &mut AnyConnection, id: &UserId, names: &[&str]) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::groups.eq(names.join(" "))).execute(conn).map(drop)
    }

    /// Gives the user another role.
    pub fn update_role(conn: &mut AnyConnection, id: &UserId, role: Role) -> QueryResult<()> {
        diesel::update(users::table.find(id)).set(users::role.eq(role)).execute(conn).map(drop)
    }
}

/// Neither the hash nor the address may reach a log.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}
