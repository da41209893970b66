//! The words of one mail.

use serde::{Deserialize, Serialize};

use crate::id::MailId;
use crate::secret::Sealer;

/// The words of one mail, as text and again as HTML.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// For everybody.
    pub text: String,
    /// The same for those who like it dressed: nothing in it is fetched from anywhere, and nobody is watched.
    pub html: String,
}

impl Letter {
    /// The words, readable only with our secret: there may be a link in them, and a stolen database must not have it.
    pub fn seal(&self, sealer: &Sealer, id: &MailId) -> Option<Vec<u8>> {
        sealer.seal(&serde_json::to_vec(self).ok()?, id.as_str())
    }

    /// The words that were sealed for this mail.
    pub fn open(sealer: &Sealer, id: &MailId, sealed: &[u8]) -> Option<Self> {
        serde_json::from_slice(&sealer.open(sealed, id.as_str())?).ok()
    }
}

/// A link may not reach a log.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}
