//! An authenticator in software (WebAuthn §6), and what a browser makes of its answers. It can lie as no browser would.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use vestibule::secret::{from_base64url, random, to_base64url};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MAY_BE_SYNCED: u8 = 0x08;
const SYNCED: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// A device that keeps one passkey.
pub struct Authenticator {
    pub key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub user: Option<Vec<u8>>,
    /// How often it has signed; a device that does not count stays at nought.
    pub count: u32,
    pub counts: bool,
    pub verifies: bool,
    pub is_synced: bool,
    pub aaguid: [u8; 16],
    pub origin: String,
    pub rp_id: String,
}

impl Authenticator {
    /// A new one, whose browser shows our pages.
    pub fn new() -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: random::<32>().to_vec(),
            user: None,
            count: 0,
            counts: true,
            verifies: true,
            is_synced: false,
            aaguid: [0; 16],
            origin: "http://localhost:8080".to_owned(),
            rp_id: "localhost".to_owned(),
        }
    }

    /// What it is called in lists.
    pub fn credential_id(&self) -> String {
        to_base64url(&self.id)
    }

    /// Makes its passkey as `options` ask: the credential, as the page would send it.
    pub fn create(&mut self, options: &Value) -> String {
        self.user = from_base64url(options["user"]["id"].as_str().unwrap());
        let public = self.key.public_key().as_ref();
        // EC2, ES256, P-256, and the two coordinates (RFC 9053 §2.1).
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend_from_slice(&public[1..33]);
        cose.extend_from_slice(&[0x22, 0x58, 0x20]);
        cose.extend_from_slice(&public[33..65]);
        let mut data = self.data(HAS_CREDENTIAL);
        data.extend_from_slice(&self.aaguid);
        data.extend_from_slice(&u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.id);
        data.extend_from_slice(&cose);
        let mut object = vec![0xa3, 0x63];
        object.extend_from_slice(b"fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend_from_slice(&data);
        let client = self.client("webauthn.create", &options["challenge"]);
        self.credential(json!({
            "clientDataJSON": to_base64url(client.as_bytes()),
            "attestationObject": to_base64url(&object),
            "authenticatorData": to_base64url(&data),
            "transports": ["internal"],
        }))
    }

    /// Signs what `options` ask: the credential, as the page would send it.
    pub fn sign(&mut self, options: &Value) -> String {
        if self.counts {
            self.count += 1;
        }
        let data = self.data(0);
        let client = self.client("webauthn.get", &options["challenge"]);
        let signed = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.credential(json!({
            "clientDataJSON": to_base64url(client.as_bytes()),
            "authenticatorData": to_base64url(&data),
            "signature": to_base64url(signature.as_ref()),
            "userHandle": self.user.as_deref().map(to_base64url),
        }))
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let flags = flags
            | PRESENT
            | if self.verifies { VERIFIED } else { 0 }
            | if self.is_synced { MAY_BE_SYNCED | SYNCED } else { 0 };
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend_from_slice(&self.count.to_be_bytes());
        data
    }

    fn client(&self, kind: &str, challenge: &Value) -> String {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn credential(&self, response: Value) -> String {
        let id = self.credential_id();
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
        })
        .to_string()
    }
}
