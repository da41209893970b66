//! A key that signs and checks, bound to one algorithm (RFC 8725 §3.1).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use crate::id::KeyId;
use crate::secret;

/// PKCS#8 v1 of an Ed25519 key (RFC 8410 §7), up to its 32 bytes.
const ED25519_PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A key, ready for use.
#[derive(Clone)]
pub struct Key {
    pub(super) id: KeyId,
    pub(super) algorithm: Algorithm,
    pub(super) signing: EncodingKey,
    pub(super) checking: DecodingKey,
}

/// A new key pair, before it is sealed and stored.
pub struct GeneratedKey {
    /// The thumbprint of the public half.
    pub id: KeyId,
    /// The public half as JSON.
    pub public_jwk: String,
    /// The private half: PKCS#8, to be sealed.
    pub private_der: Vec<u8>,
}

impl Key {
    /// A new Ed25519 key pair.
    ///
    /// # Errors
    ///
    /// Never in practice: when the library does not know its own algorithm.
    pub fn generate() -> Result<GeneratedKey, jsonwebtoken::errors::Error> {
        let private_der = [ED25519_PKCS8.as_slice(), &secret::random::<32>()].concat();
        let (id, jwk) = public_half(&private_der)?;
        Ok(GeneratedKey { id, public_jwk: serde_json::to_string(&jwk)?, private_der })
    }

    /// The key in `private_der`, as [`generate`](Self::generate) made it.
    ///
    /// # Errors
    ///
    /// When the bytes hold no Ed25519 key.
    pub fn from_ed25519(private_der: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let (id, jwk) = public_half(private_der)?;
        Ok(Self {
            id,
            algorithm: Algorithm::EdDSA,
            signing: EncodingKey::from_ed_der(private_der),
            checking: DecodingKey::from_jwk(&jwk)?,
        })
    }

    /// A shared secret for HS256, for clients that were written for one. Its `kid` is a digest that tells nothing.
    pub fn from_hs256_secret(text: &str) -> Self {
        let digest = secret::sha256(&[b"vestibule kid ".as_slice(), text.as_bytes()].concat());
        Self {
            id: KeyId::from(secret::to_base64url(digest.get(..12).unwrap_or_default()).as_str()),
            algorithm: Algorithm::HS256,
            signing: EncodingKey::from_secret(text.as_bytes()),
            checking: DecodingKey::from_secret(text.as_bytes()),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({}, {:?})", self.id, self.algorithm)
    }
}

fn public_half(private_der: &[u8]) -> Result<(KeyId, Jwk), jsonwebtoken::errors::Error> {
    let mut jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_der(private_der), Algorithm::EdDSA)?;
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256)?;
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    jwk.common.key_id = Some(thumbprint.clone());
    Ok((KeyId::from(thumbprint.as_str()), jwk))
}
