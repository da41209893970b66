//! What a token says.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Status, TokenError};
use crate::clock::Timestamp;
use crate::id::{SessionId, TokenId, UserId};

/// The claims of an access token, under their registered names.
///
/// The set is closed and typed: a duplicate, a float, a string in place of a number or a member we do not know
/// refuses the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// Who issued it: our public URL (RFC 7519 §4.1.1).
    pub iss: String,
    /// Whom it is about, opaque and never used again (§4.1.2).
    pub sub: UserId,
    /// For whom it is meant (§4.1.3).
    pub aud: Audience,
    /// When it ends (§4.1.4).
    pub exp: Timestamp,
    /// When it begins (§4.1.5).
    pub nbf: Timestamp,
    /// When it was issued (§4.1.6).
    pub iat: Timestamp,
    /// Its own id (§4.1.7).
    pub jti: TokenId,
    /// The application it was issued to (RFC 8693 §4.3): ourselves.
    pub client_id: String,
    /// The session behind it (OpenID Connect Front-Channel Logout §3).
    pub sid: SessionId,
    /// When the user last proved who they are (OpenID Connect Core §2).
    pub auth_time: Timestamp,
    /// How (RFC 8176 §2).
    pub amr: Vec<String>,
    /// The user's name, public by nature (OpenID Connect Core §5.1).
    pub preferred_username: String,
    /// The groups that the user was in when it was issued (RFC 9068 §2.2.3.1). Tokens from before there were groups
    /// have none.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Where others learn whether it was taken back (draft-ietf-oauth-status-list). Tokens of sessions from before there
    /// was a list have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// One audience, or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// As we issue it.
    One(String),
    /// As the standard allows it.
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// What all our tokens have in common.
#[derive(Clone, Debug)]
pub struct Profile {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
    /// How far clocks may be apart.
    pub leeway: Duration,
}

/// The last second of the year 9999: no time of ours lies beyond.
const END_OF_TIME: i64 = 253_402_300_799;

impl Profile {
    /// Checks what the signature cannot: issuer, audience and times, at the moment `now`.
    pub(super) fn check(&self, claims: &AccessClaims, now: Timestamp) -> Result<(), TokenError> {
        let times = [claims.exp, claims.nbf, claims.iat, claims.auth_time];
        let sane = times.iter().all(|time| (0..=END_OF_TIME).contains(&time.seconds()));
        let ours = claims.iss == self.issuer && claims.aud.contains(&self.audience);
        let begun = claims.nbf <= now + self.leeway && claims.iat <= now + self.leeway;
        let short = claims.exp <= claims.iat + self.lifetime.max(Self::LONGEST);
        if !(sane && ours && begun && short) {
            return Err(TokenError::Claims);
        }
        if now >= claims.exp + self.leeway {
            return Err(TokenError::Expired);
        }
        Ok(())
    }

    /// No token of ours lives longer, whatever it says.
    const LONGEST: Duration = Duration::from_hours(1);
}
