//! `vestibule group delete`: whoever asked for the group lets nobody in any more, so it is named twice.

use serde_json::json;

use super::confirm;
use super::group;
use super::output::Format;
use crate::clock::Timestamp;
use crate::flows::caller::Caller;
use crate::flows::groups;
use crate::vestibule::Vestibule;

const EXAMPLES: &str = "\
Everybody leaves it first, and what asks for it lets nobody in any more. If this
is broken off, say it again.

Examples:
  vestibule group delete editors
  vestibule group delete editors --yes";

/// Take a group away
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Delete {
    /// The group
    name: String,
    /// Do not ask for the name again
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

impl Delete {
    pub(super) async fn run(self, vestibule: &Vestibule, now: Timestamp) -> anyhow::Result<()> {
        let group = group::find(vestibule, &self.name).await?;
        if !self.yes {
            confirm::deletion(&format!("the group {}", group.name), |typed| typed == group.name)?;
        }
        let left = groups::delete(vestibule, &group.name, &Caller::operator(), now).await?;
        let answer = json!({ "name": group.name, "members": left, "deleted": true });
        self.format.answer(&answer, || format!("{} is deleted. So many were in it: {left}.", group.name))
    }
}
