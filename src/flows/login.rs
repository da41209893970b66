//! Log in with a name (or e-mail address) and a password.
//!
//! ```text
//! pay a try ──> find the user ──> hash, or the decoy ──> one transaction, the try paid back ──┬── signed in
//!     └── Throttled                     └── InvalidCredentials: unknown, wrong, disabled;    └── a second factor is asked
//!                                           nobody is told which
//! ```

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Timestamp;
use crate::credentials::amr::Method;
use crate::credentials::email::Email;
use crate::credentials::password::HashError;
use crate::credentials::username;
use crate::db;
use crate::flows::admit::{self, Proven};
use crate::flows::caller::Caller;
pub use crate::flows::second_factor::Challenge;
pub use crate::flows::start_session::SignedIn;
pub use crate::flows::stay::Stay;
use crate::flows::throttle::{self, ThrottleError, Ticket, Try};
use crate::flows::{close_account, count_logins, new_password, second_factor, trusted_browser};
use crate::id::{SessionId, UserId};
use crate::models::{EventKind, User};
use crate::vestibule::Vestibule;

/// What somebody typed.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// A username or an e-mail address.
    pub login: String,
    /// The password.
    pub password: SecretString,
    /// The session that the same browser had until now; it ends when this attempt succeeds.
    pub replaces: Option<SessionId>,
    /// How long they mean to stay.
    pub stay: Stay,
    /// The cookie of a trusted browser, unchecked.
    pub trust: Option<String>,
}

/// What a right password leads to.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    SignedIn(Box<SignedIn>),
    /// Nobody is in yet: a second factor is asked for.
    SecondFactor(Box<Challenge>),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such user, or not their password, or disabled; which of them, nobody is told.
    #[error("That name and password do not go together. Check both and try again.")]
    InvalidCredentials,
    /// Too many tries.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// Too many people at once.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for LoginError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// Signs somebody in, or asks for their second factor.
///
/// # Errors
///
/// [`LoginError`]; an unknown user, a wrong password and a disabled user cost the same work and look the same.
pub async fn with_password(
    vestibule: &Vestibule,
    attempt: Attempt,
    caller: &Caller,
    now: Timestamp,
) -> Result<Outcome, LoginError> {
    let done = check(vestibule, attempt, caller, now).await;
    count_logins::by_password(vestibule, &done);
    done
}

async fn check(
    vestibule: &Vestibule,
    attempt: Attempt,
    caller: &Caller,
    now: Timestamp,
) -> Result<Outcome, LoginError> {
    let Attempt { login, password, replaces, stay, trust } = attempt;
    vestibule.passwords.check_room()?;
    let users = find(vestibule, &login).await?;
    let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
    // Whoever claims an address signs in by it, whether or not it is somebody else's, and must not learn which: all is
    // as for an address that nobody has proven, unless its owner is alone with it.
    let is_alone = matches!(users.as_slice(), [owner] if owner.email_verified_at.is_some());
    let is_unproven = login.contains('@') && !is_alone;
    let paid = Try { login: &login, password: password.expose_secret(), users: &ids, is_unproven };
    let ticket = throttle::pay_for_login(vestibule, paid, caller, now).await?;

    // A known device pays little, for its own account: whoever claims somebody's address must not guess at theirs.
    let may_open = |user: &User| ticket.only.as_ref().is_none_or(|only| *only == user.id);
    // Whoever has no password is left out, and with nobody left the hasher works on its decoy.
    let (users, hashes): (Vec<User>, Vec<String>) = users
        .into_iter()
        .filter(may_open)
        .filter_map(|user| user.password_hash.clone().map(|hash| (user, hash)))
        .unzip();
    let match_index = match vestibule.passwords.verify(password.clone(), hashes).await {
        Ok(index) => index,
        Err(busy) => {
            pay_back(vestibule, ticket, now).await?;
            return Err(busy.into());
        }
    };
    let user = match_index.and_then(|index| users.get(index).cloned());
    let is_open = |user: &User| user.disabled_at.is_none() && !close_account::is_gone(vestibule, user, now);
    let Some(user) = user.filter(is_open) else {
        // By an unproven address it is nobody's failure: on whose dashboard it stood would tell who else claims it.
        let whom = users.first().map(|user| user.id.clone()).filter(|_| !is_unproven);
        let event = caller.event(EventKind::LoginFailed, whom.as_ref(), now);
        vestibule.db.write(move |conn| Ok::<_, db::Error>(event.insert(conn)?)).await?;
        return Err(LoginError::InvalidCredentials);
    };
    let rehashed = rehash(vestibule, &user, password).await;

    let (here, caller) = (vestibule.clone(), caller.known_as(&user.id));
    vestibule
        .db
        .write(move |conn| {
            // Read again: who was disabled while we hashed is not let in.
            let enabled = User::find_locked(conn, &user.id).map_err(db::Error::from)?;
            let user = enabled
                .filter(|now| now.disabled_at.is_none() && now.password_hash == user.password_hash)
                .filter(|user| !close_account::is_gone(&here, user, now))
                .ok_or(LoginError::InvalidCredentials)?;
            let is_trusted =
                trust.is_some_and(|cookie| trusted_browser::is_trusted(&here, &user, &cookie, now));
            let user = match rehashed {
                Some(hash) => {
                    User::update_password_hash(conn, &user.id, &hash, None).map_err(db::Error::from)?;
                    User { password_hash: Some(hash), ..user }
                }
                None => user,
            };
            ticket.reward(conn, now)?;
            if user.second_factor_since.is_some() && !is_trusted {
                let asked = second_factor::ask(&here, conn, user, replaces, stay, &caller, now)?;
                return Ok(Outcome::SecondFactor(Box::new(asked)));
            }
            let who = Proven { user, methods: &[Method::Password], replaces, stay };
            Ok(Outcome::SignedIn(Box::new(admit::admit(&here, conn, who, &caller, now)?)))
        })
        .await
}

/// Everybody who goes by `login`: one by name, and by an unproven address as many as claim it.
async fn find(vestibule: &Vestibule, login: &str) -> Result<Vec<User>, db::Error> {
    if login.contains('@') {
        let Ok(email) = Email::parse(login.trim()) else { return Ok(Vec::new()) };
        let folded = email.folded();
        return vestibule.db.read(move |conn| Ok(User::list_by_email(conn, &folded)?)).await;
    }
    let folded = username::fold(login);
    vestibule.db.read(move |conn| Ok(User::find_by_username(conn, &folded)?.into_iter().collect())).await
}

/// The password at today's cost and with the salt of today's address, if it was stored otherwise: whoever claims an
/// address shares its salt. A busy moment is no reason to refuse anybody.
async fn rehash(vestibule: &Vestibule, user: &User, password: SecretString) -> Option<String> {
    let email = user.email_folded.as_deref();
    if !new_password::is_outdated(vestibule, user.password_hash.as_deref()?, email) {
        return None;
    }
    new_password::hash(vestibule, password, email).await.ok()
}

async fn pay_back(vestibule: &Vestibule, ticket: Ticket, now: Timestamp) -> Result<(), db::Error> {
    vestibule.db.write(move |conn| ticket.give_back(conn, now)).await
}
