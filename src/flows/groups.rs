//! Groups: made, filled and taken away by an operator. Rules, tokens and guards ask who is in them.
//!
//! Whatever changes a membership has everybody ask anew for that user: guards know at once here and within a second
//! elsewhere; a token says it when it is next issued. Each deed locks the group first and then the user, so that no two
//! of them wait for each other.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::config::Allow;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::end_session;
use crate::group_name::{self, GroupNameError};
use crate::id::UserId;
use crate::models::{EventKind, Group, Membership, User};
use crate::vestibule::Vestibule;

/// The most groups that somebody may be in: their token names them all, and must fit into a cookie.
pub const MOST_GROUPS: usize = 32;

/// How many leave a group in one transaction when it is taken away: others write in between.
const MOST_AT_ONCE: i64 = 100;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// No group can be called so.
    #[error(transparent)]
    Name(#[from] GroupNameError),
    /// There is one already.
    #[error("There is a group `{0}` already.")]
    Taken(String),
    /// There is no such group, or not any more.
    #[error("There is no group `{0}`.")]
    NoSuchGroup(String),
    /// The user has gone meanwhile.
    #[error("There is no such user any more.")]
    NoSuchUser,
    /// One more would be too many.
    #[error(
        "Nobody can be in more than {MOST_GROUPS} groups, and they are in so many. Take them out of one first."
    )]
    TooMany,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Makes a group with nobody in it.
///
/// # Errors
///
/// [`GroupError`].
pub async fn create(
    vestibule: &Vestibule,
    name: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Group, GroupError> {
    group_name::check(name)?;
    let event = caller.event(EventKind::GroupCreated, None, now).saying(name);
    let group = Group { name: name.to_owned(), created_at: now };
    let row = group.clone();
    let made = vestibule.db.write(move |conn| {
        row.insert(conn)?;
        Ok::<_, db::Error>(event.insert(conn)?)
    });
    match made.await {
        Ok(()) => Ok(group),
        Err(error) if error.is_unique_violation() => Err(GroupError::Taken(group.name)),
        Err(error) => Err(error.into()),
    }
}

/// Takes a group away; how many were in it. They leave it a hundred at a time, and the group goes with the last: should
/// that be broken off, it is there still, with fewer in it.
///
/// # Errors
///
/// [`GroupError`].
pub async fn delete(
    vestibule: &Vestibule,
    name: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<usize, GroupError> {
    let mut left = 0;
    loop {
        let (here, caller, group) = (vestibule.clone(), caller.clone(), name.to_owned());
        let (count, is_gone) = vestibule
            .db
            .write(move |conn| {
                hold(conn, &group)?;
                let some = Membership::list_in(conn, &group, &UserId::from(""), MOST_AT_ONCE);
                let some = some.map_err(db::Error::from)?;
                for (membership, _) in &some {
                    leave(&here, conn, &membership.user_id, &group, &caller, now)?;
                }
                let is_last = some.len() < usize::try_from(MOST_AT_ONCE).unwrap_or(0);
                if is_last {
                    Group::delete(conn, &group).map_err(db::Error::from)?;
                    let event = caller.event(EventKind::GroupDeleted, None, now).saying(group);
                    event.insert(conn).map_err(db::Error::from)?;
                }
                Ok::<_, GroupError>((some.len(), is_last))
            })
            .await?;
        left += count;
        if is_gone {
            return Ok(left);
        }
    }
}

/// Puts somebody into a group; whether they were not in it before.
///
/// # Errors
///
/// [`GroupError`].
pub async fn add(
    vestibule: &Vestibule,
    name: &str,
    user: &UserId,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, GroupError> {
    let event = caller.event(EventKind::GroupJoined, Some(user), now).saying(name);
    let (here, row) =
        (vestibule.clone(), Membership { user_id: user.clone(), group_name: name.to_owned(), since: now });
    vestibule
        .db
        .write(move |conn| {
            hold(conn, &row.group_name)?;
            let user = User::find_locked(conn, &row.user_id).map_err(db::Error::from)?;
            let user = user.ok_or(GroupError::NoSuchUser)?;
            if user.groups().any(|group| group == row.group_name) {
                return Ok(false);
            }
            if user.groups().count() >= MOST_GROUPS {
                return Err(GroupError::TooMany);
            }
            row.insert(conn).map_err(db::Error::from)?;
            event.insert(conn).map_err(db::Error::from)?;
            repeat(&here, conn, &row.user_id)?;
            Ok(true)
        })
        .await
}

/// Takes somebody out of a group; whether they were in it.
///
/// # Errors
///
/// [`GroupError`].
pub async fn remove(
    vestibule: &Vestibule,
    name: &str,
    user: &UserId,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, GroupError> {
    let (here, caller, group, user) = (vestibule.clone(), caller.clone(), name.to_owned(), user.clone());
    vestibule
        .db
        .write(move |conn| {
            hold(conn, &group)?;
            Ok(leave(&here, conn, &user, &group, &caller, now)?)
        })
        .await
}

/// The group stays as it is until this deed is done; if it is there.
fn hold(conn: &mut Transaction<'_>, name: &str) -> Result<(), GroupError> {
    let found = Group::find_locked(conn, name).map_err(db::Error::from)?;
    found.map(drop).ok_or_else(|| GroupError::NoSuchGroup(name.to_owned()))
}

fn leave(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &UserId,
    group: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, db::Error> {
    User::find_locked(conn, user)?;
    let was_in = Membership::delete(conn, user, group)?;
    if was_in {
        repeat(here, conn, user)?;
        caller.event(EventKind::GroupLeft, Some(user), now).saying(group).insert(conn)?;
    }
    Ok(was_in)
}

/// Has the user's row say what `memberships` does, and everybody ask anew for it.
fn repeat(here: &Vestibule, conn: &mut Transaction<'_>, user: &UserId) -> Result<(), db::Error> {
    let memberships = Membership::list_of(conn, user)?;
    let names: Vec<&str> = memberships.iter().map(|row| row.group_name.as_str()).collect();
    User::update_groups(conn, user, &names)?;
    end_session::ask_anew(here, conn, user)
}

/// The group of this name.
///
/// # Errors
///
/// The database's.
pub async fn find(vestibule: &Vestibule, name: &str) -> Result<Option<Group>, db::Error> {
    let name = name.to_owned();
    vestibule.db.read(move |conn| Ok(Group::find(conn, &name)?)).await
}

/// The names that settings speak of and that no group has: rules that let nobody in, and duties that nobody has.
///
/// # Errors
///
/// The database's.
pub async fn unknown(vestibule: &Vestibule) -> Result<Vec<String>, db::Error> {
    let config = &vestibule.config;
    let doors = config.forward_auth.hosts.iter();
    let allowed = doors.flat_map(|host| host.rules.iter().map(|rule| &rule.allow).chain([&host.allow]));
    let names = allowed.flat_map(Allow::groups).chain(&config.second_factor.require_groups);
    let names: BTreeSet<String> = names.cloned().collect();
    let read = vestibule.db.read(move |conn| {
        let mut unknown = Vec::new();
        for name in names {
            if Group::find(conn, &name)?.is_none() {
                unknown.push(name);
            }
        }
        Ok::<_, db::Error>(unknown)
    });
    read.await
}

/// A page of groups by name, those after `after`, each with how many are in it.
///
/// # Errors
///
/// The database's.
pub async fn list(vestibule: &Vestibule, after: &str, limit: i64) -> Result<Vec<(Group, i64)>, db::Error> {
    let after = after.to_owned();
    vestibule
        .db
        .read(move |conn| {
            let groups = Group::list(conn, &after, limit)?;
            let count = |group: Group| Ok((Membership::count_in(conn, &group.name)?, group));
            let counted: Result<Vec<_>, db::Error> = groups.into_iter().map(count).collect();
            Ok(counted?.into_iter().map(|(count, group)| (group, count)).collect())
        })
        .await
}

/// Who is in a group, by username, in the order in which their accounts were made: those after `after`.
///
/// # Errors
///
/// The database's.
pub async fn members(
    vestibule: &Vestibule,
    name: &str,
    after: &UserId,
    limit: i64,
) -> Result<Vec<(Membership, String)>, db::Error> {
    let (name, after) = (name.to_owned(), after.clone());
    vestibule.db.read(move |conn| Ok(Membership::list_in(conn, &name, &after, limit)?)).await
}
