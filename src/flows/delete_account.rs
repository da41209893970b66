//! Delete an account, for good: whatever is theirs goes, and of what happened only what and when is left.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{close_account, end_session, throttle};
use crate::id::UserId;
use crate::models::{
    EmailProof, Event, EventKind, OneTimeToken, OutboxMail, ResetRequest, RevokedBecause, Session, User,
};
use crate::vestibule::Vestibule;

/// Rows in one transaction: whoever wants to write meanwhile waits for no more than these.
pub(super) const MOST_TOGETHER: i64 = 500;

/// Deletes the account at once; whether there was one.
///
/// # Errors
///
/// The database's.
pub async fn by_operator(
    vestibule: &Vestibule,
    user: &UserId,
    caller: &Caller,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let (here, id, by) = (vestibule.clone(), user.clone(), caller.clone());
    let condemned = vestibule.db.write(move |conn| match User::find_locked(conn, &id)? {
        Some(user) => condemn(&here, conn, &user, now).map(|()| true),
        None => Ok(false),
    });
    match condemned.await? {
        true => finish(vestibule, user.clone(), by, now).await.map(|()| true),
        false => Ok(false),
    }
}

/// Deletes the account if its owner closed it and has not come back in time; whether that was so. Somebody who signs in
/// at this very moment has come back, or finds nothing.
///
/// # Errors
///
/// The database's.
pub(super) async fn if_its_time_has_come(
    vestibule: &Vestibule,
    id: UserId,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let (here, whose) = (vestibule.clone(), id.clone());
    let condemned = vestibule.db.write(move |conn| match User::find_locked(conn, &whose)? {
        Some(user) if close_account::is_gone(&here, &user, now) => {
            condemn(&here, conn, &user, now).map(|()| true)
        }
        _ => Ok::<_, db::Error>(false),
    });
    match condemned.await? {
        true => finish(vestibule, id, Caller::housekeeping(), now).await.map(|()| true),
        false => Ok(false),
    }
}

/// From here on nobody is let in any more, so that the rest may take several steps: whatever somebody has piled up, no
/// step keeps others from writing. One that is broken off is gone on with by the next housekeeping.
fn condemn(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    now: Timestamp,
) -> Result<(), db::Error> {
    User::update_disabled_at(conn, &user.id, Some(user.disabled_at.unwrap_or(now)))?;
    // As if its time were over, whoever condemned it.
    let long_ago = now - here.config.account.grace;
    User::update_closed_at(conn, &user.id, Some(user.closed_at.unwrap_or(long_ago).min(long_ago)))?;
    // Whoever closed it has no session left; nor is there to be a notice with their id.
    if user.closed_at.is_none() {
        end_session::revoke_all_but(here, conn, &user.id, None, RevokedBecause::Operator, now)?;
    }
    Ok(())
}

async fn finish(vestibule: &Vestibule, id: UserId, caller: Caller, now: Timestamp) -> Result<(), db::Error> {
    for step in [Event::anonymise_some, Session::delete_some] {
        loop {
            let whose = id.clone();
            let done = vestibule.db.write(move |conn| Ok::<_, db::Error>(step(conn, &whose, MOST_TOGETHER)?));
            if done.await? < MOST_TOGETHER as usize {
                break;
            }
        }
    }
    let here = vestibule.clone();
    vestibule
        .db
        .write(move |conn| match User::find_locked(conn, &id)? {
            Some(user) => within(&here, conn, &user, &caller, now),
            None => Ok(()),
        })
        .await
}

fn within(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let owned = own_address(user);
    throttle::forget(here, conn, user, owned)?;
    if let Some(folded) = owned {
        ResetRequest::delete_of(conn, folded)?;
        OutboxMail::delete_to(conn, user.email.as_deref().unwrap_or_default())?;
    }
    for link in OneTimeToken::list(conn, &user.id)? {
        // A former address, unless somebody has it by now.
        if let (Some(former), Some(folded)) = (link.email, link.email_folded)
            && User::list_by_email(conn, &folded)?.is_empty()
        {
            OutboxMail::delete_to(conn, &former)?;
        }
    }
    if let Some(proof) = EmailProof::find_of(conn, &user.id)?
        && User::list_by_email(conn, &proof.email_folded)?.is_empty()
    {
        OutboxMail::delete_to(conn, &proof.email)?;
    }
    User::delete(conn, &user.id)?;
    caller.event(EventKind::AccountDeleted, None, now).insert(conn)?;
    Ok(())
}

/// The (folded) address of `user`, if they have proven that it is theirs. By one that they only claim, somebody could
/// make us forget a stranger's mails, or read of them in an export, or learn whether others claim it.
pub(super) fn own_address(user: &User) -> Option<&str> {
    user.email_folded.as_deref().filter(|_| user.email_verified_at.is_some())
}
