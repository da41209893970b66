//! Mail on its way out.
//!
//! ```text
//! insert ──> due ──claim──> held ──┬─> sent
//!             ▲                    ├─> given up ──retry──> due
//!             └── time is over <───┴─> failed: due later
//! ```
//!
//! A claim moves `send_after` into the future by compare-and-set, so that of many nodes one sends the mail. Whoever
//! dies with a mail in hand leaves it due again: it may be sent twice, and never not at all.

use diesel::prelude::*;

use super::{delete_some, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::outbox;
use crate::id::MailId;

text_enum! {
    /// What a mail is about.
    pub enum MailKind {
        /// The links that somebody asked for who forgot a password.
        ResetPassword = "reset_password",
        /// A password was changed.
        PasswordChanged = "password_changed",
        /// A refresh token was used again, long after it was used up.
        RefreshReused = "refresh_reused",
        /// Somebody signed in with a device that was not known.
        NewDevice = "new_device",
        /// The account was closed by its owner.
        AccountClosed = "account_closed",
        /// Its owner came back.
        AccountReopened = "account_reopened",
        /// The code and the link that prove an address.
        VerifyEmail = "verify_email",
        /// Somebody gave the address of one who has an account.
        EmailTaken = "email_taken",
        /// Somebody asked for another address.
        EmailChangeAsked = "email_change_asked",
        /// The address that is new is told so.
        EmailChanged = "email_changed",
        /// The address that it replaces is told so, and how to put it back.
        EmailReplaced = "email_replaced",
        /// The former address was put back.
        EmailRestored = "email_restored",
        /// A second factor was added or taken away.
        FactorsChanged = "factors_changed",
        /// An operator took all second factors away.
        FactorsReset = "factors_reset",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// The password was right, and nobody came on with the second factor.
        SecondFactorMissing = "second_factor_missing",
        /// There is a copy of a passkey.
        PasskeyCloned = "passkey_cloned",
        /// An API key was made.
        ApiKeyCreated = "api_key_created",
        /// API keys were revoked by somebody else than their owner, or with much else.
        ApiKeysRevoked = "api_keys_revoked",
        /// An operator wants to see whether mail arrives.
        Test = "test",
    }
}

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox)]
pub struct OutboxMail {
    /// The same at every attempt, so that a mail that came twice can be known by it.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// To whom.
    pub recipient: String,
    /// The words: they may hold a link that only its reader may use. Forgotten once the mail is sent.
    pub sealed: Option<Vec<u8>>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When somebody may (next) try to send it; never again, if it is sent or given up.
    pub send_after: Option<Timestamp>,
    /// How often somebody has tried.
    pub attempts: i64,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// When we gave it up.
    pub given_up_at: Option<Timestamp>,
}

impl OutboxMail {
    /// Writes a new mail.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(outbox::table).values(self).execute(conn).map(drop)
    }

    /// The mail that has been due for longest.
    pub fn find_due(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<Option<Self>> {
        outbox::table
            .filter(outbox::send_after.le(now))
            .order((outbox::send_after, outbox::id))
            .select(Self::as_select())
            .first(conn)
            .optional()
    }

    /// Holds the mail until `until`, as one more attempt. Of many who try at once, one is told `true`.
    pub fn claim(&self, conn: &mut AnyConnection, until: Timestamp) -> QueryResult<bool> {
        diesel::update(outbox::table.find(&self.id))
            .filter(outbox::send_after.eq(self.send_after))
            .set((outbox::send_after.eq(until), outbox::attempts.eq(outbox::attempts + 1)))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Goes on holding a mail that is held.
    pub fn hold(conn: &mut AnyConnection, id: &MailId, until: Timestamp) -> QueryResult<()> {
        let held = outbox::table.find(id).filter(outbox::send_after.is_not_null());
        diesel::update(held).set(outbox::send_after.eq(until)).execute(conn).map(drop)
    }

    /// The mail server has it. Its words are forgotten, unless they are to be `kept`.
    pub fn update_sent(
        conn: &mut AnyConnection,
        id: &MailId,
        at: Timestamp,
        kept: Option<&[u8]>,
    ) -> QueryResult<()> {
        let never = None::<Timestamp>;
        diesel::update(outbox::table.find(id))
            .set((outbox::sent_at.eq(at), outbox::send_after.eq(never), outbox::sealed.eq(kept)))
            .execute(conn)
            .map(drop)
    }

    /// That did not work; another try at `send_after`.
    pub fn update_failed(
        conn: &mut AnyConnection,
        id: &MailId,
        error: &str,
        send_after: Timestamp,
    ) -> QueryResult<()> {
        diesel::update(outbox::table.find(id))
            .set((outbox::last_error.eq(error), outbox::send_after.eq(send_after)))
            .execute(conn)
            .map(drop)
    }

    /// That will not work any more.
    pub fn update_given_up(
        conn: &mut AnyConnection,
        id: &MailId,
        error: &str,
        at: Timestamp,
    ) -> QueryResult<()> {
        let never = None::<Timestamp>;
        diesel::update(outbox::table.find(id))
            .set((outbox::last_error.eq(error), outbox::given_up_at.eq(at), outbox::send_after.eq(never)))
            .execute(conn)
            .map(drop)
    }

    /// Makes what was given up, or waits for longer than until `soon`, due at once: one mail, or with no `id` all of
    /// them. How many that were. What is due before `soon` may be in somebody's hands this moment.
    pub fn retry(
        conn: &mut AnyConnection,
        id: Option<&MailId>,
        soon: Timestamp,
        now: Timestamp,
    ) -> QueryResult<usize> {
        let anew = (outbox::send_after.eq(now), outbox::given_up_at.eq(None::<Timestamp>));
        let (waits, given_up) = (outbox::send_after.gt(soon), outbox::given_up_at.is_not_null());
        let Some(id) = id else {
            // One after the other: each finds its rows by an index of its own.
            let woken = diesel::update(outbox::table.filter(waits)).set(anew).execute(conn)?;
            return Ok(woken + diesel::update(outbox::table.filter(given_up)).set(anew).execute(conn)?);
        };
        let waiting = outbox::table.find(id).filter(waits.assume_not_null().or(given_up));
        diesel::update(waiting).set(anew).execute(conn)
    }

    /// When the mails were written that wait to leave, the one that is due first at the front; up to `limit`.
    pub fn list_waiting(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
        outbox::table
            .filter(outbox::send_after.is_not_null())
            .order((outbox::send_after, outbox::id))
            .select(outbox::created_at)
            .limit(limit)
            .load(conn)
    }

    /// When those were written that were given up; up to `limit`.
    pub fn list_given_up(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
        outbox::table
            .filter(outbox::given_up_at.is_not_null())
            .select(outbox::created_at)
            .limit(limit)
            .load(conn)
    }

    /// The latest `limit` mails, newest first.
    pub fn list_latest(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Self>> {
        outbox::table
            .order((outbox::created_at.desc(), outbox::id.desc()))
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// The mails to this address, as it is spelt.
    pub fn list_to(conn: &mut AnyConnection, recipient: &str) -> QueryResult<Vec<Self>> {
        outbox::table.filter(outbox::recipient.eq(recipient)).select(Self::as_select()).load(conn)
    }

    /// Forgets the mails to this address, whether or not they have left.
    pub fn delete_to(conn: &mut AnyConnection, recipient: &str) -> QueryResult<()> {
        diesel::delete(outbox::table.filter(outbox::recipient.eq(recipient))).execute(conn).map(drop)
    }

    /// The mail with this id.
    pub fn find(conn: &mut AnyConnection, id: &MailId) -> QueryResult<Option<Self>> {
        outbox::table.find(id).select(Self::as_select()).first(conn).optional()
    }

    /// Forgets up to `limit` mails from before `before` that wait for nothing any more.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(outbox.id where created_at.lt(before), send_after.is_null(); limit).execute(conn)
    }
}
