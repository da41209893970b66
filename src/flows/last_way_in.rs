//! What somebody may do without: never their last way in, and no factor that their administrator asks for.

use crate::config::Require;
use crate::flows::factors::{self, Factors};
use crate::id::PasskeyId;
use crate::models::{Passkey, Role, User};
use crate::vestibule::Vestibule;

/// What somebody wants to do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The authenticator app.
    Totp,
    /// One passkey.
    Passkey(PasskeyId),
    /// The password.
    Password,
}

/// Why it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// Nothing would be left to sign in with.
    #[error("This is the only way you can sign in. Add another passkey or set a password first.")]
    LastWayIn,
    /// Without a passkey, the password is the only way in.
    #[error("Your password is your only way in. Add a passkey first.")]
    OnlyPassword,
    /// The administrator asks for a second factor, and this is the last.
    #[error(
        "Your administrator asks for a second step at sign-in, and this is your only one. Add another one first."
    )]
    AskedFor,
    /// Passkeys for another host would be asked for, and nobody could show them.
    #[error(
        "This is the only second step that works here. Remove the passkeys for another host first, or add one for \
         this host."
    )]
    OnlyStep,
}

/// Whether `user` has to have a second factor.
pub fn is_asked(vestibule: &Vestibule, user: &User) -> bool {
    let config = &vestibule.config.second_factor;
    let by_role = match config.require {
        Require::Off => false,
        Require::Admins => user.role == Role::Admin,
        Require::Everyone => true,
    };
    by_role || user.groups().any(|group| config.require_groups.iter().any(|asked| asked == group))
}

/// Whether `user` has to have one and has none: then they can do nothing else.
pub fn must_enrol(vestibule: &Vestibule, user: &User) -> bool {
    user.second_factor_since.is_none() && is_asked(vestibule, user)
}

/// Whether `user`, who has `factors`, may do without `loss`.
///
/// # Errors
///
/// Why not.
pub fn may_lose_factor(
    vestibule: &Vestibule,
    user: &User,
    factors: &Factors,
    loss: Loss,
) -> Result<(), Kept> {
    let has_password = user.password_hash.is_some() && loss != Loss::Password;
    let has_app = factors.totp_since.is_some() && loss != Loss::Totp;
    let stays = |passkey: &&Passkey| loss != Loss::Passkey(passkey.id.clone());
    let has_passkey = factors.passkeys.iter().any(|passkey| stays(&passkey));
    let works = |passkey: &Passkey| factors::works_here(vestibule, passkey);
    let has_working_passkey = factors.passkeys.iter().filter(stays).any(works);
    let has_way_in = has_password || has_working_passkey;
    // What cannot be shown goes at any time; it must only not be what is left to be asked for.
    let is_shown = match &loss {
        Loss::Totp => true,
        Loss::Passkey(id) => factors.passkeys.iter().any(|passkey| passkey.id == *id && works(passkey)),
        Loss::Password => false,
    };
    // A code of an app is no way in by itself: without one, nothing is lost that anybody came in by.
    match (has_way_in, &loss) {
        (false, Loss::Passkey(_)) => Err(Kept::LastWayIn),
        (false, Loss::Password) => Err(Kept::OnlyPassword),
        _ if is_shown && has_passkey && !has_app && !has_working_passkey => Err(Kept::OnlyStep),
        _ if !has_app && !has_passkey && is_asked(vestibule, user) => Err(Kept::AskedFor),
        _ => Ok(()),
    }
}
