//! A group of people, by a name that rules, tokens and guards ask for.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::groups;

/// A row of `groups`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = groups)]
pub struct Group {
    /// Names it everywhere.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
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
        Self::find(conn, name)
    }

    /// The group of this name.
    pub fn find(conn: &mut AnyConnection, name: &str) -> QueryResult<Option<Self>> {
        groups::table.find(name).select(Self::as_select()).get_result(conn).optional()
    }

    /// A page of groups by name: those after `after`, at most `limit`.
    pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> QueryResult<Vec<Self>> {
        groups::table
            .filter(groups::name.gt(after))
            .order(groups::name)
            .limit(limit)
            .select(Self::as_select())
            .load(conn)
    }

    /// Takes it away, with all memberships.
    pub fn delete(conn: &mut AnyConnection, name: &str) -> QueryResult<()> {
        diesel::delete(groups::table.find(name)).execute(conn).map(drop)
    }
}
