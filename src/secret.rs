//! Secrets: randomness, digests and everything derived from the one secret an operator keeps (D12).
//!
//! | what | how |
//! |---|---|
//! | [`random`] | the operating system's generator, through aws-lc |
//! | [`OneTimeToken`] | 256 random bits: shown once, stored as their SHA-256 |
//! | [`MasterSecret`] | 32 bytes; [`derive`](MasterSecret::derive) makes a key for each use (HKDF-SHA256, RFC 5869) |
//! | [`Sealer`] | AES-256-GCM with the row's place as associated data: a sealed value moved elsewhere does not open |
//! | [`Authenticator`] | HMAC-SHA256, for what a browser keeps for us and for keys of throttle buckets |

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, digest, hkdf, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

/// `N` bytes nobody can guess.
///
/// # Panics
///
/// If the operating system has no randomness to give: there is no safe way to go on.
#[expect(clippy::disallowed_methods, clippy::panic, reason = "the one home of randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    match rand::fill(&mut bytes) {
        Ok(()) => bytes,
        Err(_) => panic!("the operating system gave no randomness"),
    }
}

/// The SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// `bytes` as base64url without padding (RFC 4648 §5).
pub fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind base64url without padding; nothing if `text` is anything else.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Whether two byte strings are equal, in a time that does not tell where they differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// A secret that is handed out once, in a link; we keep only its [`digest`](OneTimeToken::digest).
pub struct OneTimeToken(SecretString);

impl OneTimeToken {
    /// A new one, of 256 random bits.
    pub fn generate() -> Self {
        Self(to_base64url(&random::<32>()).into())
    }

    /// What the database keeps. A fast hash will do: nobody can try 2^256 tokens.
    pub fn digest(&self) -> String {
        digest_of_token(self.0.expose_secret())
    }

    /// The text for the link.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken(…)")
    }
}

/// The digest under which a token that somebody presents would be kept.
pub fn digest_of_token(token: &str) -> String {
    to_base64url(&sha256(token.as_bytes()))
}

/// The 32 bytes from which every other key is derived.
pub struct MasterSecret(SecretBox<[u8; 32]>);

impl MasterSecret {
    /// The secret made of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The secret kept at `path`; on the first start one is made there, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, holds something else, or can be read by others.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match Self::load(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            other => other,
        }
    }

    /// Whole or not at all: a first start that is killed in the middle must not leave half a secret, nor a power cut
    /// a database without one.
    fn create(path: &Path) -> io::Result<Self> {
        let bytes = random::<32>();
        let draft = path.with_extension(to_base64url(&random::<8>()));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        // A link, not a rename: of two first starts at once the second reads what the first has written.
        let kept = writeln!(file, "{}", to_base64url(&bytes))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        match kept {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Self::load(path),
            other => other?,
        }
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        fs::File::open(dir.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
        Ok(Self::from_bytes(bytes))
    }

    fn load(path: &Path) -> io::Result<Self> {
        let invalid = |words: &str| io::Error::new(io::ErrorKind::InvalidData, words.to_owned());
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            return Err(invalid("others can read it; run `chmod 600` on it"));
        }
        from_base64url(fs::read_to_string(path)?.trim())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self::from_bytes)
            .ok_or_else(|| invalid("it should hold 32 bytes as base64url; restore it from a backup"))
    }

    /// A key for one use, named by `label`; keys of different labels tell nothing of each other. It is wiped when its
    /// last holder is gone.
    pub fn derive(&self, label: &str) -> SecretBox<[u8; 32]> {
        let info = [b"vestibule ".as_slice(), label.as_bytes()];
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(self.0.expose_secret());
        SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            // 32 bytes are always within what HKDF-SHA256 can give.
            let _ = prk.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(key));
        })
    }

    /// The sealer for rows of one kind.
    pub fn sealer(&self, label: &str) -> Sealer {
        Sealer(Arc::new(self.derive(label)))
    }

    /// The authenticator for one purpose.
    pub fn authenticator(&self, label: &str) -> Authenticator {
        Authenticator(hmac::Key::new(hmac::HMAC_SHA256, self.derive(label).expose_secret()))
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(…)")
    }
}

/// Encrypts what must not be readable in a stolen database.
#[derive(Clone)]
pub struct Sealer(Arc<SecretBox<[u8; 32]>>);

impl Sealer {
    /// `plain`, encrypted for the place that `context` names (table, column, row id), behind its nonce.
    pub fn seal(&self, plain: &[u8], context: &str) -> Option<Vec<u8>> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.expose_secret().as_slice()).ok()?;
        let mut sealed = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(context), &mut sealed).ok()?;
        Some([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// What was sealed for `context`; nothing if it was altered, or sealed for another place or by another key.
    pub fn open(&self, sealed: &[u8], context: &str) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.expose_secret().as_slice()).ok()?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = key.open_in_place(nonce, Aad::from(context), &mut body).ok()?;
        Some(plain.to_vec())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

/// Recognises what we ourselves wrote.
#[derive(Clone)]
pub struct Authenticator(hmac::Key);

impl Authenticator {
    /// The tag of `parts`; their lengths count, so that `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn tag(&self, parts: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator(…)")
    }
}

/// Makes the directory that keeps secrets, open to its owner alone; an empty one that is there is closed to others.
/// One that holds something already is left as it is: each file in it is private by itself.
///
/// # Errors
///
/// When it cannot be made or read.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    if !path.exists() {
        return fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    }
    if fs::read_dir(path)?.next().is_none() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes an empty file that its owner alone can read, unless there is a file already.
///
/// # Errors
///
/// When it cannot be made.
pub fn create_private_file(path: &Path) -> io::Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
