//! E-mail addresses: where mail may safely be sent, and when two of them are the same.
//!
//! What passes goes into a mail header and an SMTP command, so the rule is the part of RFC 5321 that people
//! have and that needs no quoting: a line break, a comma or a bracket would let a stranger add headers or
//! recipients (SMTP injection). Whether anybody reads the mail, only a mail can tell.
//!
//! ASCII only: a local part beyond it needs SMTPUTF8 all the way, which we cannot promise, and an
//! international domain has an `xn--` form, which cannot be mistaken for another domain.

use std::fmt;

/// The longest address in bytes: RFC 5321 §4.5.3.1.3 less the two angle brackets.
pub const MAX_BYTES: usize = 254;
/// The longest part before the `@`: RFC 5321 §4.5.3.1.1.
const MAX_LOCAL_PART: usize = 64;
/// The longest label of a domain: RFC 1035 §2.3.4.
const MAX_LABEL: usize = 63;

/// An address that mail can be sent to, as it was typed.
///
/// It is private: `Debug` does not show it and there is no `Display`, so that no log tells who has an account.
/// Two addresses belong to one person if they are [`folded`](Self::folded) alike; `==` compares letter by letter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Takes `address` exactly as it is; blanks around it are not removed but refused.
    ///
    /// # Errors
    ///
    /// The [`EmailError`] that says what to change.
    pub fn parse(address: &str) -> Result<Self, EmailError> {
        if address.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        if !address.is_ascii() {
            return Err(EmailError::International);
        }
        let (local_part, domain) = address.split_once('@').ok_or(EmailError::At)?;
        if domain.contains('@') {
            return Err(EmailError::At);
        }
        if local_part.len() > MAX_LOCAL_PART {
            return Err(EmailError::TooLong);
        }
        if !local_part.split('.').all(is_atom) {
            return Err(EmailError::LocalPart);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        Ok(Self(address.to_owned()))
    }

    /// The address as it was typed, to write to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in small letters: unique among users, and what a typed address is looked up by.
    ///
    /// A mail server may tell `Ada@` from `ada@` (RFC 5321 §2.4); none that people use does, and treating them
    /// as two would let somebody register the other spelling of an address that has an account.
    /// Dots and `+tags` are kept: what they mean is for each mail server to say.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// An `atom` of RFC 5322 §3.2.3: what may stand between the dots of a local part without quotes.
fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

/// A host name with a dot in it and a last label that is a name, so that `127.0.0.1` is none; or `localhost`.
fn is_domain(domain: &str) -> bool {
    let Some((_, top)) = domain.rsplit_once('.') else {
        return domain.eq_ignore_ascii_case("localhost");
    };
    domain.split('.').all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// A label of RFC 1123 §2.1: letters, digits and inner hyphens.
fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Why an e-mail address was refused, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// More than 254 characters, or more than 64 before the `@`.
    #[error("This e-mail address is too long to receive mail. Please check it.")]
    TooLong,
    /// A character outside ASCII, such as a letter of another script or an invisible one.
    #[error(
        "Please write the e-mail address in plain letters (a–z), \
             the part after the @ in its “xn--” form if it has one."
    )]
    International,
    /// No `@`, or more than one.
    #[error("An e-mail address has exactly one @, as in ada@example.org. Please check it.")]
    At,
    /// Something before the `@` that cannot be there: nothing, a blank, a comma, two dots in a row, …
    #[error(
        "Please check the part before the @: it may have letters, digits and signs such as “.”, “-” and “_”, but no blanks."
    )]
    LocalPart,
    /// Something after the `@` that is not the name of a host.
    #[error("Please check the part after the @: it should look like example.org.")]
    Domain,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(local_part: usize, label: usize) -> String {
        format!("{}@{}.example.org", "l".repeat(local_part), "d".repeat(label))
    }

    #[test]
    fn ordinary_addresses_are_taken_as_typed() {
        for typed in [
            "ada@example.org",
            "Ada.Lovelace+vestibule@Mail.Example.ORG",
            "a@b.co",
            "o'brien_1@x-y.example",
            "root@localhost",
            "ada@xn--bcher-kva.example",
            "ada@1and1.example",
            "#!$%&'*+-/=?^_`{|}~@example.org",
        ] {
            assert_eq!(Email::parse(typed).map(|email| email.as_str().to_owned()), Ok(typed.to_owned()));
        }
    }

    #[test]
    fn lengths_end_where_rfc_5321_says() {
        let of_total = |total: usize| format!("ada@{}.org", "d.".repeat((total - 9) / 2) + "e");

        assert!(Email::parse(&address(64, 63)).is_ok());
        assert_eq!(Email::parse(&address(65, 63)), Err(EmailError::TooLong));
        assert_eq!(Email::parse(&address(64, 64)), Err(EmailError::Domain));
        for total in [252, 254, 256] {
            let typed = of_total(total + 1).replacen("ada", "ad", 1);
            assert_eq!((typed.len(), Email::parse(&typed).is_ok()), (total, total <= 254), "{typed}");
        }
        assert_eq!(Email::parse(&"a".repeat(1 << 20)), Err(EmailError::TooLong));
    }

    #[test]
    fn evil_and_broken_addresses_are_refused() {
        for (typed, error) in [
            ("", EmailError::At),
            ("ada", EmailError::At),
            ("ada@bob@example.org", EmailError::At),
            ("@", EmailError::LocalPart),
            ("@example.org", EmailError::LocalPart),
            ("ada@", EmailError::Domain),
            (" ada@example.org", EmailError::LocalPart),
            ("ada@example.org ", EmailError::Domain),
            ("ada lovelace@example.org", EmailError::LocalPart),
            ("ada\r\nBcc: eve@example.org", EmailError::LocalPart),
            ("ada@example.org\r\nBcc: eve", EmailError::Domain),
            ("ada@example.org\n", EmailError::Domain),
            ("ada\0@example.org", EmailError::LocalPart),
            ("ada@example\t.org", EmailError::Domain),
            ("ada@example.org\u{7f}", EmailError::Domain),
            ("ada,bob@example.org", EmailError::LocalPart),
            ("ada@example.org,bob", EmailError::Domain),
            ("ada;bob@example.org", EmailError::LocalPart),
            ("ada:bob@example.org", EmailError::LocalPart),
            ("Ada <ada@example.org>", EmailError::LocalPart),
            ("<ada@example.org>", EmailError::LocalPart),
            ("ada@example.org>", EmailError::Domain),
            ("\"ada\"@example.org", EmailError::LocalPart),
            ("ada(lovelace)@example.org", EmailError::LocalPart),
            ("ada\\@example.org", EmailError::LocalPart),
            (".ada@example.org", EmailError::LocalPart),
            ("ada.@example.org", EmailError::LocalPart),
            ("a..da@example.org", EmailError::LocalPart),
            ("ada@.example.org", EmailError::Domain),
            ("ada@example.org.", EmailError::Domain),
            ("ada@example..org", EmailError::Domain),
            ("ada@-example.org", EmailError::Domain),
            ("ada@example-.org", EmailError::Domain),
            ("ada@exam_ple.org", EmailError::Domain),
            ("ada@example", EmailError::Domain),
            ("ada@127.0.0.1", EmailError::Domain),
            ("ada@[127.0.0.1]", EmailError::Domain),
            ("ada@bücher.example", EmailError::International),
            ("аda@example.org", EmailError::International),
            ("ada\u{200b}@example.org", EmailError::International),
            ("ada\u{202e}@example.org", EmailError::International),
            ("ada@ｅxample.org", EmailError::International),
        ] {
            assert_eq!(Email::parse(typed), Err(error), "{typed:?}");
        }
    }

    #[test]
    fn case_does_not_make_another_address() {
        let folded = |typed: &str| Email::parse(typed).unwrap().folded();

        assert_eq!(folded("ADA@EXAMPLE.ORG"), "ada@example.org");
        assert_eq!(folded("Ada@Example.org"), folded("ada@example.org"));
        assert_ne!(folded("ada+vestibule@example.org"), folded("ada@example.org"));
    }

    #[test]
    fn debug_keeps_the_address_private() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.org")), "Ok(Email(…))");
    }
}
