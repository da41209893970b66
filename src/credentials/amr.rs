//! How somebody proved who they are, in the words of the `amr` claim (RFC 8176).

/// One proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A code from paper. RFC 8176 has no word for it; this one is ours.
    RecoveryCode,
    /// A passkey, whose device has looked at its user: two factors in one (ASVS 6.5.7).
    Passkey {
        /// Whether more than one device has it: then it is a key in software, else one in hardware.
        is_synced: bool,
    },
}

impl Method {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Totp => &["otp"],
            Self::RecoveryCode => &["recovery_code"],
            Self::Passkey { is_synced: true } => &["swk", "user"],
            Self::Passkey { is_synced: false } => &["hwk", "user"],
        }
    }
}

/// The word for "more than one factor".
const MULTI_FACTOR: &str = "mfa";

/// The claim for somebody who proved themselves by all of these, with a space between its values.
pub fn of(methods: &[Method]) -> String {
    let mut words: Vec<&str> = methods.iter().flat_map(|method| method.words()).copied().collect();
    if methods.len() > 1 || methods.iter().any(|method| matches!(method, Method::Passkey { .. })) {
        words.push(MULTI_FACTOR);
    }
    words.join(" ")
}

/// The claim for somebody who proved themselves as `amr` says, and now by `method` beside it.
pub fn with(amr: &str, method: Method) -> String {
    let mut words: Vec<&str> = amr.split(' ').filter(|word| *word != MULTI_FACTOR).collect();
    words.extend(method.words().iter().filter(|word| !amr.split(' ').any(|known| known == **word)));
    words.push(MULTI_FACTOR);
    words.join(" ")
}

/// Whether it took two factors.
pub fn is_multi_factor(amr: &str) -> bool {
    amr.split(' ').any(|word| word == MULTI_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_shown_and_whether_that_was_two_factors() {
        for (methods, amr, is_two) in [
            (&[Method::Password][..], "pwd", false),
            (&[Method::Password, Method::Totp], "pwd otp mfa", true),
            (&[Method::Password, Method::RecoveryCode], "pwd recovery_code mfa", true),
            (&[Method::Passkey { is_synced: true }], "swk user mfa", true),
            (&[Method::Password, Method::Passkey { is_synced: false }], "pwd hwk user mfa", true),
        ] {
            assert_eq!(of(methods), amr);
            assert_eq!(is_multi_factor(amr), is_two);
        }
    }

    #[test]
    fn a_proof_beside_another_makes_two_and_says_nothing_twice() {
        assert_eq!(with("pwd", Method::Totp), "pwd otp mfa");
        assert_eq!(with("pwd otp mfa", Method::Totp), "pwd otp mfa");
        assert_eq!(with("pwd otp mfa", Method::Passkey { is_synced: true }), "pwd otp swk user mfa");
    }
}
