//! Whoever an operator names, and what to say when the last administrator goes.

use anyhow::Context as _;

use super::output;
use crate::db;
use crate::flows::administer_user;
use crate::models::{self, Role};
use crate::vestibule::Vestibule;

/// The user who goes by `name`, a username or an id.
///
/// # Errors
///
/// That there is none.
pub(super) async fn find(vestibule: &Vestibule, name: &str) -> anyhow::Result<models::User> {
    let found = administer_user::find(vestibule, name).await?;
    found.with_context(|| format!("There is no user `{name}`."))
}

/// Says so if the account that was like `before` was that of the last administrator.
pub(super) async fn warn_without_admin(vestibule: &Vestibule, before: &models::User) -> anyhow::Result<()> {
    if administers(before) && !has_admin(vestibule).await? {
        output::aside("warning: no administrator is left. The next start prints a link to set one up.");
    }
    Ok(())
}

/// Whether somebody may administer this instance now.
pub(super) fn administers(user: &models::User) -> bool {
    user.role == Role::Admin && user.disabled_at.is_none() && user.closed_at.is_none()
}

async fn has_admin(vestibule: &Vestibule) -> Result<bool, db::Error> {
    vestibule.db.read(|conn| Ok(models::User::has_admin(conn)?)).await
}
