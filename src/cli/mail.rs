//! `vestibule mail`: does mail arrive, and what waits to leave?

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use crate::clock::Timestamp;
use crate::config::Overrides;
use crate::credentials::email::Email;
use crate::flows::{deliver_mail, overview};
use crate::id::MailId;
use crate::models::OutboxMail;
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule mail test ada@example.org
  vestibule mail list
  vestibule mail retry";
const TEST_EXAMPLES: &str = "\
Sends at once, and says what the mail server said.

Examples:
  vestibule mail test ada@example.org";
const LIST_EXAMPLES: &str = "\
Mails are listed for a week after they were written.

Examples:
  vestibule mail list
  vestibule mail list --json | jq -r '.[] | select(.state == \"given up\").id'";
const RETRY_EXAMPLES: &str = "\
A running server sends them within seconds.

Examples:
  vestibule mail retry
  vestibule mail retry 019aa1c2-7d1e-7bd0-a1f2-30c5d0a4e6b7";

/// See the outbox, and try whether mail arrives
#[derive(clap::Subcommand)]
pub(super) enum Mail {
    /// Send a test mail
    #[command(after_help = TEST_EXAMPLES)]
    Test {
        /// To whom
        address: String,
        #[command(flatten)]
        format: Format,
    },
    /// List the latest mails
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u16,
        #[command(flatten)]
        format: Format,
    },
    /// Send what waits or was given up
    #[command(after_help = RETRY_EXAMPLES)]
    Retry {
        /// Only the mail with this id
        id: Option<String>,
        #[command(flatten)]
        format: Format,
    },
}

impl Mail {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        global.with_instance(Overrides::default(), false, async |vestibule, now| match self {
            Self::Test { address, format } => test(vestibule, &address, format, now).await,
            Self::List { limit, format } => list(vestibule, limit, format).await,
            Self::Retry { id, format } => retry(vestibule, id, format, now).await,
        })
    }
}

async fn test(vestibule: &Vestibule, address: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let address = Email::parse(address)?.as_str().to_owned();
    let sent = deliver_mail::test(vestibule, address, now).await;
    let id = sent.context("The mail was not sent")?;
    format.answer(&json!({ "id": id }), || match vestibule.mailer.writes_files() {
        true => format!("No mail server is set, so this is a file: mail/{id}.eml in the data directory."),
        false => "The mail server took it.".to_owned(),
    })
}

async fn list(vestibule: &Vestibule, limit: u16, format: Format) -> anyhow::Result<()> {
    let mails = overview::mails(vestibule, i64::from(limit)).await?;
    let views: Vec<MailView> = mails.iter().map(MailView::of).collect();
    format.answer(&views, || {
        let rows: Vec<_> = views.iter().map(MailView::row).collect();
        output::table(["ID", "WRITTEN", "ABOUT", "TO", "STATE", "TRIES", "LAST ERROR"], &rows)
    })
}

async fn retry(
    vestibule: &Vestibule,
    id: Option<String>,
    format: Format,
    now: Timestamp,
) -> anyhow::Result<()> {
    let id = id.map(|id| MailId::from(id.as_str()));
    let count = deliver_mail::retry(vestibule, id.clone(), now).await?;
    if let (Some(id), 0) = (id, count) {
        bail!("No mail `{id}` waits for long or was given up.");
    }
    format.answer(&json!({ "due": count }), || format!("Mails that are due now: {count}."))
}

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
struct MailView<'row> {
    id: &'row str,
    written_at: String,
    about: &'static str,
    recipient: &'row str,
    state: &'static str,
    attempts: i64,
    send_after: Option<String>,
    sent_at: Option<String>,
    last_error: Option<&'row str>,
}

impl<'row> MailView<'row> {
    fn of(mail: &'row OutboxMail) -> Self {
        let state = match (mail.sent_at, mail.given_up_at) {
            (Some(_), _) => "sent",
            (None, Some(_)) => "given up",
            (None, None) => "waiting",
        };
        Self {
            id: mail.id.as_str(),
            written_at: mail.created_at.to_string(),
            about: mail.kind.as_str(),
            recipient: &mail.recipient,
            state,
            attempts: mail.attempts,
            send_after: mail.send_after.map(|at| at.to_string()),
            sent_at: mail.sent_at.map(|at| at.to_string()),
            last_error: mail.last_error.as_deref().filter(|_| mail.sent_at.is_none()),
        }
    }

    fn row(&self) -> [String; 7] {
        let [id, about, to, state] = [self.id, self.about, self.recipient, self.state].map(str::to_owned);
        let error = self.last_error.unwrap_or_default().to_owned();
        [id, self.written_at.clone(), about, to, state, self.attempts.to_string(), error]
    }
}
