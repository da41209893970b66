//! Change a password: by somebody who is signed in and knows the one they have.
//!
//! ```text
//! rules for the new one ──> the one they have ──> hash ──> one transaction: hash, sessions, event, mail
//!     └── Same, Password        └── Proof             └── Meanwhile: somebody else was quicker
//! ```

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::credentials::amr::{self, Method};
use crate::credentials::password::HashError;
use crate::credentials::policy::PasswordError;
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::reauthenticate::{self, ReauthenticateError};
use crate::flows::start_session::{self, LastProof, SignedIn};
use crate::flows::{end_session, new_password, queue_mail};
use crate::mail::messages::{self, PasswordChanged, SignedOut};
use crate::models::{EventKind, RevokedBecause, Session, User};
use crate::vestibule::Vestibule;

/// What somebody typed.
#[derive(Clone, Debug)]
pub struct Change {
    /// The password they have.
    pub current: SecretString,
    /// The one they want.
    pub new: SecretString,
    /// Whether to end their other sessions: whoever knew the old password may have begun one of them.
    pub end_others: bool,
}

/// Why the password is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The password they have: not that, or not looked at.
    #[error(transparent)]
    Proof(#[from] ReauthenticateError),
    /// The new one is the old one.
    #[error("This is the password that you have. Please choose another one.")]
    Same,
    /// The new one.
    #[error(transparent)]
    New(#[from] PasswordError),
    /// Of two who changed it at once, this was the second.
    #[error(
        "Your password was changed somewhere else at this very moment, so this was not saved. If that was not you, \
         choose a new password by mail, or ask your administrator for a link."
    )]
    Meanwhile,
}

impl From<db::Error> for ChangePasswordError {
    fn from(error: db::Error) -> Self {
        Self::Proof(error.into())
    }
}

impl From<HashError> for ChangePasswordError {
    fn from(error: HashError) -> Self {
        Self::Proof(error.into())
    }
}

/// Sets the new password; this session goes on under a new id, and the others end unless their owner wants to keep
/// them. Links to choose a password are void.
///
/// # Errors
///
/// [`ChangePasswordError`]; of many at once, one succeeds.
pub async fn with_password(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    change: Change,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, ChangePasswordError> {
    let Change { current, new, end_others } = change;
    // What is wrong with the new one costs no try: it tells nothing about the old one.
    if new.expose_secret() == current.expose_secret() {
        return Err(ChangePasswordError::Same);
    }
    new_password::check(vestibule, &new, &user.username, user.email.as_deref().unwrap_or_default())?;
    let proof = reauthenticate::prove(vestibule, user, session, current, caller, now).await?;
    let hash = match new_password::hash(vestibule, new, user.email_folded.as_deref()).await {
        Ok(hash) => hash,
        Err(busy) => {
            vestibule.db.write(move |conn| proof.ticket.give_back(conn, now)).await?;
            return Err(busy.into());
        }
    };
    let (here, old, caller) = (vestibule.clone(), session.clone(), caller.known_as(&user.id));
    vestibule
        .db
        .write(move |conn| {
            let user = proof.find_locked(conn)?.ok_or(ChangePasswordError::Meanwhile)?;
            User::update_password_hash(conn, &user.id, &hash, Some(now)).map_err(db::Error::from)?;
            let mut event = caller.event(EventKind::PasswordChanged, Some(&user.id), now);
            if end_others {
                let because = RevokedBecause::PasswordChanged;
                let ended = end_session::revoke_all_but(&here, conn, &user.id, Some(&old.id), because, now)?;
                event = event.saying(format!("other sessions ended ({ended})"));
            } else {
                end_session::ask_anew(&here, conn, &user.id)?;
            }
            let message = PasswordChanged {
                username: messages::inert(&user.username),
                changed_at: now.in_words(),
                changed_from: caller.address(),
                signed_out: if end_others { SignedOut::Elsewhere } else { SignedOut::Nowhere },
            };
            queue_mail::notify(&here, conn, &user, &message, now)?;
            let user = User { password_hash: Some(hash), password_changed_at: Some(now), ..user };
            let amr = amr::of(&[Method::Password]);
            // Half of a proof is none: whoever has a second factor has shown both before they came here.
            let last = match user.second_factor_since {
                None => LastProof { at: now, amr: &amr },
                Some(_) => LastProof::of(&old),
            };
            let done = start_session::go_on(&here, conn, user, &old, last, now)?;
            let done = done.ok_or(ReauthenticateError::SessionEnded)?;
            event.in_session(&done.session.id).insert(conn).map_err(db::Error::from)?;
            proof.ticket.reward(conn, now)?;
            Ok(done)
        })
        .await
}
