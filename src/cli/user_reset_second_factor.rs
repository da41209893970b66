//! `vestibule user reset-second-factor`: help for who has lost all their factors.

use serde_json::json;

use super::output::{self, Format};
use super::user_named;
use crate::clock::Timestamp;
use crate::flows::caller::Caller;
use crate::flows::reset_factors::{self, Reset};
use crate::vestibule::Vestibule;

const EXAMPLES: &str = "\
Takes the authenticator app, the passkeys and the recovery codes away, and ends
every session. From then on the password alone signs in: make sure that you talk
to the owner. The reason stands in the trail, and the owner reads it by mail.

Without a password, passkeys are the only way in and stay: first give the owner
a link to choose one with `vestibule user reset-link`.

Examples:
  vestibule user reset-second-factor ada --reason \"Ticket-4711\"";

/// Take all second factors of an account away
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ResetSecondFactor {
    /// A username or an id
    name: String,
    /// Why; its owner reads it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    format: Format,
}

impl ResetSecondFactor {
    pub(super) async fn run(self, vestibule: &Vestibule, now: Timestamp) -> anyhow::Result<()> {
        let user = user_named::find(vestibule, &self.name).await?;
        let reset =
            reset_factors::by_operator(vestibule, &user, &self.reason, &Caller::operator(), now).await?;
        let Reset { app, passkeys, recovery_codes, sessions } = reset;
        let answer = json!({
            "id": user.id,
            "username": user.username,
            "authenticator_app": app,
            "passkeys": passkeys,
            "recovery_codes": recovery_codes,
            "sessions_ended": sessions,
        });
        self.format.answer(&answer, || words(&user.username, &reset))?;
        if user.email_verified_at.is_none() && reset.any() {
            output::aside(format_args!(
                "{} has no confirmed e-mail address: tell them yourself",
                user.username
            ));
        }
        Ok(())
    }
}

fn words(name: &str, reset: &Reset) -> String {
    if !reset.any() {
        return format!("{name} has no second factor. Nothing was changed.");
    }
    let facts = [
        ("Authenticator app", if reset.app { "taken away" } else { "none" }.to_owned()),
        ("Passkeys", format!("{} taken away", reset.passkeys)),
        ("Recovery codes", format!("{} void", reset.recovery_codes)),
        ("Sessions", format!("{} ended", reset.sessions)),
    ];
    format!("{name} signs in with the password alone now.\n{}", output::facts(&facts))
}
