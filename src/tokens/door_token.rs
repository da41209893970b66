//! What passes the doors of other hosts (forward-auth), and nothing else.
//!
//! It is no JWT and no key that we publish checks it: whoever gets hold of one, an application behind such a door first of
//! all, has nothing that any page or API of ours takes, or any service that verifies our tokens by itself.

use super::TokenError;
use crate::clock::Timestamp;
use crate::id::{SessionId, UserId};
use crate::secret::{self, Authenticator};

/// Longer ones are none of ours.
const MOST_BYTES: usize = 256;

/// Whose door token it is, of which session, since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorToken {
    /// Whose.
    pub user: UserId,
    /// It ends with this session.
    pub session: SessionId,
    /// When it was issued.
    pub issued_at: Timestamp,
}

impl DoorToken {
    /// The text that the browser keeps: `user.session.seconds.tag`.
    pub fn seal(&self, key: &Authenticator) -> String {
        let said = format!("{}.{}.{}", self.user, self.session, self.issued_at.seconds());
        let tag = secret::to_base64url(&key.tag(&[&said]));
        format!("{said}.{tag}")
    }

    /// What `text` says, if we sealed it.
    ///
    /// # Errors
    ///
    /// [`TokenError::Malformed`] or [`TokenError::Forged`].
    pub fn open(text: &str, key: &Authenticator) -> Result<Self, TokenError> {
        if text.len() > MOST_BYTES {
            return Err(TokenError::Malformed);
        }
        let (said, tag) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let mut parts = said.split('.');
        let (Some(user), Some(session), Some(issued_at), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let tag = secret::from_base64url(tag).ok_or(TokenError::Malformed)?;
        if !secret::equal(&tag, &key.tag(&[said])) {
            return Err(TokenError::Forged);
        }
        let seconds = issued_at.parse().map_err(|_| TokenError::Malformed)?;
        let issued_at = Timestamp::from_seconds(seconds);
        Ok(Self { user: UserId::from(user), session: SessionId::from(session), issued_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterSecret;

    #[test]
    fn what_we_did_not_seal_is_not_opened() {
        let key = |byte: u8| MasterSecret::from_bytes([byte; 32]).authenticator("door token");
        let (user, session) = (UserId::new(), SessionId::new());
        let token = DoorToken { user, session, issued_at: Timestamp::from_seconds(1_800_000_000) };

        let text = token.seal(&key(1));

        assert_eq!(DoorToken::open(&text, &key(1)), Ok(token));
        assert_eq!(DoorToken::open(&text, &key(2)), Err(TokenError::Forged));
        assert_eq!(
            DoorToken::open(&text.replace("1800000000", "1900000000"), &key(1)),
            Err(TokenError::Forged)
        );
        for broken in ["", ".", "...", "a.b.c.d.e", &text[1..], &text[..text.len() - 1], &"a.".repeat(200)] {
            assert!(DoorToken::open(broken, &key(1)).is_err(), "{broken}");
        }
    }
}
