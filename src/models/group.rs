//! A group of people, by a name that rules, tokens and guards ask for; and who is in it.
//!
//! Each user's row repeats the names of their groups, so that a guard asks for one row: whoever changes a membership
//! calls [`Group::update_of`] in the same transaction.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{groups, memberships, users};
use crate::id::UserId;

/// A row of `groups`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = groups)]
pub struct Group {
    /// Names it everywhere.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

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

impl Group {
    /// Writes a new one; a unique violation, if there is one of that name.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(groups::table).values(self).execute(conn).map(drop)
    }

    /// The group of this name. On PostgreSQL it stays until this transaction ends.
    pub fn find_locked(conn: &mut AnyConnection, name: &str) -> QueryResult<Option<Self>> {
        if let AnyConnection::Postgres(conn) = conn {
            groups::table.find(name).for_no_key_update().select(groups::name).execute(conn)?;
        }
        groups::table.find(name).select(Self::as_select()).get_result(conn).optional()
    }

    /// All of them, by name.
    pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<Self>> {
        groups::table.order(groups::name).select(Self::as_select()).load(conn)
    }

    /// Takes it away, with all memberships.
    pub fn delete(conn: &mut AnyConnection, name: &str) -> QueryResult<()> {
        diesel::delete(groups::table.find(name)).execute(conn).map(drop)
    }

    /// Repeats in the user's row what `memberships` says of them.
    pub fn update_of(conn: &mut AnyConnection, user: &UserId) -> QueryResult<()> {
        let names: Vec<String> = memberships::table
            .filter(memberships::user_id.eq(user))
            .order(memberships::group_name)
            .select(memberships::group_name)
            .load(conn)?;
        diesel::update(users::table.find(user)).set(users::groups.eq(names.join(" "))).execute(conn).map(drop)
    }
}

impl Membership {
    /// Writes a new one; a unique violation, if they are in it already.
    pub fn insert(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        diesel::insert_into(memberships::table).values(self).execute(conn).map(drop)
    }

    /// Who is in this group: the next `limit` of them behind `after`, in the order of their ids.
    pub fn list(conn: &mut AnyConnection, group: &str, after: &str, limit: i64) -> QueryResult<Vec<UserId>> {
        memberships::table
            .filter(memberships::group_name.eq(group))
            .filter(memberships::user_id.gt(after))
            .order(memberships::user_id)
            .limit(limit)
            .select(memberships::user_id)
            .load(conn)
    }

    /// How many are in each group, by its name; a group with nobody in it is not among them.
    pub fn count_each(conn: &mut AnyConnection) -> QueryResult<Vec<(String, i64)>> {
        memberships::table
            .group_by(memberships::group_name)
            .order(memberships::group_name)
            .select((memberships::group_name, diesel::dsl::count_star()))
            .load(conn)
    }

    /// Ends one; whether there was one.
    pub fn delete(conn: &mut AnyConnection, user: &UserId, group: &str) -> QueryResult<bool> {
        diesel::delete(memberships::table.find((user, group))).execute(conn).map(|rows| rows == 1)
    }
}
