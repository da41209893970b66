//! `vestibule user delete`: an account goes for good, so it is named twice.

use anyhow::bail;
use serde_json::json;

use super::confirm;
use super::output::Format;
use super::user_named;
use crate::clock::Timestamp;
use crate::credentials::username;
use crate::flows::caller::Caller;
use crate::flows::delete_account;
use crate::vestibule::Vestibule;

const EXAMPLES: &str = "\
At once and for good: the account, its sessions and its addresses. Of what
happened stays what it was and when, without the name. The name is free again.

Examples:
  vestibule user delete ada
  vestibule user delete ada --yes";

/// Delete an account for good
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Delete {
    /// A username or an id
    name: String,
    /// Do not ask for the name again
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

impl Delete {
    pub(super) async fn run(self, vestibule: &Vestibule, now: Timestamp) -> anyhow::Result<()> {
        let user = user_named::find(vestibule, &self.name).await?;
        if !self.yes {
            let is_it = |typed: &str| username::fold(typed) == username::fold(&user.username);
            confirm::deletion(&format!("{} for good", user.username), is_it)?;
        }
        if !delete_account::by_operator(vestibule, &user.id, &Caller::operator(), now).await? {
            bail!("There is no user `{}` any more.", self.name);
        }
        let answer = json!({ "id": user.id, "username": user.username, "deleted": true });
        self.format.answer(&answer, || format!("{} is deleted.", user.username))?;
        user_named::warn_without_admin(vestibule, &user).await
    }
}
