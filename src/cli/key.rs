//! `vestibule key`: the keys that sign tokens.

use serde::Serialize;
use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use crate::clock::Timestamp;
use crate::config::{Algorithm, Overrides};
use crate::flows::caller::Caller;
use crate::flows::rotate_keys;
use crate::flows::signing_keys::{self, State};
use crate::models::SigningKey;
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule key list
  vestibule key rotate
  vestibule key rotate --now
  vestibule key export-jwks";
const LIST_EXAMPLES: &str = "\
Examples:
  vestibule key list
  vestibule key list --json | jq -r '.[] | select(.state == \"current\").id'";
const ROTATE_EXAMPLES: &str = "\
The next key is published at once and signs in a day; nobody is signed out.
With --now somebody may have the present one: nothing that it signed counts
any more, every session ends, and everybody signs in again.

Examples:
  vestibule key rotate
  vestibule key rotate --now";
const EXPORT_EXAMPLES: &str = "\
The same is at /.well-known/jwks.json.

Examples:
  vestibule key export-jwks > jwks.json";

/// See and change the keys that sign tokens
#[derive(clap::Subcommand)]
pub(super) enum Key {
    /// List the keys
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Have another key sign
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate {
        /// At once, because somebody may have the present one
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Print the public keys as a JWK set
    #[command(name = "export-jwks", after_help = EXPORT_EXAMPLES)]
    ExportJwks,
}

impl Key {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        global.with_instance(Overrides::default(), false, async |vestibule, moment| match self {
            Self::List { format } => list(vestibule, format, moment).await,
            Self::Rotate { now: false, format } => in_turn(vestibule, format, moment).await,
            Self::Rotate { now: true, format } => at_once(vestibule, format, moment).await,
            Self::ExportJwks => output::print(&vestibule.tokens.published(moment)),
        })
    }
}

async fn list(vestibule: &Vestibule, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let keys = signing_keys::list(vestibule, now).await?;
    let views: Vec<KeyView> = keys.iter().map(|(row, state)| KeyView::of(row, *state)).collect();
    format.answer(&views, || {
        let rows: Vec<_> = views.iter().map(KeyView::row).collect();
        output::table(["ID", "STATE", "SIGNS FROM", "MADE"], &rows)
    })
}

/// A shared secret takes no turns, and is not ours to give up.
fn refuse_shared_secret(vestibule: &Vestibule) -> anyhow::Result<()> {
    anyhow::ensure!(
        vestibule.config.tokens.algorithm != Algorithm::HS256,
        "Tokens are signed with `tokens.hs256_secret`: choose another one and restart every node. Nothing was changed."
    );
    Ok(())
}

async fn in_turn(vestibule: &Vestibule, format: Format, now: Timestamp) -> anyhow::Result<()> {
    refuse_shared_secret(vestibule)?;
    let signs_from = rotate_keys::in_turn(vestibule, &Caller::operator(), now).await?;
    format.answer(&json!({ "signs_from": signs_from.to_string() }), || {
        format!("The next key is published, and signs from {signs_from} on.")
    })
}

async fn at_once(vestibule: &Vestibule, format: Format, now: Timestamp) -> anyhow::Result<()> {
    refuse_shared_secret(vestibule)?;
    let ended = rotate_keys::at_once(vestibule, &Caller::operator(), now).await?;
    format.answer(&json!({ "sessions_ended": ended }), || {
        format!("A new key signs. Nothing that was signed before counts; sessions ended: {ended}.")
    })
}

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
struct KeyView<'row> {
    id: &'row str,
    algorithm: &'row str,
    state: State,
    signs_from: String,
    created_at: String,
    withdrawn_at: Option<String>,
}

impl<'row> KeyView<'row> {
    fn of(key: &'row SigningKey, state: State) -> Self {
        Self {
            id: key.id.as_str(),
            algorithm: &key.algorithm,
            state,
            signs_from: key.signs_from.to_string(),
            created_at: key.created_at.to_string(),
            withdrawn_at: key.withdrawn_at.map(|at| at.to_string()),
        }
    }

    fn row(&self) -> [String; 4] {
        let state = match (self.state, &self.withdrawn_at) {
            (State::Next, _) => "next",
            (State::Current, _) => "current",
            (State::Retiring, _) => "retiring",
            (State::Gone, None) => "gone",
            (State::Gone, Some(_)) => "gone (given up)",
        };
        [self.id.to_owned(), state.to_owned(), self.signs_from.clone(), self.created_at.clone()]
    }
}
