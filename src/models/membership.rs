//! Who is in which group.
//!
//! Each user's row repeats the names of their groups, so that a guard asks for one row: whoever changes a membership
//! changes [`User::update_groups`](super::User::update_groups), too, in the same transaction.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{memberships, users};
use crate::id::UserId;

/// A row of `memberships`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships)]
pub struct Membership {
    /// Who.
    pub user_id: UserId,
    /// In which group.
    pub group_name: String,
    /// Since when.
    pub since: Timestamp,
}

impl Membership {
    /// Writes a new one; a unique violation, if they are in it already.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(memberships::table).values(self).execute(conn).map(drop)
    }

    /// What `user` is in, by the names of the groups.
    pub fn list_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<Vec<Self>> {
        memberships::table
            .filter(memberships::user_id.eq(user))
            .order(memberships::group_name)
            .select(Self::as_select())
            .load(conn)
    }

    /// Who is in this group, each with their username: the next `limit` of them behind `after`, in the order of their
    /// ids.
    pub fn list_in(
        conn: &mut AnyConnection,
        group: &str,
        after: &UserId,
        limit: i64,
    ) -> QueryResult<Vec<(Self, String)>> {
        memberships::table
            .inner_join(users::table)
            .filter(memberships::group_name.eq(group))
            .filter(memberships::user_id.gt(after))
            .order(memberships::user_id)
            .limit(limit)
            .select((Self::as_select(), users::username))
            .load(conn)
    }

    /// How many are in this group.
    pub fn count_in(conn: &mut AnyConnection, group: &str) -> QueryResult<i64> {
        memberships::table.filter(memberships::group_name.eq(group)).count().get_result(conn)
    }

    /// Ends one; whether there was one.
    pub fn delete(conn: &mut AnyConnection, user: &UserId, group: &str) -> QueryResult<bool> {
        diesel::delete(memberships::table.find((user, group))).execute(conn).map(|rows| rows == 1)
    }
}
