//! `[mail]`: who we write as, and the server that takes our mail.

use std::net::IpAddr;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts, not_blank, within};
use super::secret::Secret;

/// Who we write as, and the server that takes our mail. Without a server mails become files in `mail` in the data
/// directory; where people reach us at `http://localhost`, they stand on `/dev/mailbox`, too.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The address that our mails come from. Must be set where `smtp_host` is.
    pub from: Option<String>,
    /// The mail server, by name or address.
    pub smtp_host: Option<String>,
    /// Its port; 0 means the usual one, which is 587 with `starttls`, 465 with `tls` and 25 with `none`.
    pub smtp_port: u16,
    /// How the connection to it is protected. `starttls`: from its first command on. `tls`: from its first byte on.
    /// `none`: not at all, for a server on this machine only.
    pub smtp_tls: SmtpTls,
    /// The name to sign in there with. Unset: we do not sign in.
    pub smtp_username: Option<String>,
    /// The password to sign in there with.
    pub smtp_password: Option<Secret>,
    /// How long the mail server may take for each of its answers.
    #[serde(with = "duration")]
    pub smtp_timeout: Duration,
    /// How long a mailed code, or link to choose a password or to prove an address, works from when its mail leaves. ASVS
    /// (6.5.5) asks for ten minutes at most.
    #[serde(with = "duration")]
    pub link_lifetime: Duration,
    /// The most mails in an hour that strangers can make us send to one person.
    pub asked_per_person: u32,
    /// The most mails in an hour that people at one network address can make us send.
    pub asked_per_network: u32,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// From its first command on (RFC 3207).
    #[default]
    Starttls,
    /// From its first byte on (RFC 8314).
    Tls,
    /// Not at all.
    None,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            from: None,
            smtp_host: None,
            smtp_port: 0,
            smtp_tls: SmtpTls::default(),
            smtp_username: None,
            smtp_password: None,
            smtp_timeout: Duration::from_mins(1),
            link_lifetime: Duration::from_mins(10),
            asked_per_person: 5,
            asked_per_network: 20,
        }
    }
}

impl MailConfig {
    /// The port of the mail server.
    #[must_use]
    pub fn port(&self) -> u16 {
        match (self.smtp_port, self.smtp_tls) {
            (0, SmtpTls::Starttls) => 587,
            (0, SmtpTls::Tls) => 465,
            (0, SmtpTls::None) => 25,
            (port, _) => port,
        }
    }

    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        let patience = Duration::from_secs(1)..=Duration::from_mins(10);
        [
            self.check_from(),
            not_blank("mail.smtp_host", self.smtp_host.as_deref()),
            self.check_tls(),
            self.check_credentials(),
            lasts("mail.smtp_timeout", self.smtp_timeout, patience, default.smtp_timeout),
            lasts("mail.link_lifetime", self.link_lifetime, minute..=hour, default.link_lifetime),
            within("mail.asked_per_person", self.asked_per_person, 1..=1000, default.asked_per_person),
            within("mail.asked_per_network", self.asked_per_network, 1..=100_000, default.asked_per_network),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn check_from(&self) -> Option<Rule> {
        const REMEDY: &str = "Write an address alone, such as `no-reply@example.org`.";
        match &self.from {
            None => self.smtp_host.as_ref().map(|_| {
                Rule::new("mail.from", "is not set, but the mail server asks who writes", REMEDY)
                    .because_of("mail.smtp_host")
            }),
            Some(from) => from.parse::<lettre::Address>().err().map(|_| {
                Rule::new("mail.from", format!("is {from:?}, but must be an e-mail address"), REMEDY)
            }),
        }
    }

    /// Links that open accounts, and a password perhaps, go over this connection.
    fn check_tls(&self) -> Option<Rule> {
        let host = self.smtp_host.as_deref().filter(|_| self.smtp_tls == SmtpTls::None)?;
        let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        (!is_here).then(|| {
            let wrong = "is `none`, but that is for a mail server on this machine only";
            Rule::new("mail.smtp_tls", wrong, "Set it to `starttls` or `tls`.").because_of("mail.smtp_host")
        })
    }

    fn check_credentials(&self) -> Option<Rule> {
        let missing = |key, other| {
            Rule::new(key, format!("is not set, but `{other}` is"), "Set both or neither.").because_of(other)
        };
        match (&self.smtp_username, &self.smtp_password) {
            (Some(_), None) => Some(missing("mail.smtp_password", "mail.smtp_username")),
            (None, Some(_)) => Some(missing("mail.smtp_username", "mail.smtp_password")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::Folder;

    const SERVER: [(&str, &str); 2] =
        [("VESTIBULE_MAIL__SMTP_HOST", "smtp.example.org"), ("VESTIBULE_MAIL__FROM", "door@example.org")];

    fn problems(variables: &[(&str, &str)]) -> Vec<String> {
        let told = Folder::new().load(&[&SERVER[..], variables].concat()).err();
        told.map(|problems| problems.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    #[test]
    fn a_mail_server_needs_an_address_to_write_from_and_protection() {
        assert_eq!(problems(&[]), [""; 0]);
        for (key, value, words) in [
            (
                "FROM",
                "Door <door@example.org>",
                "`mail.from` is \"Door <door@example.org>\", but must be an e-mail",
            ),
            ("FROM", "door@example.org\r\nBcc: eve@example.org", "`mail.from` is "),
            ("SMTP_HOST", " ", "`mail.smtp_host` is empty"),
            ("SMTP_PORT", "65536", "`mail.smtp_port` is 65536, but must be a whole number from 0 to 65535"),
            (
                "SMTP_TLS",
                "none",
                "`mail.smtp_tls` is `none`, but that is for a mail server on this machine only",
            ),
            ("SMTP_TLS", "ssl", "`mail.smtp_tls` is \"ssl\", but must be one of `starttls`, `tls`, `none`"),
            ("SMTP_USERNAME", "door", "`mail.smtp_password` is not set, but `mail.smtp_username` is"),
            ("SMTP_PASSWORD", "canary", "`mail.smtp_username` is not set, but `mail.smtp_password` is"),
            ("SMTP_TIMEOUT", "1ms", "`mail.smtp_timeout` is "),
            ("ASKED_PER_PERSON", "0", "`mail.asked_per_person` is 0, but must be 1 to 1000"),
            ("ASKED_PER_NETWORK", "0", "`mail.asked_per_network` is 0, but must be 1 to 100000"),
        ] {
            let told = problems(&[(&format!("VESTIBULE_MAIL__{key}"), value)]);

            assert!(told.len() == 1 && told[0].contains(words) && !told[0].contains("canary"), "{told:#?}");
        }
        let nobody = Folder::new().problems(&SERVER[..1]);
        assert!(nobody.len() == 1 && nobody[0].contains("`mail.from` is not set"), "{nobody:#?}");
    }

    #[test]
    fn a_mail_server_on_this_machine_needs_no_protection() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            let told = problems(&[("VESTIBULE_MAIL__SMTP_HOST", host), ("VESTIBULE_MAIL__SMTP_TLS", "none")]);

            assert_eq!(told, [""; 0], "{host}");
        }
    }
}
