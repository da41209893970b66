//! Add a passkey.
//!
//! ```text
//! begin ──> a question, which the browser holds ──> finish ──> counts
//!                                                     └── the first factor brings recovery codes
//! ```

use crate::clock::{Timestamp, Zone};
use crate::credentials::amr::Method;
use crate::credentials::passkey::{Made, Owner};
use crate::credentials::passkey_makers;
use crate::credentials::recovery_code::RecoveryCode;
use crate::db;
use crate::device;
use crate::flows::caller::Caller;
use crate::flows::change_factors::{self, Change, Changed};
use crate::flows::check_passkey::{self, Brought};
use crate::flows::passkey_ceremony::{self, Ceremony, Purpose};
use crate::flows::start_session::SignedIn;
use crate::id::{PasskeyId, UserId};
use crate::mail::messages;
use crate::models::{EventKind, Passkey, Session, User};
use crate::vestibule::Vestibule;

/// How many passkeys an account has room for (ASVS 2.1.3).
pub const MOST_PASSKEYS: usize = 10;

/// Why there is no new passkey.
#[derive(Debug, thiserror::Error)]
pub enum AddPasskeyError {
    /// Browsers reach us by an address.
    #[error("There are no passkeys here: they need a host name, and this is only an address.")]
    Unavailable,
    /// There is no room for another.
    #[error(
        "You have {MOST_PASSKEYS} passkeys, and there is room for no more. Remove one that you do not use."
    )]
    TooMany,
    /// The question is too old, was answered before, or was another.
    #[error("This took too long. Please try again.")]
    Late,
    /// The answer does not hold.
    #[error("That passkey could not be added. Please try again, and unlock your device when it asks.")]
    Refused,
    /// Somebody has it.
    #[error("That passkey is here already.")]
    Known,
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// What changed.
#[derive(Debug)]
pub struct Added {
    /// The session goes on under a new id.
    pub signed_in: SignedIn,
    /// The codes to be shown once; none, if there were some already.
    pub codes: Vec<RecoveryCode>,
    /// How many passkeys there are now.
    pub count: usize,
}

/// Asks for a new passkey for whoever has `session`, on a device that has none of theirs.
///
/// # Errors
///
/// [`AddPasskeyError`].
pub async fn begin(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    now: Timestamp,
) -> Result<Ceremony, AddPasskeyError> {
    let party = vestibule.passkeys.as_ref().ok_or(AddPasskeyError::Unavailable)?;
    let id = user.id.clone();
    let theirs = vestibule.db.read(move |conn| Ok::<_, db::Error>(Passkey::list(conn, &id)?)).await?;
    if theirs.len() >= MOST_PASSKEYS {
        return Err(AddPasskeyError::TooMany);
    }
    let known: Vec<String> = theirs.into_iter().map(|passkey| passkey.credential_id).collect();
    let display_name = user.display_name.as_deref().unwrap_or(&user.username);
    let owner = Owner { id: user.id.as_str(), username: &user.username, display_name };
    let question = party.ask_for_new(owner, &known);
    question
        .and_then(|question| passkey_ceremony::seal(vestibule, purpose(session), question, now))
        .ok_or(AddPasskeyError::Refused)
}

/// Adds the passkey in what was brought. The first factor ends all other sessions; the person is told of each.
///
/// # Errors
///
/// [`AddPasskeyError`].
pub async fn finish(
    vestibule: &Vestibule,
    session: &Session,
    brought: &Brought,
    caller: &Caller,
    now: Timestamp,
) -> Result<Added, AddPasskeyError> {
    let party = vestibule.passkeys.as_ref().ok_or(AddPasskeyError::Unavailable)?;
    let opened = passkey_ceremony::open(vestibule, &brought.ceremony, &purpose(session), now);
    let opened = opened.ok_or(AddPasskeyError::Late)?;
    let made = party.take_new(&opened.state, &brought.credential).map_err(|_| AddPasskeyError::Refused)?;
    let (here, old, rp_id) = (vestibule.clone(), session.clone(), party.id().to_owned());
    let caller = caller.known_as(&session.user_id);
    let done = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &old.user_id).map_err(db::Error::from)?;
        let user = user.ok_or(AddPasskeyError::SessionEnded)?;
        if !opened.spend(conn)? {
            return Err(AddPasskeyError::Late);
        }
        let theirs = Passkey::list(conn, &user.id).map_err(db::Error::from)?;
        if theirs.len() >= MOST_PASSKEYS {
            return Err(AddPasskeyError::TooMany);
        }
        let name = first_name(&theirs, made.aaguid.as_deref(), &caller, now);
        let passkey = row(&here, &user.id, &rp_id, name, &made, now);
        passkey.insert(conn).map_err(db::Error::from)?;
        let event = caller.event(EventKind::FactorAdded, Some(&user.id), now).saying("passkey");
        let what = format!("the passkey “{}”", messages::inert(&passkey.name));
        let shown = Some(Method::Passkey { is_synced: made.may_be_synced });
        let change = Change { user, session: &old, shown, event, what };
        let Changed { signed_in, codes } = change_factors::note(&here, conn, change, &caller, now)?;
        let signed_in = signed_in.ok_or(AddPasskeyError::SessionEnded)?;
        Ok(Added { signed_in, codes, count: theirs.len() + 1 })
    });
    match done.await {
        Err(AddPasskeyError::Database(error)) if error.is_unique_violation() => Err(AddPasskeyError::Known),
        other => other,
    }
}

fn row(here: &Vestibule, user: &UserId, rp_id: &str, name: String, made: &Made, now: Timestamp) -> Passkey {
    let mut passkey = Passkey {
        id: PasskeyId::new(),
        user_id: user.clone(),
        credential_id: made.credential_id.clone(),
        sealed_credential: Vec::new(),
        rp_id: rp_id.to_owned(),
        name,
        aaguid: made.aaguid.clone(),
        is_synced: made.is_synced,
        sign_count: made.sign_count,
        created_at: now,
        last_used_at: None,
        cloned_at: None,
    };
    // Sealing fails for nothing of ours.
    let sealed = here.passkey_seals.seal(&made.credential, &check_passkey::place(&passkey));
    passkey.sealed_credential = sealed.unwrap_or_default();
    passkey
}

/// What a passkey is called until its owner says otherwise: after what keeps it, if that is well known, else after the
/// browser and the month; with a number, if there is one of that name.
fn first_name(theirs: &[Passkey], aaguid: Option<&str>, caller: &Caller, now: Timestamp) -> String {
    let name = match aaguid.and_then(passkey_makers::name) {
        Some(maker) => maker.to_owned(),
        None => format!("{}, {}", device::name(&caller.user_agent), now.strftime("%b %Y", &Zone::default())),
    };
    let is_taken = |name: &str| theirs.iter().any(|passkey| passkey.name == name);
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name.clone())
}

fn purpose(session: &Session) -> Purpose {
    Purpose::Add { user: session.user_id.clone(), session: session.id.clone() }
}
