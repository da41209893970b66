//! An address that somebody has yet to prove: the one they registered with, or another.
//!
//! ```text
//! insert ──> waits for its mail ──write──> written ──start──> its time runs ──> proven, or void
//! ```
//!
//! The row is the same for every address. Whoever carries the mail looks whether the address is somebody else's already,
//! and makes the code and the link only if it is not: so neither the asker's page nor the clock can tell.

use diesel::prelude::*;

use super::delete_some;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::email_proofs;
use crate::id::{EmailProofId, MailId, UserId};

/// A row of `email_proofs`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = email_proofs)]
pub struct EmailProof {
    /// Names the row, and goes into the digest of its code.
    pub id: EmailProofId,
    /// Whose address it is to be.
    pub user_id: UserId,
    /// As they write it.
    pub email: String,
    /// As sign-in will look for it.
    pub email_folded: String,
    /// The (folded) address that they had when they asked: with any other it is void.
    pub replaces: Option<String>,
    /// The keyed digest of the code; none, if there is no code.
    pub code_digest: Option<String>,
    /// SHA-256 of the link's token; none, if there is no link.
    pub link_digest: Option<String>,
    /// The mail that they are in, once it is written.
    pub mail_id: Option<MailId>,
    /// How many codes were typed.
    pub tries: i64,
    /// When they asked.
    pub created_at: Timestamp,
    /// Until when code and link work.
    pub expires_at: Timestamp,
}

impl EmailProof {
    /// Writes a new row in place of an earlier one.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        Self::delete_of(conn, &self.user_id)?;
        diesel::insert_into(email_proofs::table).values(self).execute(conn).map(drop)
    }

    /// What `user` has yet to prove.
    pub fn find_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Option<Self>> {
        email_proofs::table
            .filter(email_proofs::user_id.eq(user))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// What a link proves, if it still works.
    pub fn find_by_link(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<Option<Self>> {
        email_proofs::table
            .filter(email_proofs::link_digest.eq(digest))
            .filter(email_proofs::expires_at.gt(now))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// The one that has waited longest for its mail to be written.
    pub fn find_waiting(conn: &mut AnyConnection) -> QueryResult<Option<Self>> {
        email_proofs::table
            .filter(email_proofs::mail_id.is_null())
            .order((email_proofs::created_at, email_proofs::id))
            .select(Self::as_select())
            .first(conn)
            .optional()
    }

    /// Stores what was made for its mail. Of many who try at once, one is told `true`: the mail is theirs to write.
    pub fn update_written(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let digests = (
            email_proofs::code_digest.eq(&self.code_digest),
            email_proofs::link_digest.eq(&self.link_digest),
        );
        diesel::update(email_proofs::table.find(&self.id))
            .filter(email_proofs::mail_id.is_null())
            .set((
                digests,
                email_proofs::mail_id.eq(&self.mail_id),
                email_proofs::expires_at.eq(self.expires_at),
            ))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Starts the time of what is in this mail, now that it leaves; how many rows are not used or replaced yet.
    pub fn start(conn: &mut AnyConnection, mail: &MailId, expires_at: Timestamp) -> QueryResult<usize> {
        diesel::update(email_proofs::table.filter(email_proofs::mail_id.eq(mail)))
            .set(email_proofs::expires_at.eq(expires_at))
            .execute(conn)
    }

    /// Counts one code that was wrong.
    pub fn count_try(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::update(email_proofs::table.find(&self.id))
            .set(email_proofs::tries.eq(email_proofs::tries + 1))
            .execute(conn)
            .map(drop)
    }

    /// Voids what `user` has yet to prove; whether there was anything.
    pub fn delete_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<bool> {
        let theirs = email_proofs::table.filter(email_proofs::user_id.eq(user));
        diesel::delete(theirs).execute(conn).map(|rows| rows > 0)
    }

    /// Forgets up to `limit` that expired before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(email_proofs.id where expires_at.lt(before); limit).execute(conn)
    }
}

/// The address may not reach a log.
impl std::fmt::Debug for EmailProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailProof").field("id", &self.id).finish_non_exhaustive()
    }
}
