//! Budgets of guesses, which neither lock a victim out nor can be dodged (D15, D16).
//!
//! | who tries | budget | beyond it |
//! |---|---|---|
//! | a device that has signed in to this account before | its own: a few failures in a window | wait for the window |
//! | any other, at this account | a few failures, then one try after 1, 2, 4 … 30 s; after 100 a day's pause | wait |
//! | any other, from this network | distinct (account, password) pairs at a steady rate; a repeat costs little | wait |
//!
//! So a stranger's failures never touch the budget of the owner's own devices, and somebody who types one wrong
//! password over and over pays little. A try is paid before the password is looked at, and paid back when it was
//! right: many tries at once cannot slip through together. Names that do not exist have budgets like all others.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::ThrottleConfig;
use crate::credentials::username;
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::id::UserId;
use crate::models::{LoginFailure, User};
use crate::secret;
use crate::vestibule::Vestibule;

/// Why a try is not even looked at.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// The budget is spent.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next try is looked at.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<diesel::result::Error> for ThrottleError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// How many wrong codes an account takes in [`CODES_WINDOW`].
const MOST_CODES: u32 = 10;
const CODES_WINDOW: Duration = Duration::from_mins(15);

/// What even the right password costs its network: one account must not fill the queue of hashes by itself.
const SUCCESS: Duration = Duration::from_secs(1);

/// A paid try: [`reward`](Ticket::reward) it when the password was right, [`give_back`](Ticket::give_back) when it was
/// never looked at, and keep it when it was wrong.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    /// The bucket that counts failures in a row.
    counted: Option<String>,
    /// Buckets to empty when the try was right.
    cleared: Vec<String>,
    /// The rate, and what the try took from it.
    metered: Option<(String, Duration)>,
    /// The one account that this try may open: a device is known to it, and not to others that claim its address.
    pub only: Option<UserId>,
}

impl Ticket {
    /// Forgets the failures before this try, in the transaction that makes it a success.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn reward(&self, conn: &mut AnyConnection, now: Timestamp) -> Result<(), db::Error> {
        self.give_back_but(conn, SUCCESS, now)?;
        for bucket in &self.cleared {
            LoginFailure::delete(conn, bucket)?;
        }
        Ok(())
    }

    /// Takes back what this one try has cost, and nothing that was paid before: a moment too busy to look at a
    /// password must not wipe out a guesser's failures.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn give_back(&self, conn: &mut AnyConnection, now: Timestamp) -> Result<(), db::Error> {
        self.give_back_but(conn, Duration::ZERO, now)
    }

    fn give_back_but(
        &self,
        conn: &mut AnyConnection,
        kept: Duration,
        now: Timestamp,
    ) -> Result<(), db::Error> {
        // In the order in which tries are paid: of two at once, neither waits for what the other has locked.
        if let Some((bucket, cost)) = &self.metered {
            let mut row = LoginFailure::lock(conn, bucket, now)?;
            row.blocked_until = row.blocked_until - cost.saturating_sub(kept);
            row.update(conn)?;
        }
        if let Some(bucket) = &self.counted {
            let mut row = LoginFailure::lock(conn, bucket, now)?;
            row.failures = (row.failures - 1).max(0);
            row.update(conn)?;
        }
        Ok(())
    }
}

/// One try to sign in, as far as budgets are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// The name or address as it was typed.
    pub login: &'a str,
    /// The password as it was typed.
    pub password: &'a str,
    /// The accounts that go by that name: usually one, or none.
    pub users: &'a [UserId],
    /// Whether it is an address that nobody has proven. Then success takes back its own try alone, however many claim
    /// the address: one of them could else go on guessing at the others between two successes of her own, or tell
    /// from the difference whether there are others.
    pub is_unproven: bool,
}

/// Pays for one try to sign in, or says how long to wait.
///
/// # Errors
///
/// [`ThrottleError::Throttled`], and then nothing was paid.
pub async fn pay_for_login(
    vestibule: &Vestibule,
    attempt: Try<'_>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Ticket, ThrottleError> {
    let limits = vestibule.config.throttle.clone();
    if !limits.enabled {
        return Ok(Ticket::default());
    }
    let name = |parts: &[&str]| secret::to_base64url(&vestibule.bucket_tags.tag(parts));
    let account = username::fold(attempt.login);
    let at_account = name(&["account", &account]);
    let cleared = if attempt.is_unproven { Vec::new() } else { vec![at_account.clone()] };
    let cookie = caller.device_cookie.as_deref();
    if let Some((device, user)) = cookie.and_then(|cookie| known_device(vestibule, cookie, attempt.users)) {
        let (at_device, at_user) = (name(&["device", device]), name(&["user", user.as_str()]));
        let cleared = vec![at_device.clone()];
        let metered = Some((at_user.clone(), SUCCESS));
        let ticket = Ticket { counted: Some(at_device.clone()), cleared, metered, only: Some(user.clone()) };
        let paid = vestibule.db.write(move |conn| {
            pay_at_rate(conn, &at_user, SUCCESS, &limits, now)?;
            pay_in_window(conn, &at_device, limits.device_failures, limits.device_window, now)
        });
        return paid.await.map(|()| ticket);
    }
    let network = caller.network();
    let at_network = name(&["network", &network]);
    // Eight bytes tell one guess from the next, and are too few to find the guess from.
    let pair = name(&["pair", &network, &account, attempt.password]).chars().take(11).collect::<String>();
    vestibule
        .db
        .write(move |conn| {
            let seen = LoginFailure::exists(conn, &pair).map_err(db::Error::from)?;
            let cost = if seen { Duration::from_secs(1) } else { unit(&limits) };
            pay_at_rate(conn, &at_network, cost, &limits, now)?;
            pay_at_account(conn, &at_account, &limits, now)?;
            LoginFailure::lock(conn, &pair, now)?;
            Ok(Ticket { counted: Some(at_account), cleared, metered: Some((at_network, cost)), only: None })
        })
        .await
}

/// Pays for one code typed as a second proof of `user`: ten wrong ones in any quarter of an hour, whatever the factor
/// and however many sign-ins wait. A device that has shown one has a budget of its own, so that nobody who knows the
/// password can shut its owner out; a cookie from before has none: a thief may have collected any number of them.
///
/// # Errors
///
/// [`ThrottleError::Throttled`], and then nothing was paid.
pub(super) async fn pay_for_code(
    vestibule: &Vestibule,
    user: &User,
    caller: &Caller,
    now: Timestamp,
) -> Result<Ticket, ThrottleError> {
    if !vestibule.config.throttle.enabled {
        return Ok(Ticket::default());
    }
    let cookie = caller.device_cookie.as_deref();
    let users = [user.id.clone()];
    let device = cookie.and_then(|cookie| known_device(vestibule, cookie, &users));
    let has_shown_two = |(device, _): &(&str, _)| known_since(device) >= user.second_factor_since;
    let parts = ["code", user.id.as_str(), device.filter(has_shown_two).map_or("", |(device, _)| device)];
    let bucket = secret::to_base64url(&vestibule.bucket_tags.tag(&parts));
    let paid = bucket.clone();
    vestibule.db.write(move |conn| pay_until_quiet(conn, &paid, MOST_CODES, CODES_WINDOW, now)).await?;
    Ok(Ticket { counted: Some(bucket), ..Ticket::default() })
}

/// Pays for one deed that strangers may do, such as registering, from the budget of the caller's network.
///
/// # Errors
///
/// [`ThrottleError::Throttled`], and then nothing was paid.
pub async fn pay_for_deed(
    vestibule: &Vestibule,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let limits = vestibule.config.throttle.clone();
    if !limits.enabled {
        return Ok(());
    }
    let bucket = secret::to_base64url(&vestibule.bucket_tags.tag(&["network", &caller.network()]));
    vestibule.db.write(move |conn| pay_at_rate(conn, &bucket, unit(&limits), &limits, now)).await
}

/// Forgets what strangers got wrong at this account: after a reset, or when an operator says so.
///
/// # Errors
///
/// The database's.
pub fn clear_account(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    logins: &[&str],
) -> Result<(), db::Error> {
    for login in logins {
        let tag = vestibule.bucket_tags.tag(&["account", &username::fold(login)]);
        LoginFailure::delete(conn, &secret::to_base64url(&tag))?;
    }
    Ok(())
}

/// What is counted about `user` by name, and about their address if it is theirs alone: each counter with its name.
///
/// # Errors
///
/// The database's.
pub(super) fn counters_of(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    user: &User,
    email_folded: Option<&str>,
) -> Result<Vec<(&'static str, LoginFailure)>, db::Error> {
    let mut found = Vec::new();
    for (what, bucket) in buckets_of(vestibule, user, email_folded) {
        found.extend(LoginFailure::find(conn, &bucket)?.map(|counter| (what, counter)));
    }
    Ok(found)
}

/// Forgets all of that.
///
/// # Errors
///
/// The database's.
pub(super) fn forget(
    vestibule: &Vestibule,
    conn: &mut AnyConnection,
    user: &User,
    email_folded: Option<&str>,
) -> Result<(), db::Error> {
    for (_, bucket) in buckets_of(vestibule, user, email_folded) {
        LoginFailure::delete(conn, &bucket)?;
    }
    Ok(())
}

fn buckets_of(vestibule: &Vestibule, user: &User, email_folded: Option<&str>) -> Vec<(&'static str, String)> {
    let name = |parts: &[&str]| secret::to_base64url(&vestibule.bucket_tags.tag(parts));
    let mut buckets = vec![
        ("sign_in_by_username", name(&["account", &user.username_folded])),
        ("sign_in_on_known_devices", name(&["user", user.id.as_str()])),
        ("codes_asked_for", name(&["mail of user", user.id.as_str()])),
        ("second_factors_on_other_devices", name(&["code", user.id.as_str(), ""])),
        ("warnings", name(&["warning", user.id.as_str()])),
    ];
    if let Some(email) = email_folded {
        buckets.push(("sign_in_by_email", name(&["account", &username::fold(email)])));
        buckets.push(("mails_asked_for", name(&["mail", email])));
        buckets.push(("codes_mailed", name(&["mail code", email])));
        buckets.push(("notes_of_claims_mailed", name(&["mail taken", email])));
    }
    buckets
}

/// The cookie that makes this device known to `user` from `now` on: its own name, theirs, and our tag on both.
pub fn device_cookie(vestibule: &Vestibule, user: &UserId, now: Timestamp) -> String {
    let nonce = format!("{}-{}", secret::to_base64url(&secret::random::<16>()), now.seconds());
    let tag = vestibule.device_tags.tag(&[&nonce, user.as_str()]);
    format!("{nonce}.{user}.{}", secret::to_base64url(&tag))
}

/// The name of the device and whose it is, if `cookie` is one of ours for one of `users`.
pub fn known_device<'a>(
    vestibule: &Vestibule,
    cookie: &'a str,
    users: &'a [UserId],
) -> Option<(&'a str, &'a UserId)> {
    let (nonce, rest) = cookie.split_once('.')?;
    let (user, tag) = rest.split_once('.')?;
    let user = users.iter().find(|id| id.as_str() == user)?;
    let expected = vestibule.device_tags.tag(&[nonce, user.as_str()]);
    secret::equal(&secret::from_base64url(tag)?, &expected).then_some((nonce, user))
}

/// Since when the device of this name is known; nothing, if its name does not say.
fn known_since(device: &str) -> Option<Timestamp> {
    device.rsplit_once('-').and_then(|(_, seconds)| seconds.parse().ok()).map(Timestamp::from_seconds)
}

/// What one try takes from a network's rate.
fn unit(limits: &ThrottleConfig) -> Duration {
    Duration::from_secs(u64::from(60 / limits.address_per_minute.clamp(1, 60)))
}

/// A leaky bucket (GCRA): `blocked_until` is when it is empty again, and it holds `address_burst` tries.
fn pay_at_rate(
    conn: &mut AnyConnection,
    bucket: &str,
    cost: Duration,
    limits: &ThrottleConfig,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let mut row = LoginFailure::lock(conn, bucket, now)?;
    let filled = row.blocked_until.max(now) + cost;
    let most = now + unit(limits) * limits.address_burst;
    if filled > most {
        return Err(ThrottleError::Throttled { retry_after: filled.since(most) });
    }
    row.blocked_until = filled;
    row.update(conn)?;
    Ok(())
}

fn pay_at_account(
    conn: &mut AnyConnection,
    bucket: &str,
    limits: &ThrottleConfig,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let mut row = LoginFailure::lock(conn, bucket, now)?;
    if row.blocked_until > now {
        return Err(ThrottleError::Throttled { retry_after: row.blocked_until.since(now) });
    }
    row.failures += 1;
    row.blocked_until = now + delay(row.failures, limits);
    row.update(conn)?;
    Ok(())
}

/// How long after the failure with this number an account rests from strangers' tries.
fn delay(failures: i64, limits: &ThrottleConfig) -> Duration {
    const A_DAY: Duration = Duration::from_hours(24);
    if failures >= i64::from(limits.account_failure_limit) {
        return A_DAY;
    }
    match u32::try_from(failures - i64::from(limits.account_free_failures)) {
        Err(_) => Duration::ZERO,
        Ok(over) => Duration::from_secs(1 << over.min(16)).min(limits.account_max_delay),
    }
}

/// At most so many in a window, which begins with the first of them.
pub(super) fn pay_in_window(
    conn: &mut AnyConnection,
    bucket: &str,
    most: u32,
    window: Duration,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    let mut row = LoginFailure::lock(conn, bucket, now)?;
    if row.blocked_until <= now {
        row.failures = 0;
        row.blocked_until = now + window;
    }
    if row.failures >= i64::from(most) {
        return Err(ThrottleError::Throttled { retry_after: row.blocked_until.since(now) });
    }
    row.failures += 1;
    row.update(conn)?;
    Ok(())
}

/// At most so many in any stretch of `quiet`, wherever it begins: they are counted until there was none for as long.
fn pay_until_quiet(
    conn: &mut AnyConnection,
    bucket: &str,
    most: u32,
    quiet: Duration,
    now: Timestamp,
) -> Result<(), ThrottleError> {
    pay_in_window(conn, bucket, most, quiet, now)?;
    let mut row = LoginFailure::lock(conn, bucket, now)?;
    row.blocked_until = now + quiet;
    row.update(conn)?;
    Ok(())
}
