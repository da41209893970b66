//! `vestibule session`: see where people are signed in, and end it.

use anyhow::Context as _;
use serde::Serialize;
use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use super::user_named;
use crate::clock::Timestamp;
use crate::config::Overrides;
use crate::flows::caller::Caller;
use crate::flows::{end_session, overview};
use crate::id::SessionId;
use crate::models::{self, RevokedBecause};
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule session list ada
  vestibule session revoke --user ada --all";
const LIST_EXAMPLES: &str = "\
Examples:
  vestibule session list ada
  vestibule session list ada --json | jq -r '.[].id'";
const REVOKE_EXAMPLES: &str = "\
A running server knows within a second.

Examples:
  vestibule session revoke 019aa1c2-7d1e-7bd0-a1f2-30c5d0a4e6b7
  vestibule session revoke --user ada --all";

/// See and end sessions
#[derive(clap::Subcommand)]
pub(super) enum Session {
    /// List the live sessions of a user
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// A username or a user's id
        name: String,
        #[command(flatten)]
        format: Format,
    },
    /// End one session, or all of a user
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke {
        /// The session's id
        #[arg(required_unless_present = "user", conflicts_with_all = ["user", "all"])]
        id: Option<String>,
        /// Whose sessions to end
        #[arg(long, value_name = "NAME", requires = "all")]
        user: Option<String>,
        /// All of them
        #[arg(long, requires = "user")]
        all: bool,
        #[command(flatten)]
        format: Format,
    },
}

impl Session {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        global.with_instance(Overrides::default(), false, async |vestibule, now| match self {
            Self::List { name, format } => list(vestibule, &name, format, now).await,
            Self::Revoke { id: Some(id), format, .. } => revoke(vestibule, &id, format, now).await,
            Self::Revoke { user, format, .. } => {
                revoke_all(vestibule, &user.unwrap_or_default(), format, now).await
            }
        })
    }
}

async fn list(vestibule: &Vestibule, name: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let user = user_named::find(vestibule, name).await?;
    let sessions = overview::sessions(vestibule, &user.id, now).await?;
    let views: Vec<SessionView> = sessions.iter().map(SessionView::of).collect();
    format.answer(&views, || {
        let rows: Vec<_> = views.iter().map(SessionView::row).collect();
        output::table(["ID", "SIGNED IN", "LAST SEEN", "ADDRESS", "WITH"], &rows)
    })
}

async fn revoke(vestibule: &Vestibule, id: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let id = SessionId::from(id);
    let session = overview::session(vestibule, &id).await?;
    let user = session.with_context(|| format!("There is no session `{id}`."))?.user_id;
    let (because, caller) = (RevokedBecause::Operator, Caller::operator());
    let ended = end_session::one(vestibule, &user, &id, because, &caller, now).await?;
    format.answer(&json!({ "revoked": usize::from(ended) }), || {
        if ended { "Session ended." } else { "That session had ended before." }.to_owned()
    })
}

async fn revoke_all(vestibule: &Vestibule, name: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let user = user_named::find(vestibule, name).await?;
    let (because, caller) = (RevokedBecause::Operator, Caller::operator());
    let ended = end_session::all_but(vestibule, &user.id, None, because, &caller, now).await?;
    format.answer(&json!({ "revoked": ended }), || format!("Sessions of {} ended: {ended}.", user.username))
}

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
struct SessionView<'row> {
    id: &'row str,
    user_id: &'row str,
    created_at: String,
    authenticated_at: String,
    last_seen_at: String,
    expires_at: String,
    amr: Vec<&'row str>,
    address: &'row str,
    user_agent: &'row str,
}

impl<'row> SessionView<'row> {
    fn of(session: &'row models::Session) -> Self {
        Self {
            id: session.id.as_str(),
            user_id: session.user_id.as_str(),
            created_at: session.created_at.to_string(),
            authenticated_at: session.authenticated_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            expires_at: session.expires_at.to_string(),
            amr: session.amr.split_whitespace().collect(),
            address: &session.address,
            user_agent: &session.user_agent,
        }
    }

    fn row(&self) -> [String; 5] {
        let (id, address, agent) = (self.id.to_owned(), self.address.to_owned(), self.user_agent.to_owned());
        [id, self.created_at.clone(), self.last_seen_at.clone(), address, agent]
    }
}
