//! Delete an account, for good: whatever is theirs goes, and of what happened only what and when is left.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{close_account, end_session, throttle};
use crate::id::UserId;
use crate::models::{
    EmailProof, Event, EventKind, OneTimeToken, OutboxMail, ResetRequest, RevokedBecause, User,
};
use crate::vestibule::Vestibule;

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
    let (here, id, caller) = (vestibule.clone(), user.clone(), caller.clone());
    vestibule
        .db
        .write(move |conn| {
            let Some(user) = User::find_locked(conn, &id)? else { return Ok(false) };
            end_session::revoke_all_but(&here, conn, &id, None, RevokedBecause::Operator, now)?;
            within(&here, conn, &user, &caller, now).map(|()| true)
        })
        .await
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
    let here = vestibule.clone();
    vestibule
        .db
        .write(move |conn| match User::find_locked(conn, &id)? {
            Some(user) if close_account::is_gone(&here, &user, now) => {
                within(&here, conn, &user, &Caller::housekeeping(), now).map(|()| true)
            }
            _ => Ok(false),
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
    let owned = own_address(conn, user)?;
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
    Event::anonymise(conn, &user.id)?;
    User::delete(conn, &user.id)?;
    caller.event(EventKind::AccountDeleted, None, now).insert(conn)?;
    Ok(())
}

/// The (folded) address of `user`, if it is theirs as far as we know: they have proven it, or nobody else claims it. By
/// any other, somebody could make us forget a stranger's mails, or what was guessed at theirs.
///
/// # Errors
///
/// The database's.
pub(super) fn own_address<'a>(
    conn: &mut db::AnyConnection,
    user: &'a User,
) -> Result<Option<&'a str>, db::Error> {
    let Some(folded) = user.email_folded.as_deref() else { return Ok(None) };
    if user.email_verified_at.is_some() {
        return Ok(Some(folded));
    }
    let is_alone = User::list_by_email(conn, folded)?.iter().all(|other| other.id == user.id);
    Ok(is_alone.then_some(folded))
}
