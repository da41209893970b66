//! Recovery codes: ten on paper, each a way in once when the authenticator is lost.
//!
//! Sixteen letters and digits that no eye takes for another: 79 random bits. We keep a keyed digest of each, bound to
//! its owner; without our secret a stolen table tells nothing.

use secrecy::{ExposeSecret as _, SecretString};

use crate::id::UserId;
use crate::secret::{self, Authenticator};

/// How many there are in a set.
pub const CODES: usize = 10;

/// No `0` or `o`, no `1`, `l` or `i`.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// How many letters a code has, in groups of four.
const LETTERS: usize = 16;

/// A code, shown once. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct RecoveryCode(SecretString);

impl RecoveryCode {
    /// A whole new set.
    pub fn generate_set() -> Vec<Self> {
        (0..CODES).map(|_| Self::generate()).collect()
    }

    fn generate() -> Self {
        let mut letters = String::with_capacity(LETTERS);
        while letters.len() < LETTERS {
            // A byte beyond the last whole multiple of the alphabet is thrown away: each letter is equally likely.
            let bytes = secret::random::<32>();
            let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < 256 / 31 * 31);
            let drawn = fair.filter_map(|byte| ALPHABET.get(byte % ALPHABET.len()));
            letters.extend(drawn.take(LETTERS - letters.len()).map(|letter| char::from(*letter)));
        }
        Self(letters.into())
    }

    /// What somebody typed, if it can be a code: case, blanks and hyphens do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let is_filling = |letter: &char| letter.is_whitespace() || *letter == '-';
        let letters: String = text
            .chars()
            .filter(|letter| !is_filling(letter))
            .take(LETTERS + 1)
            .collect::<String>()
            .to_ascii_lowercase();
        let is_code = letters.len() == LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter));
        is_code.then(|| Self(letters.into()))
    }

    /// As it is shown: `abcd-efgh-jkmn-pqrs`.
    pub fn expose(&self) -> String {
        let groups = self.0.expose_secret().as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// What is kept of a code of `user`.
    pub fn digest(&self, tags: &Authenticator, user: &UserId) -> String {
        secret::to_base64url(&tags.tag(&[user.as_str(), self.0.expose_secret()]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::secret::MasterSecret;

    #[test]
    fn ten_codes_differ_and_have_only_letters_that_no_eye_mistakes() {
        let sets: Vec<String> =
            (0..50).flat_map(|_| RecoveryCode::generate_set()).map(|code| code.expose()).collect();

        assert_eq!(sets.iter().collect::<BTreeSet<_>>().len(), 50 * CODES);
        assert!(sets.iter().all(|code| code.len() == 19 && code.split('-').all(|group| group.len() == 4)));
        let letters: BTreeSet<char> = sets.concat().chars().filter(|letter| *letter != '-').collect();
        assert_eq!(letters.len(), 31, "every letter is drawn");
        assert!(letters.iter().all(|letter| !"0o1li".contains(*letter)));
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::parse("abcd-efgh-jkmn-pqrs").unwrap();

        for text in ["ABCD EFGH JKMN PQRS", " abcdefghjkmnpqrs\n", "ab-cdef-ghjk mnpqrs"] {
            assert_eq!(RecoveryCode::parse(text).unwrap().expose(), code.expose());
        }
        for text in
            ["", "abcd-efgh-jkmn-pqr", "abcd-efgh-jkmn-pqrst", "abcd-efgh-jkmn-pqr0", "äbcd-efgh-jkmn-pqrs"]
        {
            assert!(RecoveryCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_digest_is_of_one_person_and_one_secret() {
        let code = RecoveryCode::parse("abcd-efgh-jkmn-pqrs").unwrap();
        let tags = |byte| MasterSecret::from_bytes([byte; 32]).authenticator("recovery code");
        let (ada, bob) = (UserId::from("ada"), UserId::from("bob"));

        assert_eq!(code.digest(&tags(1), &ada), code.clone().digest(&tags(1), &ada));
        assert_ne!(code.digest(&tags(1), &ada), code.digest(&tags(1), &bob));
        assert_ne!(code.digest(&tags(1), &ada), code.digest(&tags(2), &ada));
        assert!(!format!("{code:?}").contains("abcd"));
    }
}
