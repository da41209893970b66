//! Tell people of a sign-in with a device that is new to us: it may have been somebody else.
//!
//! New is what bears no device cookie of theirs (D16), and what they have not signed in with from the same network in any
//! session that we still keep: so a program that keeps no cookies is told of once, not daily.

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, Transaction};
use crate::flows::caller::Caller;
use crate::flows::{disown_login, mail_budget, queue_mail, throttle};
use crate::id::MailId;
use crate::mail::messages::{self, NewDevice};
use crate::models::{Event, EventKind, Session, User};
use crate::secret::OneTimeToken;
use crate::vestibule::Vestibule;

/// How many such mails somebody gets in an hour: whoever knows their password could send thousands.
const MOST_MAILS_AN_HOUR: u32 = 5;

/// Notes it if `session`, which has just begun, is on a new device, and writes to its user; within the sign-in.
pub(super) fn tell(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), db::Error> {
    if is_known(here, conn, user, session, caller)? {
        return Ok(());
    }
    caller.event(EventKind::NewDevice, Some(&user.id), now).in_session(&session.id).insert(conn)?;
    // By an address that they have not proven, we would write to a stranger.
    let Some(email) = user.email.as_deref().filter(|_| user.email_verified_at.is_some()) else {
        return Ok(());
    };
    if !mail_budget::allows(here, conn, &["warning", user.id.as_str()], MOST_MAILS_AN_HOUR, now)? {
        return Ok(());
    }
    let (token, mail) = (OneTimeToken::generate(), MailId::new());
    disown_login::row(&token, user, session, &mail, now).insert_beside(conn)?;
    let message = NewDevice {
        username: messages::inert(&user.username),
        signed_in_at: now.in_words(),
        device: messages::device_name(&caller.user_agent),
        address: caller.address(),
        not_me_url: disown_login::url(here, &token),
        days: disown_login::LIFETIME.as_secs() / (24 * 60 * 60),
    };
    queue_mail::insert(here, conn, mail, email, &message, now)
}

/// Whether the device is known, or nobody has ever been in before: the first sign-in is nothing to warn of.
fn is_known(
    here: &Vestibule,
    conn: &mut AnyConnection,
    user: &User,
    session: &Session,
    caller: &Caller,
) -> Result<bool, db::Error> {
    let cookie = caller.device_cookie.as_deref();
    if cookie
        .is_some_and(|cookie| throttle::known_device(here, cookie, std::slice::from_ref(&user.id)).is_some())
    {
        return Ok(true);
    }
    Ok(session.has_like(conn)?
        || !(session.has_another(conn)? || Event::has_logged_in(conn, &user.id, &session.id)?))
}
