//! Codes from an authenticator app (TOTP, RFC 6238): six digits, thirty seconds, SHA-1, because that is what every app
//! can do.
//!
//! A code belongs to a step of thirty seconds. Whoever takes one notes its step, and takes none of that step or an
//! earlier one again: a code that somebody looked at over a shoulder is worth nothing.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretBox};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::clock::Timestamp;
use crate::secret;

/// How many bytes the secret has, as RFC 4226 §4 recommends.
const SECRET_BYTES: usize = 20;
/// How long a step is, in seconds.
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;

/// What an authenticator app and we both know.
pub struct TotpSecret(SecretBox<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new one, of 160 random bits.
    pub fn generate() -> Self {
        Self(SecretBox::new(Box::new(secret::random())))
    }

    /// The secret made of these bytes, if they can be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(SecretBox::new(Box::new(bytes))))
    }

    /// Its bytes, to be sealed.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Its text in groups of four, for whoever types it: `JBSW Y3DP …` (base32, RFC 4648 §6).
    pub fn in_groups(&self) -> String {
        let text = Secret::new_stack(*self.0.expose_secret()).to_base32();
        let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(" ")
    }

    /// The `otpauth:` address that apps open and scan, if these names can stand in one.
    pub fn url(&self, issuer: &str, account: &str) -> Option<String> {
        // A colon would end the issuer within the label.
        let plain = |name: &str| name.replace(':', " ");
        let totp = self.builder().with_issuer(Some(plain(issuer))).with_account_name(plain(account));
        totp.build().ok()?.to_url().ok()
    }

    /// The step that `code` belongs to: the present one, or the one before for who types slowly; nothing for any other,
    /// and nothing of `last` or earlier. Blanks do not count.
    pub fn check(&self, code: &str, now: Timestamp, last: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let totp = self.totp();
        let now = u64::try_from(now.seconds()).ok()?;
        let moments = [now, now.checked_sub(STEP_SECONDS)?];
        // Both are looked at, whichever fits: the time taken tells nothing.
        let steps = moments.map(|moment| totp.check(&code, moment));
        let step = i64::try_from(steps.into_iter().flatten().next()?).ok()?;
        last.is_none_or(|last| step > last).then_some(step)
    }

    /// The code of the moment, as an app would show it.
    pub fn code(&self, now: Timestamp) -> String {
        self.totp().generate(u64::try_from(now.seconds()).unwrap_or(0)).to_string()
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(0)
            .with_secret(Secret::new_stack(*self.0.expose_secret()))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(of_the_rfc().code(now), code);
            assert_eq!(of_the_rfc().check(code, now, None), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_works_in_its_step_and_the_next_and_never_before() {
        let secret = TotpSecret::generate();
        let code = secret.code(Timestamp::from_seconds(3_000_000));
        let accepted = |seconds| secret.check(&code, Timestamp::from_seconds(seconds), None);

        assert_eq!(accepted(2_999_999), None);
        for seconds in [3_000_000, 3_000_029, 3_000_030, 3_000_059] {
            assert_eq!(accepted(seconds), Some(100_000));
        }
        assert_eq!(accepted(3_000_060), None);
    }

    #[test]
    fn no_step_is_taken_twice_nor_one_before_it() {
        let (secret, now) = (TotpSecret::generate(), Timestamp::from_seconds(3_000_000));
        let earlier = secret.code(Timestamp::from_seconds(2_999_970));

        assert_eq!(secret.check(&secret.code(now), now, Some(99_999)), Some(100_000));
        assert_eq!(secret.check(&secret.code(now), now, Some(100_000)), None);
        assert_eq!(secret.check(&earlier, now, Some(100_000)), None);
        assert_eq!(secret.check(&earlier, now, Some(99_998)), Some(99_999));
    }

    #[test]
    fn only_six_digits_are_a_code_and_blanks_do_not_count() {
        let now = Timestamp::from_seconds(59);

        assert_eq!(of_the_rfc().check(" 287 082\n", now, None), Some(1));
        for code in ["", "287083", "28708", "2870820", "+87082", "２８７０８２", "-287082", "0x4617a"] {
            assert_eq!(of_the_rfc().check(code, now, None), None, "{code}");
        }
    }

    #[test]
    fn an_app_reads_what_we_show() {
        let secret = of_the_rfc();

        assert_eq!(secret.in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let url = secret.url("The: Door", "ada@home").unwrap();
        let read = Totp::from_url(&url).unwrap();
        assert_eq!((read.issuer(), read.account_name()), (Some("The  Door"), "ada@home"));
        assert_eq!(read.secret().as_bytes(), secret.expose());
        assert_eq!((read.digits(), read.step()), (6, 30));
    }

    #[test]
    fn its_debug_text_shows_nothing() {
        assert_eq!(format!("{:?}", of_the_rfc()), "TotpSecret(…)");
    }
}
