//! What we ask of passkeys, held by the browser until it answers.
//!
//! ```text
//! seal: nothing is written ──> the browser holds it for five minutes ──> open ──> spend, in the deed's transaction
//! ```
//!
//! So a page of sign-in that stays open costs no row, and nobody fills a table by asking. It is good for what it was
//! asked for, by whom it was asked, once: of many who bring it at the same moment one is served.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::credentials::passkey::Question;
use crate::db::{self, AnyConnection};
use crate::id::{SessionId, UserId};
use crate::models::SpentCeremony;
use crate::secret;
use crate::vestibule::Vestibule;

/// How long somebody may take to find their device.
pub const LIFETIME: Duration = Duration::from_mins(5);

const PLACE: &str = "passkey ceremony";

/// What a passkey is asked for, and who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// To be added, in this session.
    Add { user: UserId, session: SessionId },
    /// To sign in whoever has it.
    SignIn,
    /// To be the second step of the sign-in behind this digest.
    SecondStep { challenge: String },
    /// To prove anew who has this session.
    Reauthenticate { user: UserId, session: SessionId },
}

/// A question, as the browser gets it.
#[derive(Clone, Debug, Serialize)]
pub struct Ceremony {
    /// For `navigator.credentials`.
    #[serde(rename = "publicKey")]
    pub options: Value,
    /// To be brought back with the answer: sealed, and good once.
    pub ceremony: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    purpose: Purpose,
    state: Value,
    expires_at: Timestamp,
}

/// A question that came back.
#[derive(Debug)]
pub(super) struct Opened {
    /// What was to be known when the answer comes.
    pub(super) state: Value,
    spent: SpentCeremony,
}

impl Opened {
    /// Uses it up, in the deed's transaction. Of many who try at once, one is told `true`.
    pub(super) fn spend(&self, conn: &mut AnyConnection) -> Result<bool, db::Error> {
        Ok(self.spent.insert(conn)?)
    }
}

/// Gives `question` to the browser.
pub(super) fn seal(
    here: &Vestibule,
    purpose: Purpose,
    question: Question,
    now: Timestamp,
) -> Option<Ceremony> {
    let sealed = Sealed { purpose, state: question.state, expires_at: now + LIFETIME };
    let bytes = here.ceremonies.seal(&serde_json::to_vec(&sealed).ok()?, PLACE)?;
    Some(Ceremony { options: question.options, ceremony: secret::to_base64url(&bytes) })
}

/// The question behind `text`; nothing, if it was altered, is too old, or was asked for something else or by somebody
/// else.
pub(super) fn open(here: &Vestibule, text: &str, purpose: &Purpose, now: Timestamp) -> Option<Opened> {
    let bytes = secret::from_base64url(text)?;
    let sealed: Sealed = serde_json::from_slice(&here.ceremonies.open(&bytes, PLACE)?).ok()?;
    // The digest of what was sealed and not of its text: there may be two ways to write one thing.
    let digest = secret::to_base64url(&secret::sha256(&bytes));
    let spent = SpentCeremony { digest, expires_at: sealed.expires_at };
    (sealed.purpose == *purpose && now < sealed.expires_at).then_some(Opened { state: sealed.state, spent })
}
