//! A key that signs access tokens.
//!
//! ```text
//! next ──its time comes──> current ──the next one's time comes──> retiring ──its last token ends──> gone
//!   └───────────────────────── withdrawn: somebody may have it; nothing it signed counts ────────────┘
//! ```

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::signing_keys;
use crate::id::KeyId;
use crate::secret::Sealer;
use crate::tokens::{Key, RingKey};

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
    /// When it was given up because somebody may have it, if so.
    pub withdrawn_at: Option<Timestamp>,
    /// From when on it signs: the youngest whose time has come does.
    pub signs_from: Timestamp,
}

impl SigningKey {
    /// A new key that signs from `signs_from` on; nothing, if there is none to be had.
    pub fn generate(sealer: &Sealer, signs_from: Timestamp, now: Timestamp) -> Option<Self> {
        let key = Key::generate().ok()?;
        Some(Self {
            sealed_private: sealer.seal(&key.private_der, key.id.as_str())?,
            id: key.id,
            algorithm: "EdDSA".to_owned(),
            public_jwk: key.public_jwk,
            created_at: now,
            withdrawn_at: None,
            signs_from,
        })
    }

    /// The key, ready for use; nothing, if it does not open: then it was sealed with another secret.
    pub fn open(&self, sealer: &Sealer) -> Option<RingKey> {
        let private = sealer.open(&self.sealed_private, self.id.as_str())?;
        let key = Key::from_ed25519(&private).ok()?;
        Some(RingKey {
            key,
            signs_from: self.signs_from,
            public_jwk: serde_json::from_str(&self.public_jwk).ok(),
        })
    }

    /// Writes a new key.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(signing_keys::table).values(self).execute(conn).map(drop)
    }

    /// Every key, the one that signs last first.
    pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<Self>> {
        signing_keys::table
            .order((signing_keys::signs_from.desc(), signing_keys::id.desc()))
            .select(Self::as_select())
            .load(conn)
    }

    /// The same, and nobody else changes them until this transaction ends. On SQLite nobody else writes then.
    pub fn list_locked(conn: &mut AnyConnection) -> QueryResult<Vec<Self>> {
        if let AnyConnection::Postgres(conn) = conn {
            // Not the rows: of two who make the next key at once, the second must see the first one's.
            diesel::sql_query("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE").execute(conn)?;
        }
        Self::list(conn)
    }

    /// Gives up all keys there are; how many that were.
    pub fn withdraw_all(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<usize> {
        diesel::update(signing_keys::table)
            .filter(signing_keys::withdrawn_at.is_null())
            .set(signing_keys::withdrawn_at.eq(now))
            .execute(conn)
    }

    /// Forgets a key.
    pub fn delete(conn: &mut AnyConnection, id: &KeyId) -> QueryResult<()> {
        diesel::delete(signing_keys::table.find(id)).execute(conn).map(drop)
    }
}
