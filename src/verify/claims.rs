//! What a token says to those who rely on it.

use serde::Deserialize;

use super::VerifyError;

/// The claims of a good token, under their registered names. What else it says is passed over: an issuer that is
/// newer than this crate may say more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Who issued it (RFC 7519 §4.1.1).
    pub iss: String,
    /// Whom it is about, opaque and never used again (§4.1.2): what to keep of a user.
    pub sub: String,
    /// For whom it is meant (§4.1.3).
    #[serde(deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// When it ends (§4.1.4), in seconds since 1970, as all times here.
    pub exp: i64,
    /// When it begins (§4.1.5).
    #[serde(default)]
    pub nbf: Option<i64>,
    /// When it was issued (§4.1.6).
    pub iat: i64,
    /// Its own id (§4.1.7).
    #[serde(default)]
    pub jti: Option<String>,
    /// The application it was issued to (RFC 8693 §4.3).
    #[serde(default)]
    pub client_id: Option<String>,
    /// The session behind it (OpenID Connect Front-Channel Logout §3).
    #[serde(default)]
    pub sid: Option<String>,
    /// When the user last proved who they are (OpenID Connect Core §2).
    #[serde(default)]
    pub auth_time: Option<i64>,
    /// How (RFC 8176 §2): `pwd`, `otp`, `mfa` and others.
    #[serde(default)]
    pub amr: Vec<String>,
    /// The user's name, to be shown (OpenID Connect Core §5.1); it may change, and go to somebody else.
    #[serde(default)]
    pub preferred_username: Option<String>,
    /// The groups that the user was in when it was issued (RFC 9068 §2.2.3.1).
    #[serde(default)]
    pub groups: Vec<String>,
    /// Where it stands in the issuer's list of tokens that were ended early.
    #[serde(default)]
    pub(super) status: Option<Status>,
}

/// The claim `status` (draft-ietf-oauth-status-list §6).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Status {
    pub(super) status_list: StatusReference,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct StatusReference {
    pub(super) idx: u64,
    pub(super) uri: String,
}

impl Claims {
    /// Whether the user was in that group when the token was issued.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one == group)
    }

    /// Checks what the signature cannot, at the second `now`.
    pub(super) fn check(
        &self,
        issuer: &str,
        audience: &str,
        leeway: i64,
        now: i64,
    ) -> Result<(), VerifyError> {
        if self.iss != issuer || !self.aud.iter().any(|one| one == audience) {
            return Err(VerifyError::NotForUs);
        }
        let latest = now.saturating_add(leeway);
        if self.iat > latest || self.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(VerifyError::NotYet);
        }
        if now >= self.exp.saturating_add(leeway) {
            return Err(VerifyError::Expired);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// One audience or several (RFC 7519 §4.1.3).
fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}
