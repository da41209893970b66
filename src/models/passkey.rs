//! A passkey of somebody's: the public half, and what its device told of itself.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::passkeys;
use crate::id::{PasskeyId, UserId};

/// A row of `passkeys`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys)]
pub struct Passkey {
    /// Names it on the account's pages.
    pub id: PasskeyId,
    /// Whose.
    pub user_id: UserId,
    /// What its device calls it, in base64url.
    pub credential_id: String,
    /// The public key, sealed for this row: whoever can write to the table alone slips none in.
    pub sealed_credential: Vec<u8>,
    /// The host that it is for.
    pub rp_id: String,
    /// What its owner calls it.
    pub name: String,
    /// What kind of thing made it (WebAuthn §6.5.1), if that says so.
    pub aaguid: Option<String>,
    /// Whether more than one device has it.
    pub is_synced: bool,
    /// How often it has signed, as far as it counts.
    pub sign_count: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    pub last_used_at: Option<Timestamp>,
    /// When its count went backwards: there is a copy of it.
    pub cloned_at: Option<Timestamp>,
}

impl Passkey {
    /// Writes a new one.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(passkeys::table).values(self).execute(conn).map(drop)
    }

    /// The passkeys of `user`, the oldest first.
    pub fn list(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Vec<Self>> {
        passkeys::table
            .filter(passkeys::user_id.eq(user))
            .order((passkeys::created_at, passkeys::id))
            .select(Self::as_select())
            .load(conn)
    }

    /// How many are for another host than `rp_id`. In two ranges: an index knows no "other than".
    pub fn count_elsewhere(conn: &mut AnyConnection, rp_id: &str) -> QueryResult<i64> {
        passkeys::table
            .filter(passkeys::rp_id.lt(rp_id).or(passkeys::rp_id.gt(rp_id)))
            .count()
            .get_result(conn)
    }

    /// The passkey that its device calls so.
    pub fn find_by_credential(conn: &mut AnyConnection, credential_id: &str) -> QueryResult<Option<Self>> {
        passkeys::table
            .filter(passkeys::credential_id.eq(credential_id))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// Notes that it signed: its new count, and whether more than one device has it by now. Of two that come with the
    /// same count at once, one is told `true`.
    pub fn note_use(
        &self,
        conn: &mut AnyConnection,
        sealed_credential: &[u8],
        sign_count: i64,
        is_synced: bool,
        now: Timestamp,
    ) -> QueryResult<bool> {
        diesel::update(passkeys::table.find(&self.id))
            .filter(passkeys::sign_count.eq(self.sign_count))
            .set((
                passkeys::sealed_credential.eq(sealed_credential),
                passkeys::sign_count.eq(sign_count),
                passkeys::is_synced.eq(is_synced),
                passkeys::last_used_at.eq(now),
            ))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Notes that there is a copy of it.
    pub fn mark_cloned(conn: &mut AnyConnection, id: &PasskeyId, now: Timestamp) -> QueryResult<()> {
        diesel::update(passkeys::table.find(id)).set(passkeys::cloned_at.eq(now)).execute(conn).map(drop)
    }

    /// Calls the passkey of `user` by another name; whether there is one.
    pub fn rename(conn: &mut AnyConnection, user: &UserId, id: &PasskeyId, name: &str) -> QueryResult<bool> {
        let theirs = passkeys::table.find(id).filter(passkeys::user_id.eq(user));
        diesel::update(theirs).set(passkeys::name.eq(name)).execute(conn).map(|rows| rows == 1)
    }

    /// Takes the passkey of `user` away; whether there was one.
    pub fn delete(conn: &mut AnyConnection, user: &UserId, id: &PasskeyId) -> QueryResult<bool> {
        let theirs = passkeys::table.find(id).filter(passkeys::user_id.eq(user));
        diesel::delete(theirs).execute(conn).map(|rows| rows == 1)
    }

    /// Takes all passkeys of `user` away; how many that were.
    pub fn delete_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<usize> {
        diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(conn)
    }
}
