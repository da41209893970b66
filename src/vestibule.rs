//! [`Vestibule`]: what is built once from a [`Config`] and then handed to every deed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::oneshot;

use crate::clock::{Clock, Timestamp};
use crate::config::{Algorithm, Config, SmtpTls};
use crate::credentials::blocklist::{Blocklist, BlocklistError};
use crate::credentials::passkey::RelyingParty;
use crate::credentials::password::{Cost, HashError, PasswordHasher};
use crate::credentials::policy::PasswordPolicy;
use crate::db::{self, AnyConnection, Database, migrate};
use crate::id::RequestIds;
use crate::mail::{self, Mailer};
use crate::measures::Measures;
use crate::models::{Passkey, SigningKey};
use crate::secret::{self, Authenticator, MasterSecret, Sealer};
use crate::seen_sessions::{SeenKeys, SeenSessions};
use crate::token_status::TokenStatus;
use crate::tokens::{Forgeries, Key, KeyRing, Profile, RingKey};
use crate::verified_keys::VerifiedKeys;
use crate::verified_tokens::{TRUSTED_FOR, VerifiedTokens};

/// A running instance: configuration, database, hashing threads, keys. Cheap to clone; clones are one instance.
#[derive(Clone, Debug)]
pub struct Vestibule(Arc<Parts>);

/// A [`Vestibule`] as somebody knows it who must not keep it from ending.
#[derive(Clone, Debug)]
pub(crate) struct WeakVestibule(Weak<Parts>);

/// The parts of a [`Vestibule`].
#[derive(Debug)]
pub struct Parts {
    /// What the operator set.
    pub config: Config,
    /// The time. Edges ask it once a request; deeds are told.
    pub clock: Clock,
    /// The tables.
    pub db: Database,
    /// The threads that hash passwords.
    pub passwords: PasswordHasher,
    /// What we ask of a new password.
    pub policy: PasswordPolicy,
    /// The keys that sign and check tokens.
    pub tokens: KeyRing,
    /// Seals the private halves of them.
    pub signing_keys: Sealer,
    /// Names the requests.
    pub request_ids: RequestIds,
    /// Tokens that were found good.
    pub verified: VerifiedTokens,
    /// Which tokens are over before their time, for those who check them by themselves.
    pub status: TokenStatus,
    /// Sessions that were used, and whose rows do not say so yet.
    pub seen: SeenSessions,
    /// API keys that were found good.
    pub verified_keys: VerifiedKeys,
    /// API keys that were used, and whose rows do not say so yet.
    pub seen_keys: SeenKeys,
    /// Counts forged tokens.
    pub forgeries: Forgeries,
    /// Counts what else happens.
    pub measures: Measures,
    /// Recognises the cookie of a device that has signed in before (D16).
    pub device_tags: Authenticator,
    /// Names the buckets of throttles, so that a stolen database tells no address and no guess.
    pub bucket_tags: Authenticator,
    /// Seals what authenticator apps know.
    pub totp_secrets: Sealer,
    /// Recognises recovery codes.
    pub recovery_tags: Authenticator,
    /// Recognises the cookie of a browser that needs no second factor.
    pub trust_tags: Authenticator,
    /// Seals the public halves of passkeys, so that none is slipped in.
    pub passkey_seals: Sealer,
    /// Seals what we ask of passkeys while the browser holds it.
    pub ceremonies: Sealer,
    /// Who asks for passkeys; nobody, where browsers reach us by an address.
    pub passkeys: Option<RelyingParty>,
    /// Gives everybody who claims one e-mail address the same salt; see `flows::register`.
    pub email_salts: Authenticator,
    /// Makes a refresh token out of the one before it.
    pub refresh_tags: Authenticator,
    /// Recognises the tokens that pass the doors of other hosts.
    pub door_tags: Authenticator,
    /// Turns the code that proves an address into what the database keeps: eight digits are too few for a plain digest.
    pub email_codes: Authenticator,
    /// The way out for mails.
    pub mailer: Mailer,
    /// Seals their words until they leave.
    pub letters: Sealer,
    /// Rings when there is a new one.
    pub new_mail: Arc<tokio::sync::Notify>,
    /// Whether this process carries the mail: where nobody does, no page promises any.
    pub carries_mail: AtomicBool,
    /// Encrypts the flow cookie (D5).
    pub flow_key: secrecy::SecretBox<[u8; 32]>,
    /// Goes with the instance, and so tells the thread that works for it to end.
    keeping: OnceLock<oneshot::Sender<()>>,
    /// The same for the one that carries its mail.
    carrying: OnceLock<oneshot::Sender<()>>,
}

impl std::ops::Deref for Vestibule {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why there is no instance.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory or the secret in it.
    #[error("{0}: {1}")]
    Files(String, std::io::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The cost of a hash.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The operator's list of passwords.
    #[error("passwords.blocklist_file, {}: {}", .0.display(), .1)]
    Blocklist(std::path::PathBuf, BlocklistError),
    /// The secret is not there, and the database was made with one.
    #[error(
        "{} is missing, but this database was made with a secret. Restore it from a backup, or copy it from the \
         other node, or set VESTIBULE_SERVER__SECRET. Nothing was changed.", .0.display()
    )]
    SecretMissing(std::path::PathBuf),
    /// The signing key.
    #[error(
        "The signing key in the database cannot be used: {0}. If it was made with another secret, put that back."
    )]
    SigningKey(String),
}

/// The start of 2026: no clock that is right says less (R12).
const LEAST_PLAUSIBLE: Timestamp = Timestamp::from_seconds(1_767_225_600);

impl Vestibule {
    /// Opens everything that `config` names and makes what is missing: the data directory (0700), the secret
    /// (0600), the tables and the first signing key. Blocks; for the start of a process.
    ///
    /// # Errors
    ///
    /// [`OpenError`], worded for the operator.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_at(config, Clock::default())
    }

    /// The same, by another clock than the system's.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_at(config: Config, clock: Clock) -> Result<Self, OpenError> {
        let blocklist = blocklist(&config)?;
        let dir = config.data_dir();
        let files = |path: &Path| {
            let name = path.display().to_string();
            move |error| OpenError::Files(name, error)
        };
        secret::create_private_dir(dir).map_err(files(dir))?;
        let limits = &config.database;
        let db = Database::open(
            db::Place::parse(&config.database_url())?,
            limits.pool_size,
            limits.wait_timeout,
            limits.busy_timeout,
        )?;
        let (path, now) = (dir.join("secret"), clock.now());
        if now < LEAST_PLAUSIBLE {
            log::warn!("the clock of this machine says {now}: what is signed now ends once it is set right");
        }
        let (ran, opened) = migrate::run(&mut db.connect()?, |conn| {
            let rows = SigningKey::list(conn)?;
            let master = match config.server.secret.as_ref().and_then(|key| key.expose().try_into().ok()) {
                Some(bytes) => Ok(MasterSecret::from_bytes(bytes)),
                // A new secret would open nothing that is there, and hide that the right one is lost.
                None if !rows.is_empty() && !path.exists() => {
                    return Ok(Err(OpenError::SecretMissing(path.clone())));
                }
                None => MasterSecret::load_or_create(&path).map_err(files(&path)),
            };
            let Ok(master) = master else { return Ok(master.map(|master| (master, rows))) };
            if !rows.is_empty() {
                return Ok(Ok((master, rows)));
            }
            let broken = || db::Error::Migration("no signing key could be made".to_owned());
            let row = SigningKey::generate(&master.sealer("signing key"), now, now).ok_or_else(broken)?;
            row.insert(conn)?;
            Ok(Ok((master, vec![row])))
        })?;
        let (master, rows) = opened?;
        let signing_keys = master.sealer("signing key");
        if !ran.is_empty() {
            log::info!("migrated the database: {}", ran.join(", "));
        }
        warn_of_other_hosts(&mut db.connect()?, &config)?;
        let passwords = &config.passwords;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self(Arc::new(Parts {
            clock,
            db,
            passwords: PasswordHasher::start(
                Cost { memory_kib: passwords.hash_memory_kib, passes: passwords.hash_passes },
                if passwords.hash_threads == 0 { cores } else { passwords.hash_threads },
                passwords.hash_queue,
                passwords.hash_wait,
            )?,
            policy: PasswordPolicy {
                min_length: passwords.min_length,
                min_strength: passwords.min_strength,
                blocklist,
            },
            tokens: key_ring(&config, &rows, &signing_keys)?,
            signing_keys,
            request_ids: RequestIds::new(),
            verified: VerifiedTokens::new(config.tokens.cache_size, TRUSTED_FOR),
            status: TokenStatus::default(),
            seen: SeenSessions::default(),
            verified_keys: VerifiedKeys::default(),
            seen_keys: SeenKeys::default(),
            forgeries: Forgeries::new(
                config.throttle.enabled.then_some(config.throttle.bad_tokens_per_minute),
            ),
            measures: Measures::new(now),
            device_tags: master.authenticator("device cookie"),
            bucket_tags: master.authenticator("throttle bucket"),
            totp_secrets: master.sealer("totp secret"),
            recovery_tags: master.authenticator("recovery code"),
            trust_tags: master.authenticator("trusted browser"),
            passkey_seals: master.sealer("passkey"),
            ceremonies: master.sealer("passkey ceremony"),
            passkeys: relying_party(&config),
            email_salts: master.authenticator("e-mail salt"),
            refresh_tags: master.authenticator("refresh token"),
            door_tags: master.authenticator("door token"),
            email_codes: master.authenticator("e-mail code"),
            mailer: mailer(&config),
            letters: master.sealer("outbox"),
            new_mail: Arc::default(),
            carries_mail: AtomicBool::new(false),
            flow_key: master.derive("flow cookie"),
            keeping: OnceLock::new(),
            carrying: OnceLock::new(),
            config,
        })))
    }

    /// What resolves when the last clone is gone, for the one who asks first.
    pub(crate) fn begin_keeping(&self) -> Option<oneshot::Receiver<()>> {
        let (end, ended) = oneshot::channel();
        self.keeping.set(end).ok().map(|()| ended)
    }

    /// The same for the one who carries the mail.
    pub(crate) fn begin_carrying(&self) -> Option<oneshot::Receiver<()>> {
        let (end, ended) = oneshot::channel();
        self.carrying.set(end).ok().map(|()| ended)
    }

    pub(crate) fn downgrade(&self) -> WeakVestibule {
        WeakVestibule(Arc::downgrade(&self.0))
    }
}

impl WeakVestibule {
    pub(crate) fn upgrade(&self) -> Option<Vestibule> {
        self.0.upgrade().map(Vestibule)
    }
}

impl Parts {
    /// Whether somebody who forgot their password can have a link by mail.
    pub fn can_reset_by_mail(&self) -> bool {
        self.config.can_reset_by_mail() && self.carries_mail.load(Ordering::Relaxed)
    }
}

fn blocklist(config: &Config) -> Result<Blocklist, OpenError> {
    let Some(file) = &config.passwords.blocklist_file else { return Ok(Blocklist::default()) };
    let list = Blocklist::read(file).map_err(|error| OpenError::Blocklist(file.clone(), error))?;
    if list.is_empty() {
        log::warn!("passwords.blocklist_file, {}: there is no password in it", file.display());
    }
    Ok(list)
}

/// Passkeys that were made for another host do not work here, and their owners are not told before they try.
fn warn_of_other_hosts(conn: &mut AnyConnection, config: &Config) -> Result<(), db::Error> {
    let rp_id = config.rp_id().unwrap_or_default();
    let count = Passkey::count_elsewhere(conn, &rp_id)?;
    if count > 0 {
        log::warn!(
            "{count} passkeys were made for another host than {} and do not work here: set server.public_url or \
             webauthn.rp_id back, or have their owners add new ones",
            if rp_id.is_empty() { "this address" } else { &rp_id }
        );
    }
    Ok(())
}

fn relying_party(config: &Config) -> Option<RelyingParty> {
    RelyingParty::new(&config.rp_id()?, &config.origin(), &config.server.name)
}

fn mailer(config: &Config) -> Mailer {
    let settings = &config.mail;
    let delivery = match &settings.smtp_host {
        None => mail::Delivery::Files(config.data_dir().join("mail")),
        Some(host) => mail::Delivery::Smtp(mail::Smtp {
            host: host.clone(),
            port: settings.port(),
            tls: match settings.smtp_tls {
                SmtpTls::Starttls => mail::Tls::Starttls,
                SmtpTls::Tls => mail::Tls::Whole,
                SmtpTls::None => mail::Tls::None,
            },
            credentials: match (&settings.smtp_username, &settings.smtp_password) {
                (Some(name), Some(password)) => Some((name.clone(), password.expose().into())),
                _ => None,
            },
            timeout: settings.smtp_timeout,
        }),
    };
    Mailer { name: config.server.name.clone(), from: config.mail_from(), delivery }
}

fn key_ring(config: &Config, rows: &[SigningKey], sealer: &Sealer) -> Result<KeyRing, OpenError> {
    let profile = Profile {
        issuer: config.issuer(),
        audience: config.audience(),
        lifetime: config.tokens.lifetime,
        leeway: config.tokens.leeway,
    };
    // Never both families in one ring (RFC 8725 §3.1): a public key must not be taken for a shared secret.
    if config.tokens.algorithm == Algorithm::HS256 {
        let secret = config.tokens.hs256_secret.as_ref().map_or("", |secret| secret.expose());
        if secret.len() < 32 {
            return Err(OpenError::SigningKey("tokens.hs256_secret has less than 32 bytes".to_owned()));
        }
        let key = RingKey {
            key: Key::from_hs256_secret(secret),
            signs_from: Timestamp::from_seconds(0),
            public_jwk: None,
        };
        return Ok(KeyRing::new(vec![key], profile));
    }
    let mut keys = Vec::new();
    for row in rows.iter().filter(|row| row.withdrawn_at.is_none()) {
        keys.push(row.open(sealer).ok_or_else(|| OpenError::SigningKey("it does not open".to_owned()))?);
    }
    match keys.is_empty() {
        true => Err(OpenError::SigningKey("none is left that may sign".to_owned())),
        false => Ok(KeyRing::new(keys, profile)),
    }
}
