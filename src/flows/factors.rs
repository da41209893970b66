//! What somebody can prove themselves with beside their password.

use crate::clock::Timestamp;
use crate::credentials::passkey::RelyingParty;
use crate::db::{self, AnyConnection};
use crate::id::UserId;
use crate::models::{Passkey, RecoveryCode, TotpFactor};
use crate::vestibule::Vestibule;

/// What can be asked of somebody as a second proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// A code of their authenticator app.
    pub totp: bool,
    /// A passkey.
    pub passkey: bool,
    /// A recovery code: there are some left.
    pub recovery_code: bool,
}

/// All factors of somebody but the password.
#[derive(Clone, Debug, Default)]
pub struct Factors {
    /// Since when their authenticator app counts, if one does.
    pub totp_since: Option<Timestamp>,
    /// Their passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// Their recovery codes, if they have a set.
    pub recovery: Option<RecoverySet>,
}

/// What there is to know of somebody's recovery codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoverySet {
    /// When the set was made.
    pub made_at: Timestamp,
    /// How many of it are left.
    pub left: usize,
}

impl Factors {
    /// Whether there is one: then a password alone signs nobody in.
    pub fn any(&self) -> bool {
        self.totp_since.is_some() || !self.passkeys.is_empty()
    }

    /// What of it can be asked for here.
    pub fn offer(&self, vestibule: &Vestibule) -> Offer {
        Offer {
            totp: self.totp_since.is_some(),
            passkey: self.passkeys.iter().any(|passkey| works_here(vestibule, passkey)),
            recovery_code: self.recovery.is_some_and(|set| set.left > 0),
        }
    }
}

/// Whether `passkey` can be shown here: one for another host lies there, and signs nobody in.
pub fn works_here(vestibule: &Vestibule, passkey: &Passkey) -> bool {
    vestibule.passkeys.as_ref().map(RelyingParty::id) == Some(passkey.rp_id.as_str())
}

/// The factors of `user`.
///
/// # Errors
///
/// The database's.
pub async fn of(vestibule: &Vestibule, user: &UserId) -> Result<Factors, db::Error> {
    let id = user.clone();
    vestibule.db.read(move |conn| within(conn, &id)).await
}

/// The same, within a deed.
pub(super) fn within(conn: &mut AnyConnection, user: &UserId) -> Result<Factors, db::Error> {
    let codes = RecoveryCode::list(conn, user)?;
    let left = codes.iter().filter(|code| code.used_at.is_none()).count();
    Ok(Factors {
        totp_since: TotpFactor::find(conn, user)?.and_then(|factor| factor.confirmed_at),
        passkeys: Passkey::list(conn, user)?,
        recovery: codes.first().map(|code| RecoverySet { made_at: code.created_at, left }),
    })
}

/// What can be asked of `user` here, within a deed.
pub(super) fn offer(here: &Vestibule, conn: &mut AnyConnection, user: &UserId) -> Result<Offer, db::Error> {
    Ok(within(conn, user)?.offer(here))
}
