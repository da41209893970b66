//! The way out: a mail server, or files.
//!
//! Headers are written by lettre alone, from addresses that it has parsed: no name and no address can begin a line of
//! its own (ASVS 1.3.11). Each mail has a connection to itself; a server that has gone away meanwhile is not noticed
//! too late, and the certificates are read anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{self, TlsParameters};
use lettre::transport::smtp::response::Category;
use lettre::transport::smtp::{self, SmtpTransport};
use lettre::{Address, Message, Transport as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::Letter;
use crate::clock::Timestamp;
use crate::id::MailId;
use crate::secret;

/// Takes mails out of the house.
#[derive(Clone, Debug)]
pub struct Mailer {
    /// The name that people see.
    pub name: String,
    /// The address that our mails come from.
    pub from: String,
    /// Where they go.
    pub delivery: Delivery,
}

/// Where mails go.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// To a mail server, which takes them to people.
    Smtp(Smtp),
    /// Into this directory, where a developer reads them.
    Files(PathBuf),
}

/// A mail server, and how to speak to it.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Who we are there, if it asks.
    pub credentials: Option<(String, SecretString)>,
    /// How long it may take for each answer.
    pub timeout: Duration,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From its first byte on.
    Whole,
    /// From STARTTLS on, which must be there: a stranger on the way who takes it out gets nothing.
    Starttls,
    /// Not at all.
    None,
}

/// One mail, ready to go.
#[derive(Debug)]
pub struct Parcel {
    /// Its name, the same at every attempt.
    pub id: MailId,
    /// To whom.
    pub recipient: String,
    /// The words.
    pub letter: Letter,
    /// When it was written.
    pub written_at: Timestamp,
}

/// Why a mail has not left.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct MailError {
    /// What was wrong, without the address of whoever was to read it.
    pub words: String,
    /// Whether it is the server's last word.
    pub is_final: bool,
    /// Whether it is about this mail alone, and the next one may well leave.
    pub is_about_this_mail: bool,
}

/// `Auto-Submitted: auto-generated` (RFC 3834 §5): nobody's out-of-office need answer us.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mailer {
    /// Sends one mail, or says why not. Blocks, for as long as the mail server likes to within its time limit.
    ///
    /// # Errors
    ///
    /// [`MailError`].
    pub fn send(&self, parcel: &Parcel) -> Result<(), MailError> {
        let message = self.compose(parcel).map_err(|words| MailError {
            words,
            is_final: true,
            is_about_this_mail: true,
        })?;
        match &self.delivery {
            Delivery::Smtp(server) => send(server, &message).map_err(|error| failed(&error, parcel)),
            Delivery::Files(dir) => write(dir, parcel, &message).map_err(|error| MailError {
                words: format!("{}: {error}", dir.display()),
                is_final: false,
                is_about_this_mail: false,
            }),
        }
    }

    /// Whether mails become files, for a developer to read.
    pub fn writes_files(&self) -> bool {
        matches!(self.delivery, Delivery::Files(_))
    }

    /// Deletes the files of mails from before `before`, and what is left of those that were broken off; how many.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn forget_files(&self, before: Timestamp) -> io::Result<usize> {
        let Delivery::Files(dir) = &self.delivery else { return Ok(0) };
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut files = 0;
        for entry in entries {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|ending| ending == "eml" || ending == "draft");
            let since = path.symlink_metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            if is_ours && Timestamp::from_seconds(0) + since < before {
                fs::remove_file(&path)?;
                files += 1;
            }
        }
        Ok(files)
    }

    fn compose(&self, parcel: &Parcel) -> Result<Message, String> {
        let from: Address = self.from.parse().map_err(|error| format!("our own address: {error}"))?;
        let to: Address = parcel.recipient.parse().map_err(|error| format!("the address: {error}"))?;
        let letter = &parcel.letter;
        let written_at = u64::try_from(parcel.written_at.seconds()).unwrap_or(0);
        Message::builder()
            .message_id(Some(format!("<{}@{}>", parcel.id, from.domain())))
            .date(UNIX_EPOCH + Duration::from_secs(written_at))
            .from(Mailbox::new(Some(one_line(&self.name)), from))
            .to(Mailbox::new(None, to))
            .subject(one_line(&letter.subject))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(|error| error.to_string())
    }
}

/// A header is one line; lettre would hide a line break in an encoded word, where it does no harm but looks odd.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn send(server: &Smtp, message: &Message) -> Result<(), smtp::Error> {
    let parameters = || TlsParameters::new(server.host.clone());
    let tls = match server.tls {
        Tls::Whole => client::Tls::Wrapper(parameters()?),
        Tls::Starttls => client::Tls::Required(parameters()?),
        Tls::None => client::Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(server.timeout));
    if let Some((name, password)) = &server.credentials {
        let password = password.expose_secret().to_owned();
        transport = transport.credentials(Credentials::new(name.clone(), password));
    }
    transport.build().send(message).map(drop)
}

fn failed(error: &smtp::Error, parcel: &Parcel) -> MailError {
    // What servers say may be anything: it is cut, made harmless, and does not name the person.
    let words = one_line(&error.to_string().replace(&parcel.recipient, "…"));
    MailError {
        words: words.chars().take(300).collect(),
        is_final: error.is_permanent(),
        is_about_this_mail: error.status().is_some_and(|code| code.category == Category::MailSystem),
    }
}

/// Whole or not at all: whoever looks into the directory never sees half a mail.
fn write(dir: &Path, parcel: &Parcel, message: &Message) -> io::Result<()> {
    secret::create_private_dir(dir)?;
    let draft = dir.join(format!("{}.draft", parcel.id));
    secret::create_private_file(&draft)?;
    fs::write(&draft, message.formatted())?;
    fs::rename(&draft, dir.join(format!("{}.eml", parcel.id)))
}
