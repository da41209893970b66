//! The last way in: nobody takes from themselves what they sign in with.

use crate::id::PasskeyId;
use crate::models::{Passkey, User};

/// Whether `user` still gets in without the passkey `id`: by a password, or by another passkey of `theirs` that works
/// at `rp_id`. A recovery code is no way in: it stands in for a second factor.
pub(super) fn may_remove_passkey(
    user: &User,
    theirs: &[Passkey],
    id: &PasskeyId,
    rp_id: Option<&str>,
) -> bool {
    let works = |passkey: &Passkey| passkey.id != *id && rp_id == Some(passkey.rp_id.as_str());
    user.password_hash.is_some() || theirs.iter().any(works)
}
