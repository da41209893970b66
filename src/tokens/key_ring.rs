//! The keys we sign and check with.

use std::collections::HashMap;

use jsonwebtoken::{Header, Validation};

use super::{AccessClaims, Key, Profile, TokenError, shape};
use crate::clock::Timestamp;
use crate::id::KeyId;

/// One key that signs, and every key whose tokens may still be about.
#[derive(Debug)]
pub struct KeyRing {
    current: Key,
    checking: HashMap<String, Key>,
    profile: Profile,
}

impl KeyRing {
    /// A ring that signs with `current` and checks with it and `others`.
    pub fn new(current: Key, others: Vec<Key>, profile: Profile) -> Self {
        let checking = others.into_iter().chain([current.clone()]);
        let checking = checking.map(|key| (key.id.as_str().to_owned(), key)).collect();
        Self { current, checking, profile }
    }

    /// The key that signs at present.
    pub fn current(&self) -> &KeyId {
        &self.current.id
    }

    /// What all our tokens have in common.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// `claims` as a signed token.
    ///
    /// # Errors
    ///
    /// [`TokenError::Forged`] when the key cannot sign: never with a key that was loaded.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        let mut header = Header::new(self.current.algorithm);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.current.id.as_str().to_owned());
        jsonwebtoken::encode(&header, claims, &self.current.signing).map_err(|_| TokenError::Forged)
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
        let key = self.checking.get(&header.kid).ok_or(TokenError::Forged)?;
        if format!("{:?}", key.algorithm) != header.alg {
            return Err(TokenError::Forged);
        }
        let mut validation = Validation::new(key.algorithm);
        // Times, issuer and audience are ours to check: the library would read the clock, and accepts an issuer in
        // an array, a float for a time and an `iat` in the future.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        match jsonwebtoken::decode::<AccessClaims>(token, &key.checking, &validation) {
            Ok(data) => Ok(data.claims),
            Err(error) => Err(match error.kind() {
                jsonwebtoken::errors::ErrorKind::Json(_) => TokenError::Claims,
                _ => TokenError::Forged,
            }),
        }
    }
}
