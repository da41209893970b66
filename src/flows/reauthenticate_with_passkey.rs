//! Reauthenticate by a passkey: for whoever has no password it is the only way.

use crate::clock::Timestamp;
use crate::credentials::amr;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::check_passkey::{self, Brought, CheckPasskeyError};
use crate::flows::passkey_ceremony::{self, Ceremony, Purpose};
use crate::flows::start_session::{self, LastProof, SignedIn};
use crate::models::{EventKind, Session, User};
use crate::vestibule::Vestibule;

/// Asks for a passkey of whoever has `session`.
///
/// # Errors
///
/// [`CheckPasskeyError::Unknown`], if they have none that works here.
pub async fn begin(
    vestibule: &Vestibule,
    session: &Session,
    now: Timestamp,
) -> Result<Ceremony, CheckPasskeyError> {
    let ids = check_passkey::ids_of(vestibule, &session.user_id).await?;
    let question = check_passkey::relying_party(vestibule)?.ask(&ids).filter(|_| !ids.is_empty());
    question
        .and_then(|question| passkey_ceremony::seal(vestibule, purpose(session), question, now))
        .ok_or(CheckPasskeyError::Unknown { is_nobodys: false })
}

/// Takes a passkey of theirs as a fresh proof; their session goes on under a new id.
///
/// # Errors
///
/// [`CheckPasskeyError`].
pub async fn finish(
    vestibule: &Vestibule,
    session: &Session,
    brought: &Brought,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, CheckPasskeyError> {
    let caller = caller.known_as(&session.user_id);
    let whose = (Some(&session.user_id), EventKind::ReauthenticationFailed);
    let proof = check_passkey::prove(vestibule, brought, &purpose(session), whose, &caller, now).await?;
    let (here, old) = (vestibule.clone(), session.clone());
    let done = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &old.user_id).map_err(db::Error::from)?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or(CheckPasskeyError::Gone)?;
        let Some(method) = proof.take(&here, conn, &user, &caller, now)? else {
            return Ok::<_, CheckPasskeyError>(None);
        };
        let amr = amr::of(&[method]);
        let done = start_session::go_on(&here, conn, user, &old, LastProof { at: now, amr: &amr }, now)?;
        let done = done.ok_or(CheckPasskeyError::Gone)?;
        let event = caller.event(EventKind::Reauthenticated, Some(&done.user.id), now);
        event.in_session(&done.session.id).insert(conn).map_err(db::Error::from)?;
        Ok(Some(done))
    });
    done.await?.ok_or(CheckPasskeyError::Cloned)
}

fn purpose(session: &Session) -> Purpose {
    Purpose::Reauthenticate { user: session.user_id.clone(), session: session.id.clone() }
}
