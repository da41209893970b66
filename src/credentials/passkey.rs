//! Passkeys: what is asked of a browser, and whether its answer proves anything (WebAuthn Level 3). The one home of the
//! library that knows the bytes.
//!
//! Every passkey is asked to look at its user (UV), so that it counts for two factors, and to be found without a name
//! being typed (a discoverable credential), so that it can sign in alone.

use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude as library;

use crate::secret;

/// Who asks for passkeys: the host that they are made for, and the one origin that may use them.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    webauthn: library::Webauthn,
    id: String,
}

/// A question for a browser.
#[derive(Clone, Debug)]
pub struct Question {
    /// For `navigator.credentials`: the member `publicKey`, as JSON.
    pub options: Value,
    /// What has to be known when the answer comes, and must come back unchanged.
    pub state: Value,
}

/// Whom a new passkey is for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Their id: what the passkey remembers of them.
    pub id: &'a str,
    /// What a device calls their account.
    pub username: &'a str,
    /// What they are called.
    pub display_name: &'a str,
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What its device calls it, in base64url.
    pub credential_id: String,
    /// Its public half, as it is to be kept.
    pub credential: Vec<u8>,
    /// What kind of thing made it, if that says so.
    pub aaguid: Option<String>,
    /// Whether more than one device has it already.
    pub is_synced: bool,
    /// Whether it may come to be on more than one: then it is no key in hardware.
    pub may_be_synced: bool,
    /// How often it has signed.
    pub sign_count: i64,
}

/// What a passkey showed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its public half, as it is to be kept from now on.
    pub credential: Vec<u8>,
    /// Whether more than one device has it by now.
    pub is_synced: bool,
    /// Whether it may come to be on more than one: then it is no key in hardware.
    pub may_be_synced: bool,
    /// How often it has signed.
    pub sign_count: i64,
}

/// Why an answer proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Not what was asked for: another challenge, host or origin, a wrong signature, no answer at all, or its user was
    /// not looked at.
    #[error("the answer of the passkey does not hold")]
    Refused,
    /// Its count went backwards: there is a copy of it.
    #[error("the count of the passkey went backwards")]
    Cloned,
}

/// The answer of a browser to [`RelyingParty::ask`], unchecked.
#[derive(Clone, Debug)]
pub struct Answer(library::PublicKeyCredential);

impl Answer {
    /// Reads the answer out of its JSON.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// Which passkey it says it is of, in base64url.
    pub fn credential_id(&self) -> String {
        secret::to_base64url(self.0.get_credential_id())
    }

    /// Whose it says it is, if it says.
    pub fn user_id(&self) -> Option<String> {
        let bytes = self.0.get_user_unique_id()?;
        library::Uuid::from_slice(bytes).ok().map(|id| id.to_string())
    }
}

impl RelyingParty {
    /// Us, known as `id` and called `name`, with our pages at `origin`; nobody, if a browser would not take that: an
    /// address is no host.
    pub fn new(id: &str, origin: &str, name: &str) -> Option<Self> {
        let origin = library::Url::parse(origin).ok()?;
        let webauthn = library::WebauthnBuilder::new(id, &origin).ok()?.rp_name(name).build().ok()?;
        Some(Self { webauthn, id: id.to_owned() })
    }

    /// The host that our passkeys are for.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Asks for a new passkey for `owner`, but not on a device that has one of `known`.
    pub fn ask_for_new(&self, owner: Owner<'_>, known: &[String]) -> Option<Question> {
        let id = library::Uuid::parse_str(owner.id).ok()?;
        let known = known.iter().filter_map(|id| secret::from_base64url(id)).collect();
        let (asked, state) = self
            .webauthn
            .start_passkey_registration(id, owner.username, owner.display_name, Some(known))
            .ok()?;
        let mut options = serde_json::to_value(asked.public_key).ok()?;
        // The library discourages it, since security keys have little room; without it nobody is found at sign-in.
        let selection = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut)?;
        selection.insert("residentKey".to_owned(), json!("required"));
        selection.insert("requireResidentKey".to_owned(), json!(true));
        Some(Question { options, state: serde_json::to_value(state).ok()? })
    }

    /// The passkey in `answer`.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::Refused`].
    pub fn take_new(&self, state: &Value, answer: &str) -> Result<Made, PasskeyError> {
        let refused = |_| PasskeyError::Refused;
        let state: library::PasskeyRegistration = serde_json::from_value(state.clone()).map_err(refused)?;
        let sent: library::RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(refused)?;
        let made =
            self.webauthn.finish_passkey_registration(&sent, &state).map_err(|_| PasskeyError::Refused)?;
        let known = Known::of(&made).ok_or(PasskeyError::Refused)?;
        Ok(Made {
            credential_id: secret::to_base64url(made.cred_id()),
            credential: serde_json::to_vec(&made).map_err(refused)?,
            aaguid: aaguid(answer),
            is_synced: known.backup_state,
            may_be_synced: known.backup_eligible,
            sign_count: known.counter,
        })
    }

    /// Asks for a passkey: for one of `only`, or for any that there is for us, if that is empty.
    pub fn ask(&self, only: &[String]) -> Option<Question> {
        let (asked, state) = self.webauthn.start_discoverable_authentication().ok()?;
        // Without the library's `mediation`: whether it is a button or the name's field, the page knows.
        let mut options = serde_json::to_value(asked.public_key).ok()?;
        let only: Vec<_> = only.iter().map(|id| json!({ "type": "public-key", "id": id })).collect();
        options.as_object_mut()?.insert("allowCredentials".to_owned(), only.into());
        Some(Question { options, state: serde_json::to_value(state).ok()? })
    }

    /// Checks `answer` by the public half that was kept: the challenge, our origin and host, that the user was looked
    /// at, the signature, and last the count.
    ///
    /// # Errors
    ///
    /// [`PasskeyError`]; what is cloned has signed all the same.
    pub fn check(&self, state: &Value, answer: &Answer, credential: &[u8]) -> Result<Shown, PasskeyError> {
        let refused = |_| PasskeyError::Refused;
        let state = serde_json::from_value(state.clone()).map_err(refused)?;
        let mut passkey: library::Passkey = serde_json::from_slice(credential).map_err(refused)?;
        let done = self.webauthn.finish_discoverable_authentication_v2(&answer.0, state, &passkey).map_err(
            |error| match error {
                library::WebauthnError::CredentialPossibleCompromise => PasskeyError::Cloned,
                _ => PasskeyError::Refused,
            },
        )?;
        // Asked for in the question already; said once more, since all that a passkey counts for hangs on it.
        if !done.user_verified() {
            return Err(PasskeyError::Refused);
        }
        passkey.update_credential(&done);
        Ok(Shown {
            credential: serde_json::to_vec(&passkey).map_err(refused)?,
            is_synced: done.backup_state(),
            may_be_synced: done.backup_eligible(),
            sign_count: done.counter().into(),
        })
    }
}

/// What a passkey knows its owner by, in base64url, as browsers write it: the bytes of their id.
pub fn user_handle(user: &str) -> Option<String> {
    library::Uuid::parse_str(user).ok().map(|id| secret::to_base64url(id.as_bytes()))
}

/// What the library knows of a passkey and shows in its JSON alone.
#[derive(Deserialize)]
struct Known {
    counter: i64,
    backup_state: bool,
    backup_eligible: bool,
}

impl Known {
    fn of(passkey: &library::Passkey) -> Option<Self> {
        let whole = serde_json::to_value(passkey).ok()?;
        serde_json::from_value(whole.get("cred")?.clone()).ok()
    }
}

/// What made a new passkey, as its authenticator data says (WebAuthn §6.5.1): 16 bytes behind the host, the flags and
/// the count. Nobody vouches for it, so it is good for a name and for nothing else.
fn aaguid(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let data = answer.get("response")?.get("authenticatorData")?.as_str()?;
    let id = library::Uuid::from_slice(secret::from_base64url(data)?.get(37..53)?).ok()?;
    (!id.is_nil()).then(|| id.to_string())
}
