//! `vestibule user create`: an account, by the operator's hand.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::output::{self, Format};
use super::password_input;
use super::user_view::UserView;
use crate::clock::Timestamp;
use crate::flows::caller::Caller;
use crate::flows::register::{self, NewAccount};
use crate::models::Role;
use crate::vestibule::Vestibule;

const EXAMPLES: &str = "\
Asks for the password, or reads it from standard input; it is never a flag.
Prints the id of the new account.

Examples:
  vestibule user create ada --email ada@example.org
  vestibule user create ada --role admin < password.txt";

/// Make an account
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Create {
    /// The username
    name: String,
    /// The e-mail address
    #[arg(long, value_name = "ADDR", default_value = "", hide_default_value = true)]
    email: String,
    /// user or admin
    #[arg(long, default_value = Role::User.as_str(), hide_possible_values = true, value_parser = role())]
    role: Role,
    #[command(flatten)]
    format: Format,
}

impl Create {
    pub(super) async fn run(self, vestibule: &Vestibule, now: Timestamp) -> anyhow::Result<()> {
        let has_email = !self.email.is_empty();
        let account = NewAccount {
            username: self.name,
            email: self.email,
            password: password_input::read()?,
            role: self.role,
        };
        let user = register::with_password(vestibule, account, &Caller::operator(), now).await?;
        self.format.answer(&UserView::of(&user), || user.id.to_string())?;
        if has_email && user.email.is_none() {
            output::aside("the address was left out: `registration.email` is `hidden`");
        }
        Ok(())
    }
}

/// Reads a role.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new([Role::User, Role::Admin].map(Role::as_str))
        .try_map(|word| word.parse::<Role>())
}
