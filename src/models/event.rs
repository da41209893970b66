//! A line of the audit trail: who, what, to whom, from where, when (ASVS 16.2.1).

use diesel::prelude::*;

use super::{Part, delete_some, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::events;
use crate::id::{EventId, SessionId, UserId};

text_enum! {
    /// What happened. The words are for machines and stay as they are; pages have their own.
    pub enum EventKind {
        /// An account was made.
        Registered = "registered",
        /// Somebody signed in.
        LoggedIn = "logged_in",
        /// Somebody gave a wrong name or password.
        LoginFailed = "login_failed",
        /// Somebody signed out.
        LoggedOut = "logged_out",
        /// Somebody proved anew who they are.
        Reauthenticated = "reauthenticated",
        /// Somebody signed in failed to.
        ReauthenticationFailed = "reauthentication_failed",
        /// One session was ended from outside it.
        SessionRevoked = "session_revoked",
        /// Several were.
        SessionsRevoked = "sessions_revoked",
        /// A link to choose a new password was made.
        ResetLinkIssued = "reset_link_issued",
        /// A password was chosen through such a link.
        PasswordReset = "password_reset",
        /// Its owner changed the password.
        PasswordChanged = "password_changed",
        /// Its owner asked for another e-mail address.
        EmailChangeAsked = "email_change_asked",
        /// Its owner proved that the address is theirs.
        EmailVerified = "email_verified",
        /// Another address took the place of the former.
        EmailChanged = "email_changed",
        /// Whoever has the former address put it back.
        EmailRestored = "email_restored",
        /// Somebody signed in with something that was not known here.
        NewDevice = "new_device",
        /// Its owner said of a sign-in: this was not me.
        LoginDisowned = "login_disowned",
        /// A refresh token was used again, long after it was used up.
        RefreshReused = "refresh_reused",
        /// A factor was added beside the password.
        FactorAdded = "factor_added",
        /// A factor was taken away.
        FactorRemoved = "factor_removed",
        /// The password was right, and a second proof was asked for.
        SecondFactorAsked = "second_factor_asked",
        /// The second proof was wrong.
        SecondFactorFailed = "second_factor_failed",
        /// New recovery codes took the place of the old ones.
        RecoveryCodesMade = "recovery_codes_made",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// The count of a passkey went backwards: there is a copy of it.
        PasskeyCloned = "passkey_cloned",
        /// An operator took all factors away.
        FactorsReset = "factors_reset",
        /// Its owner changed a setting.
        SettingsChanged = "settings_changed",
        /// Its owner took a copy of everything we hold.
        DataExported = "data_exported",
        /// Its owner closed the account.
        AccountClosed = "account_closed",
        /// Its owner came back in time.
        AccountReopened = "account_reopened",
        /// The account is gone.
        AccountDeleted = "account_deleted",
        /// An operator shut the account.
        UserDisabled = "user_disabled",
        /// An operator opened it again.
        UserEnabled = "user_enabled",
        /// Another key signs, or will.
        KeysRotated = "keys_rotated",
        /// An operator changed the role.
        RoleChanged = "role_changed",
        /// An API key was made.
        ApiKeyCreated = "api_key_created",
        /// An API key was taken back.
        ApiKeyRevoked = "api_key_revoked",
        /// An operator made a group.
        GroupCreated = "group_created",
        /// An operator took a group away.
        GroupDeleted = "group_deleted",
        /// An operator put somebody into a group.
        GroupJoined = "group_joined",
        /// An operator took somebody out of one, or the group away.
        GroupLeft = "group_left",
    }
}

/// A row of `events`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
pub struct Event {
    /// Names the line.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// To whom; nobody, if no such user is known.
    pub user_id: Option<UserId>,
    /// By whom: a user's id, `operator`, `stranger`, `housekeeping`, or `deleted` for a user who is gone.
    pub actor: String,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// In which request; the log has the same.
    pub request_id: String,
    /// From where.
    pub address: String,
    /// With what.
    pub user_agent: String,
    /// What else is to be known, never a secret.
    pub detail: Option<String>,
}

impl Event {
    /// Writes the line.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(events::table).values(self).execute(conn).map(drop)
    }

    /// The latest `limit` events about `user`, newest first.
    pub fn list_latest(conn: &mut AnyConnection, user: &UserId, limit: i64) -> QueryResult<Vec<Self>> {
        events::table
            .filter(events::user_id.eq(user))
            .order((events::at.desc(), events::id.desc()))
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// A page of the events about `user` of these kinds, the latest first.
    pub fn list_part(
        conn: &mut AnyConnection,
        user: &UserId,
        kinds: &[EventKind],
        part: &Part<EventId>,
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        let about =
            events::table.filter(events::user_id.eq(user)).filter(events::kind.eq_any(kinds)).limit(limit);
        // As with sessions: whole seconds for the index, ids within them.
        match part {
            Part::Before { at, id } => about
                .filter(events::at.le(at))
                .filter(events::at.lt(at).or(events::id.lt(id)))
                .order((events::at.desc(), events::id.desc()))
                .select(Self::as_select())
                .load(conn),
            Part::After { at, id } => about
                .filter(events::at.ge(at))
                .filter(events::at.gt(at).or(events::id.gt(id)))
                .order((events::at, events::id))
                .select(Self::as_select())
                .load(conn),
        }
    }

    /// Whether `user` has signed in before, other than to the session `but`.
    pub fn has_logged_in(conn: &mut AnyConnection, user: &UserId, but: &SessionId) -> QueryResult<bool> {
        let before = events::table
            .filter(events::user_id.eq(user))
            .filter(events::kind.eq(EventKind::LoggedIn))
            .filter(events::session_id.ne(but));
        diesel::select(diesel::dsl::exists(before)).get_result(conn)
    }

    /// The next `limit` events about `user`, oldest first: those after the one of `after`.
    pub fn list_after(
        conn: &mut AnyConnection,
        user: &UserId,
        after: (Timestamp, &EventId),
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        let (at, id) = after;
        events::table
            .filter(events::user_id.eq(user))
            .filter(events::at.ge(at))
            .filter(events::at.gt(at).or(events::id.gt(id)))
            .order((events::at, events::id))
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Leaves of up to `limit` events about `user` that they happened and when, and of as many of what they did to others
    /// not who they were; how many those were.
    pub fn anonymise_some(conn: &mut AnyConnection, user: &UserId, limit: i64) -> QueryResult<usize> {
        let nobody = || {
            (
                events::actor.eq(Self::DELETED),
                events::session_id.eq(None::<SessionId>),
                events::request_id.eq(""),
                events::address.eq(""),
                events::user_agent.eq(""),
            )
        };
        let some = diesel::alias!(events as some);
        let of_theirs = some.filter(some.field(events::actor).eq(user.as_str()));
        let to_others =
            of_theirs.filter(some.field(events::actor).ne(some.field(events::user_id).assume_not_null()));
        let to_others = to_others.select(some.field(events::id)).limit(limit);
        let by =
            diesel::update(events::table.filter(events::id.eq_any(to_others))).set(nobody()).execute(conn)?;
        let about =
            some.filter(some.field(events::user_id).eq(user)).select(some.field(events::id)).limit(limit);
        let nothing = (events::user_id.eq(None::<UserId>), events::detail.eq(None::<String>));
        let of = diesel::update(events::table.filter(events::id.eq_any(about)))
            .set((nobody(), nothing))
            .execute(conn)?;
        Ok(by.max(of))
    }

    /// Who acted, once nobody may know.
    const DELETED: &str = "deleted";

    /// Forgets up to `limit` events from before `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(events.id where at.lt(before); limit).execute(conn)
    }
}
