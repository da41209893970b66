//! The keys we sign and check with.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::{Header, Validation};
use serde::Serialize;

use super::{AccessClaims, Key, Profile, TokenError, shape};
use crate::clock::Timestamp;
use crate::id::KeyId;

/// Keys that take turns: of those whose time has come the youngest signs, and the tokens of the others go on counting
/// until the last of them has ended. Every node that has the keys comes to the same answer by its clock.
#[derive(Debug)]
pub struct KeyRing {
    /// The youngest first.
    keys: RwLock<Arc<[RingKey]>>,
    profile: Profile,
}

/// A key, and from when on it signs.
#[derive(Clone, Debug)]
pub struct RingKey {
    /// The key.
    pub key: Key,
    /// From when on it signs, until another does.
    pub signs_from: Timestamp,
    /// Its public half (RFC 7517); a shared secret has none.
    pub public_jwk: Option<serde_json::Value>,
}

impl KeyRing {
    /// A ring of these keys.
    pub fn new(keys: Vec<RingKey>, profile: Profile) -> Self {
        let ring = Self { keys: RwLock::new(Arc::from([])), profile };
        ring.replace(keys);
        ring
    }

    /// Takes these keys in place of those it had.
    pub fn replace(&self, mut keys: Vec<RingKey>) {
        // The id decides where two begin in one second, as it does in the database.
        keys.sort_by(|one, other| {
            (other.signs_from, other.key.id.as_str()).cmp(&(one.signs_from, one.key.id.as_str()))
        });
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }

    /// Whether these are the keys it has, and their times.
    pub fn holds(&self, wanted: &[(KeyId, Timestamp)]) -> bool {
        let keys = self.keys();
        keys.len() == wanted.len()
            && keys.iter().all(|has| {
                wanted.iter().any(|(id, signs_from)| *id == has.key.id && *signs_from == has.signs_from)
            })
    }

    fn keys(&self) -> Arc<[RingKey]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that signs at `now`, if the time of any has come.
    pub fn current(&self, now: Timestamp) -> Option<KeyId> {
        self.keys().iter().find(|key| key.signs_from <= now).map(|key| key.key.id.clone())
    }

    /// No token lives longer after it was signed, and clocks differ by no more than five minutes.
    pub const LAST_TOKENS: Duration = Duration::from_mins(65);

    /// The keys that others need to check our tokens at `now`, as a JWK set (RFC 7517 §5): the one that signs, those that
    /// will, and those whose last tokens may still be about.
    pub fn published(&self, now: Timestamp) -> String {
        let keys = self.keys();
        let turns = keys.iter().map(|key| Some(key.signs_from));
        // The younger neighbour's time is the end of one's own.
        let ends = std::iter::once(None).chain(turns);
        let is_live = |end: Option<Timestamp>| end.is_none_or(|end| now < end + Self::LAST_TOKENS);
        let live = keys.iter().zip(ends).filter(|(_, end)| is_live(*end));
        let keys: Vec<_> = live.filter_map(|(key, _)| key.public_jwk.as_ref()).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }

    /// What all our tokens have in common.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// `claims` as a signed token, by the key of the moment that they were issued at: asked for again, it is the same.
    ///
    /// # Errors
    ///
    /// [`TokenError::Forged`] when no key can sign: never with keys that were loaded.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        self.sign_as("at+jwt", claims, claims.iat)
    }

    /// What `claims` say at `iat` as a signed document of another kind: its `typ` keeps it from being taken for an access
    /// token, and those from being taken for it (RFC 8725 §3.11).
    ///
    /// # Errors
    ///
    /// [`TokenError::Forged`] when no key can sign: never with keys that were loaded.
    pub fn sign_as(&self, typ: &str, claims: &impl Serialize, iat: Timestamp) -> Result<String, TokenError> {
        let keys = self.keys();
        // A clock that was set back behind the first key's time: that one signs.
        let current = keys.iter().find(|key| key.signs_from <= iat).or(keys.last());
        let key = &current.ok_or(TokenError::Forged)?.key;
        let mut header = Header::new(key.algorithm);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.id.as_str().to_owned());
        jsonwebtoken::encode(&header, claims, &key.signing).map_err(|_| TokenError::Forged)
    }

    /// Reads the claims out of `token`, having checked them as RFC 7519 §7.2 and RFC 8725 §3 ask: our form, our
    /// algorithm for that key, our signature, from us, for us, begun and not ended at `now`.
    ///
    /// # Errors
    ///
    /// The first [`TokenError`] met in that order.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        let claims = self.verify_signature(token)?;
        self.profile.check(&claims, now)?;
        Ok(claims)
    }

    /// Checks again, at the moment `now`, what was read out of a token of ours: all but form and signature, which no
    /// time changes.
    ///
    /// # Errors
    ///
    /// [`TokenError::Claims`] or [`TokenError::Expired`].
    pub fn check(&self, claims: &AccessClaims, now: Timestamp) -> Result<(), TokenError> {
        self.profile.check(claims, now)
    }

    /// Reads the claims of a token of ours that may have ended: to find the session to end, never to let anybody in.
    ///
    /// # Errors
    ///
    /// The first [`TokenError`] met, but never [`TokenError::Expired`].
    pub fn verify_ended(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let claims = self.verify_signature(token)?;
        self.profile.check(&claims, claims.iat)?;
        Ok(claims)
    }

    fn verify_signature(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let header = shape::read_header(token)?;
        let keys = self.keys();
        let at = keys.iter().position(|key| key.key.id.as_str() == header.kid).ok_or(TokenError::Forged)?;
        let (younger, RingKey { key, .. }) = (keys.get(..at), keys.get(at).ok_or(TokenError::Forged)?);
        if format!("{:?}", key.algorithm) != header.alg {
            return Err(TokenError::Forged);
        }
        let mut validation = Validation::new(key.algorithm);
        // Times, issuer and audience are ours to check: the library would read the clock, and accepts an issuer in
        // an array, a float for a time and an `iat` in the future.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = match jsonwebtoken::decode::<AccessClaims>(token, &key.checking, &validation) {
            Ok(data) => data.claims,
            Err(error) => {
                return Err(match error.kind() {
                    jsonwebtoken::errors::ErrorKind::Json(_) => TokenError::Claims,
                    _ => TokenError::Forged,
                });
            }
        };
        // A key whose turn is over signs nothing new, whoever has it by now.
        let its_end = younger.and_then(<[_]>::last).map(|next| next.signs_from + self.profile.leeway);
        match its_end {
            Some(end) if claims.iat >= end => Err(TokenError::Claims),
            _ => Ok(claims),
        }
    }
}
