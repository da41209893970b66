//! Set up: the first administrator, through a link that only whoever started the server can read.
//!
//! There is no default account and no race for the first registration: while nobody administers the instance, each
//! start prints a link that works for an hour and once.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::amr::{self, Method};
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::register::{self, NewAccount, RegisterError};
use crate::flows::start_session::{self, SignedIn, Start};
use crate::flows::stay::Stay;
use crate::id::SessionId;
use crate::models::{self, EventKind, Purpose, Role, User};
use crate::secret::{self, OneTimeToken};
use crate::vestibule::Vestibule;

/// How long a setup link works.
pub const LIFETIME: Duration = Duration::from_hours(1);

/// Why nobody was made administrator.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Expired, used or never ours; or there is an administrator by now.
    #[error(
        "This setup link has been used, has expired, or was replaced when the server started anew. Each start prints a new one while there is no administrator."
    )]
    InvalidLink,
    /// The account itself.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<db::Error> for SetUpError {
    fn from(error: db::Error) -> Self {
        Self::Register(error.into())
    }
}

/// A new setup link's token, while nobody administers the instance; earlier ones are void.
///
/// # Errors
///
/// The database's.
pub async fn issue_link(vestibule: &Vestibule, now: Timestamp) -> Result<Option<OneTimeToken>, db::Error> {
    let token = OneTimeToken::generate();
    let row = models::OneTimeToken::new(token.digest(), Purpose::SetUp, None, now, LIFETIME);
    vestibule
        .db
        .write(move |conn| {
            if User::has_admin(conn)? {
                return Ok(None);
            }
            row.insert(conn)?;
            Ok(Some(token))
        })
        .await
}

/// Whether `token` would work.
///
/// # Errors
///
/// The database's.
pub async fn is_live(vestibule: &Vestibule, token: &str, now: Timestamp) -> Result<bool, db::Error> {
    let digest = secret::digest_of_token(token);
    vestibule
        .db
        .read(move |conn| {
            let found = models::OneTimeToken::find_live(conn, &digest, Purpose::SetUp, now)?;
            Ok(found.is_some() && !User::has_admin(conn)?)
        })
        .await
}

/// Makes the first administrator and signs them in.
///
/// # Errors
///
/// [`SetUpError`]; what was typed wrong does not burn the link.
pub async fn first_admin(
    vestibule: &Vestibule,
    token: &str,
    account: NewAccount,
    replaces: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, SetUpError> {
    if !is_live(vestibule, token, now).await? {
        return Err(SetUpError::InvalidLink);
    }
    let account = NewAccount { role: Role::Admin, ..account };
    let user = register::prepare(vestibule, account, caller, now).await?;
    let (digest, caller) = (secret::digest_of_token(token), caller.clone());
    let here = vestibule.clone();
    vestibule
        .db
        .write(move |conn| {
            // Asked again inside: of two who press at once, one becomes administrator.
            if User::has_admin(conn).map_err(db::Error::from)?
                || !models::OneTimeToken::spend(conn, &digest, now).map_err(db::Error::from)?
            {
                return Err(SetUpError::InvalidLink);
            }
            register::insert(&here, conn, &user, &caller, now)?;
            let caller = caller.known_as(&user.id);
            let start = Start { user, amr: amr::of(&[Method::Password]), replaces, stay: Stay::WhileActive };
            let done = start_session::insert(&here, conn, start, &caller, now)?;
            let event = caller.event(EventKind::LoggedIn, Some(&done.user.id), now);
            event.in_session(&done.session.id).insert(conn).map_err(db::Error::from)?;
            Ok(done)
        })
        .await
}
