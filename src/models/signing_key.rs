//! A key that signs access tokens.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::signing_keys;
use crate::id::KeyId;

/// A row of `signing_keys`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
pub struct SigningKey {
    /// The `kid` in a token's header: the thumbprint of the public key (RFC 7638).
    pub id: KeyId,
    /// As in the token's header.
    pub algorithm: String,
    /// The public half (RFC 7517).
    pub public_jwk: String,
    /// The private half, sealed under the master secret for this row.
    pub sealed_private: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped to sign, if so.
    pub retired_at: Option<Timestamp>,
}

impl SigningKey {
    /// Writes a new key.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(signing_keys::table).values(self).execute(conn).map(drop)
    }

    /// Every key, the newest first.
    pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<Self>> {
        signing_keys::table
            .order((signing_keys::created_at.desc(), signing_keys::id))
            .select(Self::as_select())
            .load(conn)
    }
}
