//! How many mails somebody may have us send in an hour, and how many one address may get.
//!
//! | who sets it off | budget |
//! |---|---|
//! | a stranger, by an address | `mail.asked_per_network` of their network, and silently `mail.asked_per_person` of the address |
//! | somebody signed in, to an address of their choice | the same of their network, and `mail.asked_per_person` of their own |
//! | what happens, such as sign-ins with new devices | so many of its kind, silently |
//!
//! Each kind has its own: nobody is to be kept from a new password by codes that a stranger asked for, or by warnings
//! that a thief set off.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::flows::throttle::{self, ThrottleError};
use crate::id::UserId;
use crate::secret;
use crate::vestibule::Vestibule;

/// Pays for one mail that a stranger has us send to `email_folded`; whether its person's budget for this hour allows it.
/// Nobody is told when it does not: it would tell how often others asked.
///
/// # Errors
///
/// [`ThrottleError::Throttled`] beyond the budget of the network.
pub(super) fn pay_as_stranger(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    email_folded: &str,
    network: &str,
    now: Timestamp,
) -> Result<bool, ThrottleError> {
    let limits = &vestibule.config.mail;
    pay(vestibule, conn, &["mail network", network], limits.asked_per_network, now)?;
    Ok(allows(vestibule, conn, &["mail", email_folded], limits.asked_per_person, now)?)
}

/// Pays for one mail that `user` has us send to an address of their choice.
///
/// # Errors
///
/// [`ThrottleError::Throttled`] beyond the budget of the network, or their own.
pub(super) fn pay_as_user(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    user: &UserId,
    network: &str,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let limits = &vestibule.config.mail;
    pay(vestibule, conn, &["mail network", network], limits.asked_per_network, now)?;
    pay(vestibule, conn, &["mail of user", user.as_str()], limits.asked_per_person, now)
}

/// Pays for one mail out of the bucket of this name; whether it has room for one more this hour.
///
/// # Errors
///
/// The database's.
pub(super) fn allows(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    bucket: &[&str],
    most: u32,
    now: Timestamp,
) -> Result<bool, db::Error> {
    match pay(vestibule, conn, bucket, most, now) {
        Ok(()) => Ok(true),
        Err(ThrottleError::Throttled { .. }) => Ok(false),
        Err(ThrottleError::Database(error)) => Err(error),
    }
}

fn pay(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    bucket: &[&str],
    most: u32,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    if !vestibule.config.throttle.enabled {
        return Ok(());
    }
    let bucket = secret::to_base64url(&vestibule.bucket_tags.tag(bucket));
    throttle::pay_in_window(conn, &bucket, most, Duration::from_hours(1), now)
}
