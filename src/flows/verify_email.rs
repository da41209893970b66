//! Prove that an e-mail address is one's own: by the code or by the link that was mailed to it.
//!
//! Both work in the account that asked and nowhere else, so that nobody proves an address for a stranger by pressing
//! what came in the mail. If it is another address than before, everybody else who is signed in is signed out, and
//! whoever reads the mail at the former may put it back ([`restore_email`]).

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::start_session::{self, LastProof, SignedIn};
use crate::flows::{end_session, queue_mail, restore_email};
use crate::id::{EmailProofId, MailId, SessionId};
use crate::mail::messages::{self, EmailChanged};
use crate::models::{EmailProof, EventKind, OneTimeToken, Purpose, RevokedBecause, Session, User};
use crate::secret;
use crate::vestibule::Vestibule;

/// How often somebody may mistype one code.
const MOST_TRIES: i64 = 5;

/// Why the address is not proven.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// Not the code, or too late. Which of the two would tell when a mail left, and so whether one did.
    #[error("That is not the code, or it has expired. Check it, or ask for a new one.")]
    WrongCode,
    /// Nothing waits for a code, or it was mistyped too often.
    #[error("This code does not work any more. Ask for a new code.")]
    Void,
    /// Expired, used or never ours.
    #[error("This link has been used or has expired. Ask for a new one.")]
    InvalidLink,
    /// Somebody else is signed in.
    #[error(
        "This link is for another account than the one that is signed in here. Sign out, then open it again."
    )]
    AnotherAccount,
    /// Somebody else was quicker.
    #[error(
        "Another account has proven this address meanwhile. Give another address, or sign in to that account."
    )]
    Taken,
    /// The session ended meanwhile.
    #[error("Your session has ended. Please sign in again.")]
    SessionEnded,
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// What has come of it.
#[derive(Clone, Debug)]
pub enum Verified {
    /// The address that the account had is proven.
    Kept,
    /// The account has another address, and its session a new id.
    Changed(Box<SignedIn>),
}

/// Whether the code was mistyped too often to be tried again.
pub fn is_spent(proof: &EmailProof) -> bool {
    proof.tries >= MOST_TRIES
}

/// The address that a link leads to.
pub(super) fn url(vestibule: &Vestibule, token: &secret::OneTimeToken) -> String {
    format!("{}/verify-email/{}", vestibule.config.public_url(), token.expose())
}

/// What the database keeps of a code.
pub(super) fn digest_of_code(vestibule: &Vestibule, id: &EmailProofId, code: &str) -> String {
    secret::to_base64url(&vestibule.email_codes.tag(&[id.as_str(), code]))
}

/// What `token` would prove, if it works.
///
/// # Errors
///
/// The database's.
pub async fn find(
    vestibule: &Vestibule,
    token: &str,
    now: Timestamp,
) -> Result<Option<EmailProof>, db::Error> {
    let digest = secret::digest_of_token(token);
    vestibule.db.read(move |conn| Ok(EmailProof::find_by_link(conn, &digest, now)?)).await
}

/// Proves the address that `user` asked for by its code. Blanks in it do not count.
///
/// # Errors
///
/// [`VerifyEmailError`].
pub async fn by_code(
    vestibule: &Vestibule,
    (user, session): (&User, &Session),
    code: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Verified, VerifyEmailError> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (here, id, session) = (vestibule.clone(), user.id.clone(), session.clone());
    let caller = caller.known_as(&user.id);
    let tried = vestibule.db.write(move |conn| {
        let user = User::find_locked(conn, &id)?.filter(|user| user.disabled_at.is_none());
        let Some(user) = user else { return Ok(Err(VerifyEmailError::SessionEnded)) };
        let proof = EmailProof::find_of(conn, &id)?.filter(|proof| !is_spent(proof));
        let Some(proof) = proof else { return Ok(Err(VerifyEmailError::Void)) };
        let (typed, kept) = (digest_of_code(&here, &proof.id, &code), proof.code_digest.as_deref());
        let is_right = secret::equal(typed.as_bytes(), kept.unwrap_or_default().as_bytes());
        if is_right && proof.expires_at > now {
            return prove(&here, conn, user, &session, proof, &caller, now);
        }
        proof.count_try(conn)?;
        let is_last = proof.tries + 1 >= MOST_TRIES;
        Ok(Err(if is_last { VerifyEmailError::Void } else { VerifyEmailError::WrongCode }))
    });
    settle(tried.await)
}

/// Proves the address that `user` asked for by its link.
///
/// # Errors
///
/// [`VerifyEmailError`]; of many who use one link at once, one succeeds.
pub async fn by_link(
    vestibule: &Vestibule,
    (user, session): (&User, &Session),
    token: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Verified, VerifyEmailError> {
    let digest = secret::digest_of_token(token);
    let (here, id, session) = (vestibule.clone(), user.id.clone(), session.clone());
    let caller = caller.known_as(&user.id);
    let done = vestibule.db.write(move |conn| {
        // The row of the user first: whoever else proves something for them waits here, and finds nothing then.
        let user = User::find_locked(conn, &id)?.filter(|user| user.disabled_at.is_none());
        let Some(user) = user else { return Ok(Err(VerifyEmailError::SessionEnded)) };
        match EmailProof::find_by_link(conn, &digest, now)? {
            None => Ok(Err(VerifyEmailError::InvalidLink)),
            Some(proof) if proof.user_id != user.id => Ok(Err(VerifyEmailError::AnotherAccount)),
            Some(proof) => prove(&here, conn, user, &session, proof, &caller, now),
        }
    });
    settle(done.await)
}

/// What was tried in a transaction that stands, wrong codes with it; what failed has left nothing.
type Tried = Result<Result<Verified, VerifyEmailError>, db::Error>;

fn settle(tried: Tried) -> Result<Verified, VerifyEmailError> {
    match tried {
        Ok(done) => done,
        Err(error) if error.is_unique_violation() => Err(VerifyEmailError::Taken),
        Err(error) => Err(error.into()),
    }
}

fn prove(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: User,
    session: &Session,
    proof: EmailProof,
    caller: &Caller,
    now: Timestamp,
) -> Tried {
    if proof.replaces != user.email_folded {
        return Ok(Err(VerifyEmailError::Void));
    }
    if proof.replaces.as_ref() == Some(&proof.email_folded) {
        User::update_email(conn, &user.id, (&proof.email, &proof.email_folded), now)?;
        EmailProof::delete_of(conn, &user.id)?;
        let event = caller.event(EventKind::EmailVerified, Some(&user.id), now);
        event.in_session(&session.id).insert(conn)?;
        end_session::ask_anew(here, conn, &user.id)?;
        return Ok(Ok(Verified::Kept));
    }
    let changed = User {
        email: Some(proof.email.clone()),
        email_folded: Some(proof.email_folded.clone()),
        email_verified_at: Some(now),
        ..user.clone()
    };
    // Mail is no proof of who somebody is: the next sensitive deed asks for the password when it would have anyway. And
    // before anything else is written: of a session that has ended meanwhile nothing stays.
    let Some(done) = start_session::go_on(here, conn, changed, session, LastProof::of(session), now)? else {
        return Ok(Err(VerifyEmailError::SessionEnded));
    };
    User::update_email(conn, &user.id, (&proof.email, &proof.email_folded), now)?;
    EmailProof::delete_of(conn, &user.id)?;
    OneTimeToken::delete_of(conn, &user.id, Purpose::ResetPassword)?;
    let (kept, because) = (Some(&done.session.id), RevokedBecause::EmailChanged);
    end_session::revoke_all_but(here, conn, &user.id, kept, because, now)?;
    let event = caller.event(EventKind::EmailChanged, Some(&user.id), now);
    event.in_session(&done.session.id).insert(conn)?;
    tell_both(here, conn, &user, &done.session.id, &proof, caller, now)?;
    Ok(Ok(Verified::Changed(Box::new(done))))
}

/// `user` is as they were until now, and `session` the one that they changed it in.
fn tell_both(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    session: &SessionId,
    proof: &EmailProof,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    let message = EmailChanged {
        username: messages::inert(&user.username),
        changed_at: now.in_words(),
        changed_from: caller.address(),
    };
    queue_mail::insert(here, conn, MailId::new(), &proof.email, &message, now)?;
    // Whoever sets a former address again undoes the change: who came between has no right to it.
    match restore_email::take_back_since(conn, &user.id, &proof.email_folded, now)? {
        true => Ok(()),
        false => restore_email::give_right(here, conn, user, session, caller, now),
    }
}
