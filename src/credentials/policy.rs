//! Which passwords may be chosen: long, unknown to those who guess, and otherwise as people like them.
//!
//! NIST SP 800-63B-4 §3.1.1.2 and ASVS 6.2: length and hidden lists protect, rules of composition do not.
//! So any Unicode, emoji and blanks are welcome, each code point counts as one, and nothing is trimmed,
//! normalised or cut: the bytes that are checked here are the bytes that are hashed.
//!
//! The checks run from cheap to dear. The dear one, zxcvbn, is shown only as much of a password as it can
//! estimate in a few hundredths of a second.

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use zxcvbn::feedback::Warning;

use super::blocklist::Blocklist;
use super::common_passwords::is_common;
pub use super::password_error::{MAX_LENGTH, PasswordError};

/// The least `min_length` that an operator may ask for, and the greatest.
pub const MIN_LENGTHS: RangeInclusive<usize> = 8..=64;
/// What `min_strength` may be: zxcvbn's scores.
pub const MIN_STRENGTHS: RangeInclusive<u8> = 0..=4;
/// The longest password in bytes: what the hash is ever given.
pub const MAX_BYTES: usize = 1024;

/// Context words with so many more characters are still only context words.
const MAX_REST: usize = 4;
/// Shorter context words are part of too many others to mean anything.
const MIN_CONTEXT_WORD: usize = 3;
/// Longer or more context words than these are not looked at, so that the check stays cheap whoever gives them.
const MAX_CONTEXT_WORD_BYTES: usize = 256;
const MAX_CONTEXT_WORDS: usize = 64;

/// What a new password must satisfy. Passwords that are already in use are not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least number of code points; one of [`MIN_LENGTHS`].
    pub min_length: usize,
    /// The least strength by zxcvbn's estimate: 0 (none asked) to 4 (more than 10¹⁰ guesses);
    /// one of [`MIN_STRENGTHS`].
    pub min_strength: u8,
    /// What the operator does not want, beside what is common everywhere.
    pub blocklist: Blocklist,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 12, min_strength: 3, blocklist: Blocklist::default() }
    }
}

impl PasswordPolicy {
    /// Whether `password` may be chosen by somebody of whom `context` is known: the application's name, the
    /// host, the organisation, their username and e-mail address. Each is taken whole and by its parts;
    /// a password made of nothing else but up to four characters is refused (ASVS 6.2.11).
    ///
    /// Takes less than 1 ms as a rule and 30 at worst: call it where a short computation may stand.
    ///
    /// # Errors
    ///
    /// The first [`PasswordError`] that applies.
    pub fn check(&self, password: &SecretString, context: &[&str]) -> Result<(), PasswordError> {
        let password = password.expose_secret();
        if password.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let length = password.chars().count();
        if length > MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        if length < self.min_length {
            return Err(PasswordError::TooShort { min_length: self.min_length });
        }
        // Other programs would take only what stands before it: C up to NUL, our CLI up to a line break.
        if password.contains(['\0', '\r', '\n']) {
            return Err(PasswordError::ControlCharacter);
        }
        if is_common(password) {
            return Err(PasswordError::Common);
        }
        if self.blocklist.has(password) {
            return Err(PasswordError::Listed);
        }
        let words = context_words(context);
        if let Some(word) = word_within(password, &words) {
            return Err(PasswordError::Context { word: word.to_owned() });
        }
        self.check_strength(password, &words)
    }

    fn check_strength(&self, password: &str, words: &[String]) -> Result<(), PasswordError> {
        if self.min_strength == 0 {
            return Ok(());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let estimate = zxcvbn::zxcvbn(estimated_part(password), &words);
        if u8::from(estimate.score()) >= self.min_strength {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(|feedback| feedback.warning());
        Err(PasswordError::Guessable { because: reason(warning) })
    }
}

/// `context` in small letters, each entry whole and by its parts: `ada@example.org` also is `ada` and `example`.
/// The longest come first, so that no word is broken by another one within it.
fn context_words(context: &[&str]) -> Vec<String> {
    let entries = context.iter().filter(|entry| entry.len() <= MAX_CONTEXT_WORD_BYTES);
    let mut words: Vec<String> = entries
        .flat_map(|entry| {
            std::iter::once(*entry).chain(entry.split(|letter: char| !letter.is_alphanumeric()))
        })
        .filter(|word| word.chars().nth(MIN_CONTEXT_WORD - 1).is_some())
        .take(MAX_CONTEXT_WORDS)
        .map(str::to_lowercase)
        .collect();
    words.sort_by_key(|word| Reverse(word.len()));
    words
}

/// The longest of the words that make up all of `password` but a few characters, whatever its case.
fn word_within<'words>(password: &str, words: &'words [String]) -> Option<&'words str> {
    let mut rest = password.to_lowercase();
    let mut found = None;
    for word in words {
        if rest.contains(word.as_str()) {
            rest = rest.replace(word.as_str(), "");
            found = found.or(Some(word.as_str()));
        }
    }
    found.filter(|_| rest.chars().nth(MAX_REST).is_none())
}

/// The signs that zxcvbn also reads as letters, by letter (its 3.1 table).
const LEET: [&str; 12] = ["4@", "8", "([{<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];
/// The square of a length times the readings of its signs that zxcvbn may be given: 30 ms at most.
const MAX_EFFORT: usize = 100_000;
/// zxcvbn itself looks no further.
const MAX_ESTIMATED: usize = 100;

/// The part of `password`, from its beginning, whose strength is estimated.
///
/// zxcvbn tries every way to read signs as letters, and searches its dictionaries for each: a hundred random
/// signs cost seconds, enough to keep a server busy with a few forms (denial of service). The part ends where
/// that work gets too large: it is long by then, or holds a dozen different signs and is strong.
fn estimated_part(password: &str) -> &str {
    let mut part = "";
    for (length, (at, letter)) in (1..=MAX_ESTIMATED).zip(password.char_indices()) {
        let longer = &password[..at + letter.len_utf8()];
        let readings: usize = LEET
            .map(|signs| signs.chars().filter(|&sign| longer.contains(sign)).count().max(1))
            .iter()
            .product();
        if length * length * readings > MAX_EFFORT {
            break;
        }
        part = longer;
    }
    part
}

/// zxcvbn's warning as a sentence that can stand before advice.
fn reason(warning: Option<Warning>) -> &'static str {
    match warning {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            "Keys that lie side by side are easy to guess."
        }
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => "Repeating something hardly makes it harder to guess.",
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => "Sequences such as abc or 6543 are easy to guess.",
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            "Dates and years are easy to guess."
        }
        Some(Warning::AWordByItselfIsEasyToGuess) => "A single word is easy to guess.",
        Some(
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "Names are easy to guess.",
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "This is too much like a common password.",
        None => "This password is easy to guess.",
    }
}

#[cfg(test)]
mod tests {
    use super::super::common_passwords::LIST;
    use super::*;

    const CONTEXT: [&str; 4] =
        ["Vestibule", "login.example.org", "christina", "c.rossetti@goblin-market.example"];

    fn check(password: &str) -> Result<(), PasswordError> {
        PasswordPolicy::default().check(&SecretString::from(password), &CONTEXT)
    }

    #[test]
    fn good_passwords_of_many_kinds_are_accepted() {
        let good = [
            "correct horse battery staple",
            "four muddy otters sing",
            "fourmuddyotterssing",
            "otter lamp gravel noon",
            "my bicycle dislikes Tuesdays",
            "The moon owes me 7 spoons.",
            "wer hat den Käse gestohlen",
            "le chat n'aime pas les huîtres",
            "el río duerme bajo la mesa",
            "kissa istuu jääkaapin päällä",
            "dört kırmızı şemsiye uçuyor",
            "пять синих ежей танцуют",
            "τέσσερις κόκκινες ομπρέλες",
            "ארבעה עטלפים שותים תה",
            "أربعة قنافذ تشرب الشاي",
            "चार नीले हाथी नाचते हैं",
            "แมวสี่ตัวดื่มชาเย็น",
            "네마리의파란고슴도치가춤춘다",
            "四只蓝色的刺猬在月光下跳舞",
            "青いハリネズミが四匹おどる",
            "🦔🌙☕🎻🧦🌵🪁🥨🐙🔭🧊🪴",
            "🦔 drinks ☕ at midnight",
            "café ☕ naïve façade",
            " leading blank matters here",
            "trailing blank matters here ",
            "  two  blanks  everywhere  ",
            "xK9#vQ2$mL7!",
            "Tq7)zR4&wN1(",
            "f3Zq0Lm8WyTb",
            "hj2kq8wmzx4vt6np",
            "9f2c7a41e8b05d36",
            "jX2+/uVq0kLw9Yb7tRz3==",
            "c2d7c1f0-5f0e-4c7b-9a54-3f1f6b1f9d0e",
            "SELECT secret FROM nobody; --",
            "<script>alert('otter')</script>",
            "%00%0d%0a is only text here",
            "\\u0000 \"quoted\" 'twice' `thrice`",
            "vestibules are where umbrellas wait",
            "christina has eleven grey geese",
            "e\u{301}te\u{301} sans fin dans la valle\u{301}e",
            "\u{202e}thgir ot tfel\u{202c} and back",
        ];
        assert!(good.len() >= 40);
        for password in good {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_shortest_and_the_longest_password_are_counted_in_code_points() {
        let random = "xK9#vQ2ömL7wTzÜ4";
        let first = |length: usize| random.chars().take(length).collect::<String>();

        assert_eq!(check(&first(11)), Err(PasswordError::TooShort { min_length: 12 }));
        assert_eq!(check(&first(12)), Ok(()));
        assert_eq!(check(&first(13)), Ok(()));
        for (length, outcome) in [(255, Ok(())), (256, Ok(())), (257, Err(PasswordError::TooLong))] {
            assert_eq!(check(&(random.to_owned() + &"é".repeat(length - 16))), outcome);
        }
        assert_eq!(check(""), Err(PasswordError::TooShort { min_length: 12 }));
    }

    #[test]
    fn a_password_has_at_most_1024_bytes_which_is_256_emoji() {
        let emoji: String = "🦔🌙☕🎻🧦🌵🪁🥨🐙🔭🧊🪴"
            .chars()
            .filter(|emoji| emoji.len_utf8() == 4)
            .cycle()
            .take(256)
            .collect();
        let policy = PasswordPolicy { min_strength: 0, ..PasswordPolicy::default() };

        assert_eq!(emoji.len(), MAX_BYTES);
        assert_eq!(policy.check(&SecretString::from(emoji.as_str()), &[]), Ok(()));
        assert_eq!(policy.check(&SecretString::from(emoji + "x"), &[]), Err(PasswordError::TooLong));
        assert_eq!(check(&"x".repeat(1 << 20)), Err(PasswordError::TooLong));
    }

    #[test]
    fn only_nul_and_line_breaks_are_refused_as_characters() {
        for control in ['\0', '\r', '\n'] {
            let password = format!("four muddy otters{control} sing");
            assert_eq!(check(&password), Err(PasswordError::ControlCharacter));
        }
        for allowed in (1..=0x9f_u8).map(char::from).filter(|letter| !"\r\n".contains(*letter)) {
            assert_eq!(check(&format!("four muddy otters{allowed} sing")), Ok(()), "{allowed:?}");
        }
    }

    #[test]
    fn every_common_password_is_refused_at_every_length_that_can_be_set() {
        let policy =
            PasswordPolicy { min_length: *MIN_LENGTHS.start(), min_strength: 0, ..PasswordPolicy::default() };
        for password in LIST.lines().map(SecretString::from) {
            assert_eq!(policy.check(&password, &[]), Err(PasswordError::Common));
            assert!(PasswordPolicy::default().check(&password, &[]).is_err());
        }
    }

    #[test]
    fn what_others_know_of_a_person_with_four_more_characters_is_refused() {
        let policy = PasswordPolicy { min_length: 8, min_strength: 0, ..PasswordPolicy::default() };
        let refused = |password: &str| match policy.check(&SecretString::from(password), &CONTEXT) {
            Err(PasswordError::Context { word }) => Some(word),
            _ => None,
        };

        for (password, word) in [
            ("vestibule", "vestibule"),
            ("VESTIBULE!", "vestibule"),
            ("Vestibule2026", "vestibule"),
            ("christina?xy9", "christina"),
            ("example?xy9", "example"),
            ("login.example.org", "login.example.org"),
            ("rossetti-123", "rossetti"),
            ("C.Rossetti@Goblin-Market.example1", "c.rossetti@goblin-market.example"),
            ("market.11", "market"),
            ("my vestibule", "vestibule"),
            ("vestibulevestibule", "vestibule"),
            ("christina rossetti 1", "christina"),
        ] {
            assert_eq!(refused(password).as_deref(), Some(word), "{password}");
        }
        for password in ["vestibule12345", "mine: vestibule", "christina has geese", "an organ market"] {
            assert_eq!(refused(password), None, "{password}");
        }
    }

    #[test]
    fn guessable_passwords_are_refused_with_a_reason() {
        for (password, word) in [
            ("zqzqzqzqzqzqzqzq", "Repeating"),
            ("qwertyuiop[]asdfghjkl;", "easy to guess"),
            ("cdefghijklmnopqrs", "Sequences"),
            ("constantinople", "single word"),
            ("jennifer 1987", "Names"),
        ] {
            let message = check(password).unwrap_err().to_string();
            assert!(message.contains(word), "{password}: {message}");
        }
    }

    #[test]
    fn the_estimate_sees_little_of_what_would_take_long() {
        let seen = |password: &str| estimated_part(password).chars().count();

        assert_eq!(seen(""), 0);
        assert_eq!(seen(&"otter lamp ".repeat(20)), 100);
        assert_eq!(seen(&"0123456789".repeat(20)), 100);
        assert_eq!(seen(&"é".repeat(256)), 100);
        assert!((12..=16).contains(&seen(&"@4([{<!1|$5+769".repeat(10))));
        assert_eq!(check(&"@4([{<!1|$5+769".repeat(10)), Ok(()));
    }

    #[test]
    fn long_context_is_harmless() {
        let long = "x".repeat(1 << 20);
        let many = vec!["word"; 100_000];

        let policy = PasswordPolicy::default();
        assert_eq!(policy.check(&SecretString::from("four muddy otters sing"), &[&long]), Ok(()));
        assert_eq!(policy.check(&SecretString::from("four muddy otters sing"), &many), Ok(()));
    }
}
