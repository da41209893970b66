//! `vestibule api-key`: what programs show in somebody's place.

use anyhow::bail;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use serde::Serialize;
use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use super::user_named;
use crate::clock::Timestamp;
use crate::config::Overrides;
use crate::credentials::scope::Scope;
use crate::flows::caller::Caller;
use crate::flows::create_api_key::{self, DAYS, DEFAULT_DAYS, NewKey};
use crate::flows::{overview, revoke_api_key};
use crate::id::ApiKeyId;
use crate::models;
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule api-key create ada --name backup --scope apps
  vestibule api-key list ada
  vestibule api-key revoke 019aa1c2-7d1e-7bd0-a1f2-30c5d0a4e6b7";
const CREATE_EXAMPLES: &str = "\
Prints the key, once: it is nowhere after that. Its owner is told by mail.

Examples:
  vestibule api-key create ada --name backup --scope apps
  vestibule api-key create ada --name ci --scope account:read,apps --days 7";
const LIST_EXAMPLES: &str = "\
Examples:
  vestibule api-key list ada
  vestibule api-key list ada --json | jq -r '.[].id'";
const REVOKE_EXAMPLES: &str = "\
A running server knows within a second. Its owner is told by mail.

Examples:
  vestibule api-key revoke 019aa1c2-7d1e-7bd0-a1f2-30c5d0a4e6b7
  vestibule api-key revoke 019aa1c2-7d1e-7bd0-a1f2-30c5d0a4e6b7 --reason leaked";

/// Make, see and revoke the keys of programs
#[derive(clap::Subcommand)]
pub(super) enum ApiKey {
    /// Make a key for a user's program
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// List the keys of a user
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// A username or a user's id
        name: String,
        #[command(flatten)]
        format: Format,
    },
    /// Revoke a key
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke {
        /// The key's id
        id: String,
        /// Say why: in the trail, and to its owner
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        format: Format,
    },
}

/// The key that is wanted.
#[derive(clap::Args)]
pub(super) struct Create {
    /// A username or a user's id
    user: String,
    /// What to call the key
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What it may do: account:read, apps
    #[arg(long, value_name = "SCOPE", required = true, value_delimiter = ',', hide_possible_values = true,
          value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::as_str)).try_map(|text| text.parse::<Scope>()))]
    scope: Vec<Scope>,
    /// How many days it works: 7, 30, 90, 365
    #[arg(long, value_name = "N", default_value_t = DEFAULT_DAYS, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(DAYS.map(word)).try_map(|text| text.parse::<u16>()))]
    days: u16,
    #[command(flatten)]
    format: Format,
}

/// A number of [`DAYS`], as it is typed.
const fn word(days: u16) -> &'static str {
    match days {
        7 => "7",
        30 => "30",
        365 => "365",
        _ => "90",
    }
}

impl ApiKey {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        global.with_instance(Overrides::default(), false, async |vestibule, now| match self {
            Self::Create(create) => create.run(vestibule, now).await,
            Self::List { name, format } => list(vestibule, &name, format, now).await,
            Self::Revoke { id, reason, format } => {
                revoke(vestibule, &id, reason.as_deref(), format, now).await
            }
        })
    }
}

impl Create {
    async fn run(self, vestibule: &Vestibule, now: Timestamp) -> anyhow::Result<()> {
        let user = user_named::find(vestibule, &self.user).await?;
        let new = NewKey { name: self.name, scopes: self.scope, days: self.days };
        let made = create_api_key::by_operator(vestibule, &user.id, new, &Caller::operator(), now).await?;
        let answer = json!({ "id": made.row.id, "key": made.key.expose(), "expires_at": made.row.expires_at.to_string() });
        self.format.answer(&answer, || made.key.expose().to_owned())?;
        output::aside(format_args!("the key is shown this once; it works until {}", made.row.expires_at));
        if user.disabled_at.is_some() || user.closed_at.is_some() {
            output::aside(format_args!(
                "warning: {} cannot sign in, and so the key opens nothing",
                user.username
            ));
        }
        Ok(())
    }
}

async fn list(vestibule: &Vestibule, name: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let user = user_named::find(vestibule, name).await?;
    let keys = overview::api_keys(vestibule, &user.id).await?;
    let views: Vec<_> = keys.iter().map(|key| KeyView::of(key, now)).collect();
    format.answer(&views, || {
        let rows: Vec<_> = views.iter().map(KeyView::row).collect();
        output::table(["ID", "NAME", "SCOPES", "STATE", "EXPIRES", "LAST USED"], &rows)
    })
}

async fn revoke(
    vestibule: &Vestibule,
    id: &str,
    reason: Option<&str>,
    format: Format,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (id, caller) = (ApiKeyId::from(id), Caller::operator());
    let Some(key) = revoke_api_key::by_operator(vestibule, &id, reason, &caller, now).await? else {
        bail!("There is no API key `{id}`. `vestibule api-key list NAME` lists those of a user.");
    };
    format.answer(&json!({ "id": key.id, "name": key.name, "revoked": true }), || {
        format!("The key {} is revoked. It opens nothing any more.", key.name)
    })
}

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
struct KeyView<'row> {
    id: &'row str,
    name: &'row str,
    scopes: Vec<&'static str>,
    is_live: bool,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
}

impl<'row> KeyView<'row> {
    fn of(key: &'row models::ApiKey, now: Timestamp) -> Self {
        Self {
            id: key.id.as_str(),
            name: &key.name,
            scopes: key.scopes().into_iter().map(Scope::as_str).collect(),
            is_live: key.is_live(now),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }

    fn row(&self) -> [String; 6] {
        let state = if self.is_live { "live" } else { "expired" }.to_owned();
        let last_used = self.last_used_at.clone().unwrap_or_else(|| "never".to_owned());
        let (id, name, scopes) = (self.id.to_owned(), self.name.to_owned(), self.scopes.join(" "));
        [id, name, scopes, state, self.expires_at.clone(), last_used]
    }
}
