//! Take away what somebody added who should not have had the account: else a thief's passkey stays a way in, and a thief's
//! app shuts the owner out.

use crate::clock::Timestamp;
use crate::db::{self, Transaction};
use crate::flows::caller::Caller;
use crate::flows::change_factors;
use crate::models::{EventKind, Passkey, RecoveryCode, TotpFactor, User};
use crate::vestibule::Vestibule;

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// An authenticator app.
    pub app: bool,
    /// So many passkeys.
    pub passkeys: usize,
    /// The recovery codes that somebody may have seen.
    pub codes: bool,
}

impl Dropped {
    /// In words, to be read before "that were added since"; nothing, if there was nothing.
    pub fn in_words(&self) -> Option<String> {
        let passkeys = match self.passkeys {
            0 => None,
            1 => Some("a passkey".to_owned()),
            many => Some(format!("{many} passkeys")),
        };
        let parts = [self.app.then(|| "an authenticator app".to_owned()), passkeys];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match (parts.is_empty(), self.codes) {
            (true, false) => None,
            (true, true) => Some("recovery codes".to_owned()),
            (false, _) => Some(parts.join(" and ")),
        }
    }
}

/// Takes away whatever `user`, whose row is locked, got since `since` to prove themselves with, within a deed that ends
/// their sessions. What was there before stays.
///
/// Of codes that were made since, nobody knows who has read them. Where a factor is left that they stand in for, they are
/// used up rather than gone: the account's pages say that none is left, and make new ones.
pub(super) fn added_since(
    here: &Vestibule,
    conn: &mut Transaction<'_>,
    user: &User,
    since: Timestamp,
    caller: &Caller,
    now: Timestamp,
) -> Result<Dropped, db::Error> {
    let mut dropped = Dropped::default();
    if let Some(factor) = TotpFactor::find(conn, &user.id)?
        && factor.confirmed_at.is_none_or(|confirmed_at| confirmed_at >= since)
    {
        // A key that waits to be confirmed is one that somebody else may have read.
        dropped.app = TotpFactor::delete(conn, &user.id)?;
    }
    for passkey in Passkey::list(conn, &user.id)?.into_iter().filter(|passkey| passkey.created_at >= since) {
        dropped.passkeys += usize::from(Passkey::delete(conn, &user.id, &passkey.id)?);
    }
    let codes = RecoveryCode::list(conn, &user.id)?;
    if codes.iter().any(|code| code.created_at >= since) {
        dropped.codes = RecoveryCode::spend_all(conn, &user.id, now)?;
    }
    let kinds = [
        dropped.app.then_some("totp"),
        (dropped.passkeys > 0).then_some("passkey"),
        dropped.codes.then_some("recovery_codes"),
    ];
    for kind in kinds.into_iter().flatten() {
        caller.event(EventKind::FactorRemoved, Some(&user.id), now).saying(kind).insert(conn)?;
    }
    if dropped.app || dropped.passkeys > 0 {
        change_factors::settle(here, conn, user, now)?;
    }
    Ok(dropped)
}
