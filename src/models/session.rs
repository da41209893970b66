//! One signed-in browser or program.
//!
//! ```text
//! insert ──> live ──┬── revoked (signed out, ended elsewhere, replaced, user disabled, …)
//!                   └── expired (`expires_at`, whatever happens)
//! ```

use std::time::Duration;

use diesel::prelude::*;

use super::{Part, User, delete_some, either, text_enum};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{sessions, users};
use crate::id::{SessionId, UserId};

text_enum! {
    /// Why a session ended before its time.
    pub enum RevokedBecause {
        /// Its owner signed out.
        LoggedOut = "logged_out",
        /// The same browser signed in again, or proved itself anew: the old id is worth nothing.
        Replaced = "replaced",
        /// Its owner ended it from another one.
        EndedElsewhere = "ended_elsewhere",
        /// Its owner has too many; this was the oldest.
        TooMany = "too_many",
        /// The password was reset.
        PasswordReset = "password_reset",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// A second factor was added or taken away.
        FactorsChanged = "factors_changed",
        /// The e-mail address was changed.
        EmailChanged = "email_changed",
        /// The former e-mail address was put back by whoever has it.
        EmailRestored = "email_restored",
        /// Its owner said: this was not me.
        Disowned = "disowned",
        /// A refresh token was used that was used up long before: somebody has a copy.
        RefreshReused = "refresh_reused",
        /// Its owner closed the account.
        AccountClosed = "account_closed",
        /// The account was disabled.
        UserDisabled = "user_disabled",
        /// Somebody may have had the key that signed its tokens.
        KeyWithdrawn = "key_withdrawn",
        /// An operator ended it.
        Operator = "operator",
    }
}

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// The `sid` claim.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When they last proved who they are: the `auth_time` claim.
    pub authenticated_at: Timestamp,
    /// The last request, to the minute.
    pub last_seen_at: Timestamp,
    /// The absolute limit.
    pub expires_at: Timestamp,
    /// How they proved it, RFC 8176 values with a space between: the `amr` claim.
    pub amr: String,
    /// From where.
    pub address: String,
    /// With what.
    pub user_agent: String,
    /// When it ended before its time, if so.
    pub revoked_at: Option<Timestamp>,
    /// And why.
    pub revoked_because: Option<RevokedBecause>,
    /// Since when a refresh token carries it beyond its access token, if one does.
    pub renewable_since: Option<Timestamp>,
    /// From which network: the address, or the /64 of an IPv6 one.
    pub network: String,
    /// Where its tokens stand in the token status list; nowhere, if it began before there was one.
    pub status_index: Option<i64>,
}

/// What makes a session one that has ended, and one that people still look back on.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The present moment.
    pub now: Timestamp,
    /// Who was not seen since has no valid token any more.
    pub idle_since: Timestamp,
    /// How far back we look.
    pub since: Timestamp,
}

impl Session {
    /// Writes a new session.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(sessions::table).values(self).execute(conn).map(drop)
    }

    /// The session and its user, if it is neither revoked nor expired and the user is enabled: the guard's question.
    pub fn find_live(
        conn: &mut AnyConnection,
        id: &SessionId,
        now: Timestamp,
    ) -> QueryResult<Option<(Self, User)>> {
        let question = sessions::table
            .inner_join(users::table)
            .filter(sessions::id.eq(id))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(users::disabled_at.is_null())
            .filter(users::closed_at.is_null());
        // Without `first`: of a `LIMIT ?` SQLite makes a new plan with every use.
        either!(conn => question.select((Self::as_select(), User::as_select())).get_result(conn)).optional()
    }

    /// The session with this id, live or not.
    pub fn find(conn: &mut AnyConnection, id: &SessionId) -> QueryResult<Option<Self>> {
        sessions::table.find(id).select(Self::as_select()).get_result(conn).optional()
    }

    /// The user's sessions that are neither revoked nor expired and have been seen since `idle_since`: whoever was
    /// not seen for longer than a token lives holds no valid token any more, unless a refresh token gives them another.
    /// Newest first.
    pub fn list_live(
        conn: &mut AnyConnection,
        user: &UserId,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> QueryResult<Vec<Self>> {
        sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::last_seen_at.gt(idle_since).or(sessions::renewable_since.is_not_null()))
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .select(Self::as_select())
            .load(conn)
    }

    /// The user's newest session from before this sign-in, ended or not: "last time you signed in was …". A session
    /// that goes on under a new id keeps its `created_at`: its own past is no earlier sign-in.
    pub fn find_previous(
        conn: &mut AnyConnection,
        user: &UserId,
        id: &SessionId,
        before: Timestamp,
    ) -> QueryResult<Option<Self>> {
        sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::id.ne(id))
            .filter(sessions::created_at.lt(before))
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .select(Self::as_select())
            .first(conn)
            .optional()
    }

    /// The user's sessions that [`list_live`](Self::list_live) does not list any more and that ended since `since`: a
    /// page of them, the latest sign-in first.
    pub fn list_ended(
        conn: &mut AnyConnection,
        user: &UserId,
        ended: Ended,
        part: &Part<SessionId>,
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        let Ended { now, idle_since, since } = ended;
        let is_over = sessions::expires_at
            .le(now)
            .or(sessions::last_seen_at.le(idle_since).and(sessions::renewable_since.is_null()));
        let by_itself = sessions::revoked_at.is_null().and(is_over).and(sessions::expires_at.gt(since));
        let by_a_deed = sessions::revoked_at.gt(since).assume_not_null();
        let theirs =
            sessions::table.filter(sessions::user_id.eq(user)).filter(by_a_deed.or(by_itself)).limit(limit);
        // Whole seconds bound the search, so that an index serves it; within one second the ids decide.
        match part {
            Part::Before { at, id } => theirs
                .filter(sessions::created_at.le(at))
                .filter(sessions::created_at.lt(at).or(sessions::id.lt(id)))
                .order((sessions::created_at.desc(), sessions::id.desc()))
                .select(Self::as_select())
                .load(conn),
            Part::After { at, id } => theirs
                .filter(sessions::created_at.ge(at))
                .filter(sessions::created_at.gt(at).or(sessions::id.gt(id)))
                .order((sessions::created_at, sessions::id))
                .select(Self::as_select())
                .load(conn),
        }
    }

    /// Whether the session's user has another one, live or ended, with the same device from the same network. One that
    /// was disowned is none of theirs.
    pub fn has_like(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let is_theirs =
            sessions::revoked_because.is_null().or(sessions::revoked_because.ne(RevokedBecause::Disowned));
        let alike = sessions::table
            .filter(sessions::user_id.eq(&self.user_id))
            .filter(sessions::user_agent.eq(&self.user_agent))
            .filter(sessions::network.eq(&self.network))
            .filter(sessions::id.ne(&self.id))
            .filter(is_theirs.assume_not_null());
        diesel::select(diesel::dsl::exists(alike)).get_result(conn)
    }

    /// Whether `user` began a session at `address` with `user_agent` since `since`; it may have ended.
    pub fn has_begun(
        conn: &mut AnyConnection,
        user: &UserId,
        address: &str,
        user_agent: &str,
        since: Timestamp,
    ) -> QueryResult<bool> {
        let begun = sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::address.eq(address))
            .filter(sessions::user_agent.eq(user_agent))
            .filter(sessions::created_at.ge(since));
        diesel::select(diesel::dsl::exists(begun)).get_result(conn)
    }

    /// Whether the session's user has another one, live or ended.
    pub fn has_another(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let others =
            sessions::table.filter(sessions::user_id.eq(&self.user_id)).filter(sessions::id.ne(&self.id));
        diesel::select(diesel::dsl::exists(others)).get_result(conn)
    }

    /// Notes that the session was used at `at`, unless a use since `step` before that is noted already.
    pub fn update_last_seen(
        conn: &mut AnyConnection,
        id: &SessionId,
        at: Timestamp,
        step: Duration,
    ) -> QueryResult<()> {
        diesel::update(sessions::table.find(id))
            .filter(sessions::last_seen_at.le(at - step))
            .set(sessions::last_seen_at.eq(at))
            .execute(conn)
            .map(drop)
    }

    /// The next `limit` sessions of `user`, live or not, oldest first: those after the one of `after`.
    pub fn list_after(
        conn: &mut AnyConnection,
        user: &UserId,
        after: (Timestamp, &SessionId),
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        let (at, id) = after;
        sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::created_at.ge(at))
            .filter(sessions::created_at.gt(at).or(sessions::id.gt(id)))
            .order((sessions::created_at, sessions::id))
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Ends one live session of `user`; whether there was one.
    pub fn revoke(
        conn: &mut AnyConnection,
        user: &UserId,
        id: &SessionId,
        because: RevokedBecause,
        now: Timestamp,
    ) -> QueryResult<bool> {
        diesel::update(sessions::table.find(id))
            .filter(sessions::user_id.eq(user))
            .filter(sessions::revoked_at.is_null())
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because)))
            .execute(conn)
            .map(|rows| rows == 1)
    }

    /// Where the tokens of a session stand in the status list, if any of them can be valid.
    pub fn find_status(conn: &mut AnyConnection, id: &SessionId, now: Timestamp) -> QueryResult<Option<i64>> {
        let index =
            sessions::table.find(id).filter(sessions::expires_at.gt(now)).select(sessions::status_index);
        index.first(conn).optional().map(Option::flatten)
    }

    /// The same of every live session of `user` but `keep`.
    pub fn list_statuses(
        conn: &mut AnyConnection,
        user: &UserId,
        keep: Option<&SessionId>,
        now: Timestamp,
    ) -> QueryResult<Vec<i64>> {
        sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::id.ne(keep.map_or("", SessionId::as_str)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::status_index.is_not_null())
            .select(sessions::status_index.assume_not_null())
            .load(conn)
    }

    /// Ends every live session of `user` but `keep`; how many that were.
    pub fn revoke_all(
        conn: &mut AnyConnection,
        user: &UserId,
        keep: Option<&SessionId>,
        because: RevokedBecause,
        now: Timestamp,
    ) -> QueryResult<usize> {
        diesel::update(sessions::table)
            .filter(sessions::user_id.eq(user))
            .filter(sessions::id.ne(keep.map_or("", SessionId::as_str)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because)))
            .execute(conn)
    }

    /// Up to `limit` live sessions that began by `by`, whosever they are, and where their tokens stand in the status list.
    pub fn list_older(
        conn: &mut AnyConnection,
        by: Timestamp,
        limit: i64,
    ) -> QueryResult<Vec<(SessionId, UserId, Option<i64>)>> {
        sessions::table
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(by))
            .filter(sessions::created_at.le(by))
            .select((sessions::id, sessions::user_id, sessions::status_index))
            .limit(limit)
            .load(conn)
    }

    /// Ends those of these sessions that still live; how many that were.
    pub fn revoke_these(
        conn: &mut AnyConnection,
        these: &[SessionId],
        because: RevokedBecause,
        now: Timestamp,
    ) -> QueryResult<usize> {
        diesel::update(sessions::table.filter(sessions::id.eq_any(these)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because)))
            .execute(conn)
    }

    /// When the sessions end that have not ended; up to `limit`.
    pub fn list_expiries(
        conn: &mut AnyConnection,
        now: Timestamp,
        limit: i64,
    ) -> QueryResult<Vec<Timestamp>> {
        sessions::table
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .select(sessions::expires_at)
            .limit(limit)
            .load(conn)
    }

    /// Forgets up to `limit` sessions of `user`.
    pub fn delete_some(conn: &mut AnyConnection, user: &UserId, limit: i64) -> QueryResult<usize> {
        delete_some!(sessions.id where user_id.eq(user); limit).execute(conn)
    }

    /// Forgets up to `limit` sessions that somebody ended before `before`.
    pub fn delete_revoked(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(sessions.id where revoked_at.lt(before); limit).execute(conn)
    }

    /// Forgets up to `limit` sessions that expired before `before`.
    pub fn delete_expired(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(sessions.id where expires_at.lt(before); limit).execute(conn)
    }
}
