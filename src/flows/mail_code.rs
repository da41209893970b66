//! Mail the codes that prove addresses; to an address that is somebody else's already, that it is.
//!
//! Whoever carries the mail does it, out of sight of whoever asked: neither page nor clock tells them who is known.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::throttle::ThrottleError;
use crate::flows::{mail_budget, queue_mail, verify_email};
use crate::id::MailId;
use crate::mail::messages::{self, EmailTaken, VerifyEmail};
use crate::models::{EmailProof, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// Mails in an hour that tell one person that they have an account already.
const MOST_TAKEN_AN_HOUR: u32 = 1;

/// Writes the mail of every question that waits for it.
pub(super) async fn write_all(vestibule: &Vestibule, now: Timestamp) -> Result<(), ThrottleError> {
    loop {
        let waiting = vestibule.db.read(|conn| Ok::<_, db::Error>(EmailProof::find_waiting(conn)?)).await?;
        let Some(proof) = waiting else { return Ok(()) };
        let here = vestibule.clone();
        vestibule.db.write(move |conn| write(&here, conn, proof, now)).await?;
    }
}

fn write(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    proof: EmailProof,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let first = User::list_by_email(conn, &proof.email_folded)?.into_iter().next();
    let owner = first.filter(|user| user.email_verified_at.is_some() && user.id != proof.user_id);
    let Some(asker) = User::find(conn, &proof.user_id)? else { return Ok(()) };
    let (mail, expires_at) = (MailId::new(), now + here.config.mail.link_lifetime);
    let proof = EmailProof { mail_id: Some(mail.clone()), expires_at, ..proof };
    match owner {
        Some(owner) => write_to_owner(here, conn, &proof, mail, &owner, now),
        None => write_to_asker(here, conn, proof, mail, &asker, now),
    }
}

fn write_to_asker(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    proof: EmailProof,
    mail: MailId,
    asker: &User,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let (code, token) = (eight_digits(), OneTimeToken::generate());
    let proof = EmailProof {
        code_digest: Some(verify_email::digest_of_code(here, &proof.id, &code)),
        link_digest: Some(token.digest()),
        ..proof
    };
    if !proof.update_written(conn)? {
        return Ok(());
    }
    let most = here.config.mail.asked_per_person;
    if !mail_budget::allows(here, conn, &["mail code", &proof.email_folded], most, now)? {
        return Ok(());
    }
    let (start, end) = code.split_at(4);
    let message = VerifyEmail {
        username: messages::inert(&asker.username),
        code: format!("{start} {end}"),
        url: verify_email::url(here, &token),
        minutes: here.config.mail.link_lifetime.as_secs() / 60,
    };
    Ok(queue_mail::insert(here, conn, mail, &proof.email, &message, now)?)
}

/// There is neither code nor link: whatever the asker types is wrong.
fn write_to_owner(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    proof: &EmailProof,
    mail: MailId,
    owner: &User,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    if !proof.update_written(conn)? || owner.disabled_at.is_some() {
        return Ok(());
    }
    // As its owner spelt it; what a stranger typed is not written to.
    let Some(recipient) = &owner.email else { return Ok(()) };
    if !mail_budget::allows(here, conn, &["mail taken", &proof.email_folded], MOST_TAKEN_AN_HOUR, now)? {
        return Ok(());
    }
    let message = EmailTaken { username: messages::inert(&owner.username) };
    Ok(queue_mail::insert(here, conn, mail, recipient, &message, now)?)
}

/// A number that nobody can guess in five tries, short enough to be typed.
fn eight_digits() -> String {
    format!("{:08}", u64::from_be_bytes(secret::random()) % 100_000_000)
}
