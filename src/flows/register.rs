//! Register: make an account.
//!
//! A taken username is said plainly: names are public. A taken e-mail address is never said. It is not even refused:
//! an address counts for nothing until somebody has proven it, so several accounts may claim one. Signing in by such
//! an address looks at the password of each claimant; they share a salt, so that one computation serves for all of
//! them and neither the answer nor the clock tells how many there are.

use std::time::Duration;

use secrecy::SecretString;

use crate::clock::Timestamp;
use crate::config::{EmailField, RegistrationMode};
use crate::credentials::amr::{self, Method};
use crate::credentials::email::Email;
use crate::credentials::password::HashError;
use crate::credentials::username::Username;
use crate::db::{self, Transaction};
use crate::flows::caller::{Actor, Caller};
use crate::flows::start_session::{self, SignedIn, Start};
use crate::flows::stay::Stay;
use crate::flows::throttle::{self, ThrottleError};
use crate::flows::{change_email, new_password};
use crate::id::{SessionId, UserId};
use crate::models::{EventKind, Role, User};
use crate::vestibule::Vestibule;

/// What somebody typed.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name they want.
    pub username: String,
    /// Their address; empty for none.
    pub email: String,
    /// Their password.
    pub password: SecretString,
    /// What they may do: [`Role::User`], unless an operator or the setup link says otherwise.
    pub role: Role,
}

/// One thing to mend before there can be an account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Which of the fields: `username`, `email` or `password`.
    pub field: &'static str,
    /// What is wrong and what to do, a whole sentence.
    pub message: String,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// What was typed has to be mended.
    #[error("{}", .0.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<Fault>),
    /// Somebody has this name, or one that looks just like it.
    #[error("That username is taken, or looks too much like one that is. Please choose another.")]
    UsernameTaken,
    /// Strangers cannot register here.
    #[error("Registration is closed. Ask your administrator for an account.")]
    Closed,
    /// Too many accounts from one network.
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

impl From<ThrottleError> for RegisterError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// Makes an account.
///
/// # Errors
///
/// [`RegisterError`]; of the faults in what was typed, all at once.
pub async fn with_password(
    vestibule: &Vestibule,
    account: NewAccount,
    caller: &Caller,
    now: Timestamp,
) -> Result<User, RegisterError> {
    let user = prepare(vestibule, account, caller, now).await?;
    let (here, caller) = (vestibule.clone(), caller.clone());
    vestibule
        .db
        .write(move |conn| {
            insert(&here, conn, &user, &caller, now)?;
            Ok(user)
        })
        .await
}

/// Makes an account and signs its owner in, in one step: `replaces` is the session this browser had until now.
///
/// # Errors
///
/// [`RegisterError`].
pub async fn and_sign_in(
    vestibule: &Vestibule,
    account: NewAccount,
    replaces: Option<SessionId>,
    caller: &Caller,
    now: Timestamp,
) -> Result<SignedIn, RegisterError> {
    let user = prepare(vestibule, account, caller, now).await?;
    let (here, caller) = (vestibule.clone(), caller.clone());
    vestibule
        .db
        .write(move |conn| {
            insert(&here, conn, &user, &caller, now)?;
            let caller = caller.known_as(&user.id);
            let start = Start { user, amr: amr::of(&[Method::Password]), replaces, stay: Stay::WhileActive };
            Ok(start_session::insert(&here, conn, start, &caller, now)?)
        })
        .await
}

/// Everything that holds no connection: rules, budget, hash.
pub(super) async fn prepare(
    vestibule: &Vestibule,
    account: NewAccount,
    caller: &Caller,
    now: Timestamp,
) -> Result<User, RegisterError> {
    let is_operator = caller.actor == Actor::Operator;
    if !is_operator
        && account.role == Role::User
        && vestibule.config.registration.mode == RegistrationMode::Closed
    {
        return Err(RegisterError::Closed);
    }
    let (username, email) = parse(vestibule, &account, is_operator).map_err(RegisterError::Invalid)?;
    vestibule.passwords.check_room()?;
    if !is_operator {
        throttle::pay_for_deed(vestibule, caller, now).await?;
    }
    let (folded, skeleton) = (username.folded(), username.skeleton());
    let (wanted, alike) = (folded.clone(), skeleton.clone());
    // Asked before the hash to spare it; the unique index decides when two ask at once.
    if vestibule.db.read(move |conn| Ok::<_, db::Error>(User::is_taken(conn, &wanted, &alike)?)).await? {
        return Err(RegisterError::UsernameTaken);
    }
    let email_folded = email.as_ref().map(Email::folded);
    let hash = new_password::hash(vestibule, account.password, email_folded.as_deref()).await?;
    Ok(User {
        id: UserId::new(),
        username: username.as_str().to_owned(),
        username_folded: folded,
        username_skeleton: skeleton,
        email: email.as_ref().map(|email| email.as_str().to_owned()),
        email_folded,
        email_verified_at: None,
        password_hash: Some(hash),
        password_changed_at: Some(now),
        role: account.role,
        created_at: now,
        disabled_at: None,
        display_name: None,
        time_zone: None,
        closed_at: None,
        second_factor_since: None,
        factors_changed_at: None,
        second_passkey_declined_at: None,
        groups: String::new(),
    })
}

/// The rows of a new account, within a larger deed, and the mail that asks whether its address is theirs.
pub(super) fn insert(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), RegisterError> {
    let inserted = user.insert(conn).map_err(db::Error::from);
    match inserted {
        Err(error) if error.is_unique_violation() => return Err(RegisterError::UsernameTaken),
        other => other?,
    }
    let event = caller.event(EventKind::Registered, Some(&user.id), now).saying(user.role.as_str());
    event.insert(conn).map_err(db::Error::from)?;
    let counting = here.clone();
    conn.once_committed(move || counting.measures.registrations.add());
    // An operator vouches for nobody's address, and has nobody written to: the account's owner asks when they sign in.
    if caller.actor != Actor::Operator {
        change_email::ask_at_registration(here, conn, user, caller, now)?;
    }
    Ok(())
}

fn parse(
    vestibule: &Vestibule,
    account: &NewAccount,
    is_operator: bool,
) -> Result<(Username, Option<Email>), Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault =
        |field, error: &dyn std::fmt::Display| faults.push(Fault { field, message: error.to_string() });
    // Whoever sets the instance up is its operator.
    let may_reserve = is_operator || account.role == Role::Admin;
    let parse = if may_reserve { Username::parse_by_operator } else { Username::parse };
    let username = parse(account.username.trim()).map_err(|error| fault("username", &error)).ok();
    let email = match (account.email.trim(), vestibule.config.registration.email) {
        ("", EmailField::Required) if !is_operator => {
            fault("email", &"Please give your e-mail address.");
            None
        }
        ("", _) | (_, EmailField::Hidden) => None,
        (address, _) => Email::parse(address).map_err(|error| fault("email", &error)).ok(),
    };
    let checked = new_password::check(vestibule, &account.password, &account.username, &account.email);
    if let Err(error) = checked {
        fault("password", &error);
    }
    match username {
        Some(username) if faults.is_empty() => Ok((username, email)),
        _ => Err(faults),
    }
}
