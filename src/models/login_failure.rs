//! Budgets of guesses, one row a bucket; how they are spent is in `flows::throttle`.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::delete_some;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::login_failures;

/// A row of `login_failures`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = login_failures)]
pub struct LoginFailure {
    /// A keyed digest of what is counted.
    pub bucket: String,
    /// Failures in a row.
    pub failures: i64,
    /// Until when the next try has to wait; for a rate, when the bucket is empty again.
    pub blocked_until: Timestamp,
    /// When it was last used.
    pub touched_at: Timestamp,
}

impl LoginFailure {
    /// The bucket, made if need be, and locked against everybody else until this transaction ends.
    pub fn lock(conn: &mut AnyConnection, bucket: &str, now: Timestamp) -> QueryResult<Self> {
        // The update does the locking, on SQLite and on PostgreSQL alike: of two who spend at once, one waits here.
        // A bucket that was touched in the future is from before the clock was set back: nobody is to wait until then.
        // A minute of it is the difference between the clocks of two nodes.
        diesel::sql_query(
            "INSERT INTO login_failures (bucket, failures, blocked_until, touched_at) VALUES ($1, 0, 0, $2) \
             ON CONFLICT (bucket) DO UPDATE SET \
             blocked_until = CASE WHEN login_failures.touched_at > excluded.touched_at + 60 \
             THEN 0 ELSE login_failures.blocked_until END, \
             touched_at = excluded.touched_at",
        )
        .bind::<Text, _>(bucket)
        .bind::<BigInt, _>(now.seconds())
        .execute(conn)?;
        login_failures::table.find(bucket).select(Self::as_select()).get_result(conn)
    }

    /// The bucket, if there is one.
    pub fn find(conn: &mut AnyConnection, bucket: &str) -> QueryResult<Option<Self>> {
        login_failures::table.find(bucket).select(Self::as_select()).first(conn).optional()
    }

    /// Whether there is such a bucket.
    pub fn exists(conn: &mut AnyConnection, bucket: &str) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(login_failures::table.find(bucket))).get_result(conn)
    }

    /// Stores what was spent.
    pub fn update(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::update(login_failures::table.find(&self.bucket))
            .set((
                login_failures::failures.eq(self.failures),
                login_failures::blocked_until.eq(self.blocked_until),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Empties the bucket.
    pub fn delete(conn: &mut AnyConnection, bucket: &str) -> QueryResult<()> {
        diesel::delete(login_failures::table.find(bucket)).execute(conn).map(drop)
    }

    /// Forgets up to `limit` buckets that nobody has touched since `before`.
    pub fn delete_old(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
        delete_some!(login_failures.bucket where touched_at.lt(before); limit).execute(conn)
    }
}
