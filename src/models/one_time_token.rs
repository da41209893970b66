//! A secret handed out in a link, good for one deed and once.

use std::time::Duration;

use diesel::prelude::*;

use super::{delete_some, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::one_time_tokens;
use crate::id::{MailId, SessionId, UserId};

text_enum! {
    /// The one deed that a token is good for.
    pub enum Purpose {
        /// Make the first administrator.
        SetUp = "set_up",
        /// Choose a new password.
        ResetPassword = "reset_password",
        /// Put the former e-mail address back.
        RestoreEmail = "restore_email",
        /// Say of a sign-in: this was not me.
        DisownLogin = "disown_login",
    }
}

/// A row of `one_time_tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = one_time_tokens)]
pub struct OneTimeToken {
    /// SHA-256 of the token; the token itself is nowhere.
    pub digest: String,
    /// What it is good for.
    pub purpose: Purpose,
    /// For whom, if for somebody.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was used, if so.
    pub used_at: Option<Timestamp>,
    /// The (folded) address that it was mailed to, if so: it works while that is still its user's.
    pub email_folded: Option<String>,
    /// The mail that it is in, if so.
    pub mail_id: Option<MailId>,
    /// The address that it puts back, as its owner spelt it.
    pub email: Option<String>,
    /// The session that it is about.
    pub session_id: Option<SessionId>,
}

impl OneTimeToken {
    /// Whether it can (still) be used for this deed.
    pub fn is_live_for(&self, purpose: Purpose, now: Timestamp) -> bool {
        self.purpose == purpose && self.used_at.is_none() && self.expires_at > now
    }

    /// A token that works from `now` on for `lifetime`, in no mail and about nothing else.
    pub fn new(
        digest: String,
        purpose: Purpose,
        user: Option<&UserId>,
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        Self {
            digest,
            purpose,
            user_id: user.cloned(),
            created_at: now,
            expires_at: now + lifetime,
            used_at: None,
            email_folded: None,
            mail_id: None,
            email: None,
            session_id: None,
        }
    }

    /// Writes a new token and voids earlier ones for the same deed and person: one is live at a time. But one that came
    /// by mail, for which any stranger may ask, voids none that an operator gave.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        let earlier = one_time_tokens::table.filter(one_time_tokens::purpose.eq(self.purpose));
        match &self.user_id {
            Some(user) if self.mail_id.is_some() => {
                let mailed = earlier.filter(one_time_tokens::mail_id.is_not_null());
                diesel::delete(mailed.filter(one_time_tokens::user_id.eq(user))).execute(conn)?
            }
            Some(user) => diesel::delete(earlier.filter(one_time_tokens::user_id.eq(user))).execute(conn)?,
            None => diesel::delete(earlier.filter(one_time_tokens::user_id.is_null())).execute(conn)?,
        };
        self.insert_beside(conn)
    }

    /// Writes a new token beside earlier ones for the same deed and person: each is about something of its own. A thief
    /// who changes the address twice must not take the right to put the first back from its owner.
    pub fn insert_beside(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(one_time_tokens::table).values(self).execute(conn).map(drop)
    }

    /// The token, if it can still be used.
    pub fn find_live(
        conn: &mut AnyConnection,
        digest: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> QueryResult<Option<Self>> {
        one_time_tokens::table
            .find(digest)
            .filter(one_time_tokens::purpose.eq(purpose))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(now))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// Uses the token up. Of many who try at once, one is told `true`.
    pub fn spend(conn: &mut AnyConnection, digest: &str, now: Timestamp) -> QueryResult<bool> {
        diesel::update(one_time_tokens::table.find(digest))
            .filter(one_time_tokens::used_at.is_null())
            .set(one_time_tokens::used_at.eq(now))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Starts the time of the tokens in this mail, now that it leaves; how many of them are not used or replaced yet.
    pub fn start(conn: &mut AnyConnection, mail: &MailId, expires_at: Timestamp) -> QueryResult<usize> {
        let mailed = one_time_tokens::table.filter(one_time_tokens::mail_id.eq(mail));
        diesel::update(mailed.filter(one_time_tokens::used_at.is_null()))
            .set(one_time_tokens::expires_at.eq(expires_at))
            .execute(conn)
    }

    /// Whatever links are kept of `user`, used or not.
    pub fn list(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Vec<Self>> {
        one_time_tokens::table
            .filter(one_time_tokens::user_id.eq(user))
            .order(one_time_tokens::purpose)
            .select(Self::as_select())
            .load(conn)
    }

    /// Voids what `user` has for this deed.
    pub fn delete_of(conn: &mut AnyConnection, user: &UserId, purpose: Purpose) -> QueryResult<()> {
        let theirs = one_time_tokens::table.filter(one_time_tokens::user_id.eq(user));
        diesel::delete(theirs.filter(one_time_tokens::purpose.eq(purpose))).execute(conn).map(drop)
    }

    /// Voids what `user` got for this deed after `after`.
    pub fn delete_later(
        conn: &mut AnyConnection,
        user: &UserId,
        purpose: Purpose,
        after: Timestamp,
    ) -> QueryResult<()> {
        let theirs = one_time_tokens::table.filter(one_time_tokens::user_id.eq(user));
        let later =
            theirs.filter(one_time_tokens::purpose.eq(purpose)).filter(one_time_tokens::created_at.gt(after));
        diesel::delete(later).execute(conn).map(drop)
    }

    /// Forgets up to `limit` tokens that expired before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(one_time_tokens.digest where expires_at.lt(before); limit).execute(conn)
    }
}
