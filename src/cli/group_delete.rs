//! `vestibule group delete`: whoever asked for the group lets nobody in any more, so it is named twice.

use std::io::{self, IsTerminal as _};

use anyhow::bail;
use serde_json::json;

use super::group;
use super::output::{self, Format};
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
            confirm(&group.name)?;
        }
        let left = groups::delete(vestibule, &group.name, &Caller::operator(), now).await?;
        let answer = json!({ "name": group.name, "members": left, "deleted": true });
        self.format.answer(&answer, || format!("{} is deleted. So many were in it: {left}.", group.name))
    }
}

/// Has the name typed by whoever sits at the terminal.
fn confirm(name: &str) -> anyhow::Result<()> {
    let input = io::stdin();
    if !input.is_terminal() {
        bail!("Say --yes to delete the group {name}. Nothing was changed.");
    }
    output::aside(format_args!("this deletes the group {name}; type the name to confirm"));
    let mut typed = String::new();
    input.read_line(&mut typed)?;
    if typed.trim() != name {
        bail!("That is not the name. Nothing was changed.");
    }
    Ok(())
}
