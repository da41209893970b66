//! Call a passkey by another name.

use crate::credentials::display_name::{self, DisplayNameError};
use crate::db;
use crate::id::{PasskeyId, UserId};
use crate::models::Passkey;
use crate::vestibule::Vestibule;

/// Why it is called as before.
#[derive(Debug, thiserror::Error)]
pub enum RenamePasskeyError {
    /// They have no such passkey.
    #[error("There is no such passkey.")]
    NotFound,
    /// Nothing was typed.
    #[error("Give the passkey a name that tells it from your others.")]
    NoName,
    /// Not a name.
    #[error(transparent)]
    Name(#[from] DisplayNameError),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Calls the passkey `id` of `user` by the name that they `typed`.
///
/// # Errors
///
/// [`RenamePasskeyError`].
pub async fn rename(
    vestibule: &Vestibule,
    user: &UserId,
    id: PasskeyId,
    typed: &str,
) -> Result<(), RenamePasskeyError> {
    let name = display_name::parse(typed)?.ok_or(RenamePasskeyError::NoName)?;
    let user = user.clone();
    let done =
        vestibule.db.write(move |conn| Ok::<_, db::Error>(Passkey::rename(conn, &user, &id, &name)?)).await?;
    if done { Ok(()) } else { Err(RenamePasskeyError::NotFound) }
}
