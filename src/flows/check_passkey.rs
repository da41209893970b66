//! Check a passkey that is shown: what signing in, its second step and proving oneself anew have in common.
//!
//! A signature cannot be guessed, so no account has a budget of them, and nobody shuts its owner out; what does not hold
//! is paid by the network that sent it, which bounds the work and the lines in the trail.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::credentials::passkey::{Answer, PasskeyError, RelyingParty, Shown};
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::factors;
use crate::flows::passkey_ceremony::{self, Opened, Purpose};
use crate::flows::queue_mail;
use crate::flows::throttle::{self, ThrottleError};
use crate::id::UserId;
use crate::mail::messages;
use crate::mail::passkey_messages::PasskeyCloned;
use crate::models::{EventKind, Passkey, User};
use crate::vestibule::Vestibule;

/// Why a passkey does not count.
#[derive(Debug, thiserror::Error)]
pub enum CheckPasskeyError {
    /// Browsers reach us by an address.
    #[error("There are no passkeys here: they need a host name, and this is only an address.")]
    Unavailable,
    /// The question is too old, was answered before, or was another.
    #[error("This took too long. Please try again.")]
    Late,
    /// Nobody here has it, or not who was asked.
    #[error("That passkey is not known here. Use another one, or another way to sign in.")]
    Unknown {
        /// Whether it may be forgotten by its device: nobody has it.
        is_nobodys: bool,
    },
    /// The answer does not hold.
    #[error("That passkey could not be checked. Please try again, and unlock your device when it asks.")]
    Refused,
    /// There is a copy of it.
    #[error(
        "There seems to be a copy of that passkey, so it was not taken. Sign in another way and remove it, or ask \
         your administrator."
    )]
    Cloned,
    /// What it was for is over: the sign-in waits no more, or the session has ended.
    #[error("This sign-in took too long. Please sign in again.")]
    Gone,
    /// Too many that do not hold.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for CheckPasskeyError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// What a browser brings.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The question, sealed.
    pub ceremony: String,
    /// The answer, as JSON.
    pub credential: String,
}

impl Brought {
    /// The passkey that its device may forget, in base64url, if `error` says that nobody here has it.
    pub fn unknown(&self, error: &CheckPasskeyError) -> Option<String> {
        let is_nobodys = matches!(error, CheckPasskeyError::Unknown { is_nobodys: true });
        Answer::parse(&self.credential).filter(|_| is_nobodys).map(|answer| answer.credential_id())
    }
}

/// A passkey that was right when it was looked at.
#[derive(Debug)]
pub(super) struct Proof {
    /// Its row then.
    pub(super) passkey: Passkey,
    opened: Opened,
    /// What it showed; nothing, if there is a copy of it.
    shown: Option<Shown>,
}

/// Who we are to passkeys.
pub(super) fn relying_party(vestibule: &Vestibule) -> Result<&RelyingParty, CheckPasskeyError> {
    vestibule.passkeys.as_ref().ok_or(CheckPasskeyError::Unavailable)
}

/// The passkeys of `user` that work here, as their devices call them.
pub(super) async fn ids_of(vestibule: &Vestibule, user: &UserId) -> Result<Vec<String>, CheckPasskeyError> {
    let user = user.clone();
    let all = vestibule.db.read(move |conn| Ok::<_, db::Error>(Passkey::list(conn, &user)?)).await?;
    let ours = all.into_iter().filter(|passkey| factors::works_here(vestibule, passkey));
    Ok(ours.map(|passkey| passkey.credential_id).collect())
}

/// Looks at what was brought for `purpose`; by `owner`, if they are known already. What does not hold is paid for, and
/// stands in the trail of its owner as `failure`.
pub(super) async fn prove(
    vestibule: &Vestibule,
    brought: &Brought,
    purpose: &Purpose,
    (owner, failure): (Option<&UserId>, EventKind),
    caller: &Caller,
    now: Timestamp,
) -> Result<Proof, CheckPasskeyError> {
    let party = relying_party(vestibule)?;
    let opened = passkey_ceremony::open(vestibule, &brought.ceremony, purpose, now);
    let opened = opened.ok_or(CheckPasskeyError::Late)?;
    let Some(answer) = Answer::parse(&brought.credential) else {
        throttle::pay_for_deed(vestibule, caller, now).await?;
        return Err(CheckPasskeyError::Refused);
    };
    let id = answer.credential_id();
    let found = vestibule.db.read(move |conn| Ok::<_, db::Error>(Passkey::find_by_credential(conn, &id)?));
    let Some(passkey) = found.await? else {
        throttle::pay_for_deed(vestibule, caller, now).await?;
        return Err(CheckPasskeyError::Unknown { is_nobodys: true });
    };
    if owner.is_some_and(|owner| *owner != passkey.user_id) {
        throttle::pay_for_deed(vestibule, caller, now).await?;
        return Err(CheckPasskeyError::Unknown { is_nobodys: false });
    }
    // Whom nobody has named yet, the passkey must name (WebAuthn §7.2, step 6).
    let names_owner = match answer.user_id() {
        Some(user) => user == passkey.user_id.as_str(),
        None => owner.is_some(),
    };
    let credential = vestibule.passkey_seals.open(&passkey.sealed_credential, &place(&passkey));
    let checked = match credential.filter(|_| names_owner) {
        Some(credential) => party.check(&opened.state, &answer, &credential),
        None => Err(PasskeyError::Refused),
    };
    match checked {
        Ok(shown) => Ok(Proof { passkey, opened, shown: Some(shown) }),
        Err(PasskeyError::Cloned) => Ok(Proof { passkey, opened, shown: None }),
        Err(PasskeyError::Refused) => {
            throttle::pay_for_deed(vestibule, caller, now).await?;
            let event = caller.event(failure, Some(&passkey.user_id), now).saying("passkey");
            vestibule.db.write(move |conn| Ok::<_, db::Error>(event.insert(conn)?)).await?;
            Err(CheckPasskeyError::Refused)
        }
    }
}

impl Proof {
    /// Takes it, within the deed, for `user`, whose row is locked. Nothing, if there is a copy of it: then that is
    /// written down and its owner told.
    pub(super) fn take(
        self,
        here: &Vestibule,
        conn: &mut Transaction<'_>,
        user: &User,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Method>, CheckPasskeyError> {
        if !self.opened.spend(conn)? {
            return Err(CheckPasskeyError::Late);
        }
        // As it was when it was looked at: nobody has removed it since, and no other answer of it came in between.
        let id = &self.passkey.credential_id;
        let is_same = |row: &Passkey| row.id == self.passkey.id && row.user_id == user.id;
        let passkey = Passkey::find_by_credential(conn, id).map_err(db::Error::from)?.filter(is_same);
        let passkey = passkey.ok_or(CheckPasskeyError::Unknown { is_nobodys: false })?;
        let Some(shown) = self.shown else {
            warn_of_copy(here, conn, user, &passkey, caller, now)?;
            return Ok(None);
        };
        let sealed = here.passkey_seals.seal(&shown.credential, &place(&passkey)).unwrap_or_default();
        let is_noted = self
            .passkey
            .note_use(conn, &sealed, shown.sign_count, shown.is_synced, now)
            .map_err(db::Error::from)?;
        match is_noted {
            true => Ok(Some(Method::Passkey { is_synced: shown.may_be_synced })),
            false => Err(CheckPasskeyError::Late),
        }
    }
}

fn warn_of_copy(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    passkey: &Passkey,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    Passkey::mark_cloned(conn, &passkey.id, now)?;
    caller.event(EventKind::PasskeyCloned, Some(&user.id), now).insert(conn)?;
    let message = PasskeyCloned {
        username: messages::inert(&user.username),
        passkey: messages::inert(&passkey.name),
        used_at: now.in_words(),
        used_from: caller.address(),
        passkeys_url: format!("{}/account/passkeys", here.config.public_url()),
    };
    queue_mail::notify(here, conn, user, &message, now)
}

/// The place that a public half is sealed for.
pub(super) fn place(passkey: &Passkey) -> String {
    format!("passkeys.credential {} {}", passkey.user_id, passkey.credential_id)
}
