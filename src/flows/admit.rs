//! What every sign-in ends with, whatever it took: a session, its event, and a word to its owner if the device is new.

use crate::clock::Timestamp;
use crate::credentials::amr::{self, Method};
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::start_session::{self, SignedIn, Start};
use crate::flows::stay::Stay;
use crate::flows::{close_account, new_device};
use crate::id::SessionId;
use crate::models::{EventKind, User};
use crate::vestibule::Vestibule;

/// Somebody who has proved who they are, and whose row is locked.
#[derive(Debug)]
pub(super) struct Proven<'a> {
    pub(super) user: User,
    /// All that they showed.
    pub(super) methods: &'a [Method],
    /// The session that the same browser had until now.
    pub(super) replaces: Option<SessionId>,
    /// How long they mean to stay.
    pub(super) stay: Stay,
}

/// Lets them in; opens a closed account again.
pub(super) fn admit(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    who: Proven<'_>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, db::Error> {
    let Proven { user, methods, replaces, stay } = who;
    let caller = caller.known_as(&user.id);
    close_account::reopen(here, conn, &user, &caller, now)?;
    let start = Start { user, amr: amr::of(methods), replaces, stay };
    let done = start_session::insert(here, conn, start, &caller, now)?;
    let event = caller.event(EventKind::LoggedIn, Some(&done.user.id), now);
    event.in_session(&done.session.id).saying(&done.session.amr).insert(conn)?;
    new_device::tell(here, conn, &done.user, &done.session, &caller, now)?;
    Ok(done)
}
