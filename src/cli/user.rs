//! `vestibule user`: make and mend accounts.

use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use super::user_create::{self, Create};
use super::user_delete::Delete;
use super::user_named::{administers, find, warn_without_admin};
use super::user_reset_second_factor::ResetSecondFactor;
use super::user_view::{self, UserView};
use crate::clock::Timestamp;
use crate::config::Overrides;
use crate::credentials::username;
use crate::flows::caller::Caller;
use crate::flows::{administer_user, factors, overview, reset_password};
use crate::models::{self, Role};
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule user create ada --role admin
  vestibule user list
  vestibule user reset-link ada
  vestibule user reset-second-factor ada --reason stolen";
const LIST_EXAMPLES: &str = "\
Examples:
  vestibule user list
  vestibule user list --after ada --limit 20
  vestibule user list --json | jq -r '.[].username'";
const SHOW_EXAMPLES: &str = "\
Examples:
  vestibule user show ada";
const DISABLE_EXAMPLES: &str = "\
Ends all their sessions, too. A running server knows within a second.

Examples:
  vestibule user disable ada";
const ENABLE_EXAMPLES: &str = "\
Sessions that were ended stay ended. Failed tries to sign in are forgotten.

Examples:
  vestibule user enable ada";
const SET_ROLE_EXAMPLES: &str = "\
Examples:
  vestibule user set-role ada admin
  vestibule user set-role ada user";
const RESET_LINK_EXAMPLES: &str = "\
Prints a link for its owner to choose a new password with; it works once and
not for long. An earlier one is void.

Examples:
  vestibule user reset-link ada
  vestibule user reset-link ada --public-url https://login.example.org";

/// Make and mend accounts
#[derive(clap::Subcommand)]
pub(super) enum User {
    Create(Create),
    /// List accounts by name
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// Begin behind this username
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        after: String,
        /// List so many at most
        #[arg(long, value_name = "N", default_value_t = 100,
              value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        #[command(flatten)]
        format: Format,
    },
    /// Show one account
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Named),
    /// Shut an account and end its sessions
    #[command(after_help = DISABLE_EXAMPLES)]
    Disable(Named),
    /// Open an account again
    #[command(after_help = ENABLE_EXAMPLES)]
    Enable(Named),
    Delete(Delete),
    /// Give an account another role
    #[command(after_help = SET_ROLE_EXAMPLES)]
    SetRole {
        #[command(flatten)]
        named: Named,
        /// The role
        #[arg(value_parser = user_create::role())]
        role: Role,
    },
    /// Make a link to choose a new password
    #[command(after_help = RESET_LINK_EXAMPLES)]
    ResetLink {
        #[command(flatten)]
        named: Named,
        /// The address that browsers use
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
    ResetSecondFactor(ResetSecondFactor),
}

/// The account that a command is about.
#[derive(clap::Args)]
pub(super) struct Named {
    /// A username or an id
    name: String,
    #[command(flatten)]
    format: Format,
}

impl User {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        let mut flags = Overrides::default();
        if let Self::ResetLink { public_url, .. } = &self {
            flags.public_url.clone_from(public_url);
        }
        global.with_instance(flags, matches!(self, Self::Create(_)), async |vestibule, now| match self {
            Self::Create(create) => create.run(vestibule, now).await,
            Self::List { after, limit, format } => list(vestibule, &after, limit, format).await,
            Self::Show(named) => show(vestibule, named, now).await,
            Self::Disable(named) => disable(vestibule, named, now).await,
            Self::Enable(named) => enable(vestibule, named, now).await,
            Self::Delete(delete) => delete.run(vestibule, now).await,
            Self::SetRole { named, role } => set_role(vestibule, named, role, now).await,
            Self::ResetLink { named, .. } => reset_link(vestibule, named, now).await,
            Self::ResetSecondFactor(reset) => reset.run(vestibule, now).await,
        })
    }
}

async fn list(vestibule: &Vestibule, after: &str, limit: u16, format: Format) -> anyhow::Result<()> {
    let limit = usize::from(limit);
    // One more than wanted, to know whether there are more.
    let mut users = overview::users(vestibule, &username::fold(after), i64::try_from(limit)? + 1).await?;
    let are_more = users.len() > limit;
    users.truncate(limit);
    let views: Vec<UserView> = users.iter().map(UserView::of).collect();
    format.answer(&views, || user_view::table(&views))?;
    if let Some(last) = users.last().filter(|_| are_more) {
        output::aside(format_args!("there are more: go on with --after {}", last.username));
    }
    Ok(())
}

async fn show(vestibule: &Vestibule, named: Named, now: Timestamp) -> anyhow::Result<()> {
    let user = find(vestibule, &named.name).await?;
    let sessions = overview::sessions(vestibule, &user.id, now).await?.len();
    let factors = factors::of(vestibule, &user.id).await?;
    let view = UserView::of(&user).with_sessions(sessions).with_factors(&factors);
    named.format.answer(&view, || view.to_string())
}

async fn disable(vestibule: &Vestibule, named: Named, now: Timestamp) -> anyhow::Result<()> {
    let user = find(vestibule, &named.name).await?;
    administer_user::disable(vestibule, &user, &Caller::operator(), now).await?;
    changed(vestibule, user, named.format, "disabled, and signed out everywhere").await
}

async fn enable(vestibule: &Vestibule, named: Named, now: Timestamp) -> anyhow::Result<()> {
    let user = find(vestibule, &named.name).await?;
    administer_user::enable(vestibule, &user, &Caller::operator(), now).await?;
    changed(vestibule, user, named.format, "enabled").await
}

async fn set_role(vestibule: &Vestibule, named: Named, role: Role, now: Timestamp) -> anyhow::Result<()> {
    let user = find(vestibule, &named.name).await?;
    administer_user::set_role(vestibule, &user, role, &Caller::operator(), now).await?;
    let state = match role {
        Role::Admin => "an administrator",
        Role::User => "an ordinary user",
    };
    changed(vestibule, user, named.format, state).await
}

/// Says how the account, which was like `before`, stands now. The last administrator may go, since whoever runs this
/// command is not locked out by that; but not in silence.
async fn changed(
    vestibule: &Vestibule,
    before: models::User,
    format: Format,
    state: &str,
) -> anyhow::Result<()> {
    let user = find(vestibule, before.id.as_str()).await?;
    format.answer(&UserView::of(&user), || format!("{} is {state}.", user.username))?;
    if administers(&user) { Ok(()) } else { warn_without_admin(vestibule, &before).await }
}

async fn reset_link(vestibule: &Vestibule, named: Named, now: Timestamp) -> anyhow::Result<()> {
    let user = find(vestibule, &named.name).await?;
    let token = reset_password::issue_link(vestibule, &user, &Caller::operator(), now).await?;
    let url = reset_password::url(vestibule, &token);
    let expires_at = (now + vestibule.config.mail.link_lifetime).to_string();
    named.format.answer(&json!({ "url": url, "expires_at": expires_at }), || url.clone())?;
    let minutes = vestibule.config.mail.link_lifetime.as_secs() / 60;
    output::aside(format_args!("the link works for {minutes} minutes and once"));
    if user.disabled_at.is_some() {
        output::aside(format_args!(
            "warning: {} is disabled; until enabled, the link does not work",
            user.username
        ));
    }
    Ok(())
}
