//! Display names: what somebody wants to be called on their own pages and in our mails to them.
//!
//! Nobody is found by one and nobody else sees it, so two people may have the same. It is a line of text in the
//! person's own script, with emoji if they like; what would break the line, turn its direction or show nothing is
//! refused, so that no page and no mail can be made to read as something that it is not.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// How many characters (code points) one may have.
pub const LENGTHS: RangeInclusive<usize> = 1..=64;

/// Marks that may stand on one letter. More of them cover the lines above and below.
const MOST_MARKS: usize = 4;

/// Why a display name cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Over the limit.
    #[error("That name is too long. Use {} characters or fewer.", LENGTHS.end())]
    TooLong,
    /// A character that does not stand in a line, or shows nothing.
    #[error("That name has characters that cannot be shown. Use letters, digits, spaces and signs.")]
    Characters,
}

/// What is to be kept of a name as it was typed: without blanks around it, composed (NFC); none if nothing is left.
///
/// # Errors
///
/// The [`DisplayNameError`] that says what to change.
pub fn parse(typed: &str) -> Result<Option<String>, DisplayNameError> {
    let name: String = typed.trim().nfc().collect();
    if name.is_empty() {
        return Ok(None);
    }
    if name.chars().count() > *LENGTHS.end() {
        return Err(DisplayNameError::TooLong);
    }
    let mut marks = 0;
    for letter in name.chars() {
        marks = if is_combining_mark(letter) { marks + 1 } else { 0 };
        if is_hidden(letter) || marks > MOST_MARKS {
            return Err(DisplayNameError::Characters);
        }
    }
    let is_seen = |letter: char| !(letter.is_whitespace() || is_joiner(letter) || is_combining_mark(letter));
    match name.chars().any(is_seen) {
        true => Ok(Some(name)),
        false => Err(DisplayNameError::Characters),
    }
}

/// Between the letters of some scripts, and in emoji, these change how their neighbours look.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Whether a character is none of a line of text: controls, turns of direction, breaks, and what shows nothing.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
            | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(typed: &str) -> Option<String> {
        parse(typed).unwrap()
    }

    #[test]
    fn what_people_are_called_is_kept_as_they_write_it() {
        for name in [
            "Ada",
            "Ada, Countess of Lovelace",
            "Ö",
            "O'Neill-Smith 3rd",
            "山田 太郎",
            "עדה",
            "می‌خواهم",
            "👩‍💻 Ada ❤️",
        ] {
            assert_eq!(kept(name).as_deref(), Some(name));
        }
        assert_eq!(kept("  Ada \n").as_deref(), Some("Ada"));
        assert_eq!(kept("A\u{30a}da").as_deref(), Some("Åda"), "composed");
        assert_eq!(kept("<b>&\"'").as_deref(), Some("<b>&\"'"), "text, wherever it is shown");
    }

    #[test]
    fn nothing_is_no_name() {
        for nothing in ["", " ", "\t\n", "\u{a0}\u{3000}"] {
            assert_eq!(kept(nothing), None);
        }
    }

    #[test]
    fn sixty_four_characters_are_enough_and_sixty_five_too_many() {
        for letter in ["a", "ö", "o\u{308}", "😀"] {
            for (count, is_fine) in [(1, true), (63, true), (64, true), (65, false), (5000, false)] {
                let done = parse(&letter.repeat(count));
                assert_eq!(done.is_ok(), is_fine, "{count} of {letter}");
                assert!(is_fine || done == Err(DisplayNameError::TooLong));
            }
        }
    }

    #[test]
    fn what_breaks_turns_or_hides_the_line_is_refused() {
        let hidden = "\u{0}\u{7}\u{1b}\u{7f}\u{85}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{fffe}\u{e0041}\u{2800}\u{3164}\u{e000}\u{10ffff}";
        for letter in hidden.chars().chain(['\t', '\n', '\r']) {
            let done = parse(&format!("Ada{letter}Lovelace"));
            assert_eq!(done, Err(DisplayNameError::Characters), "{letter:?}");
        }
        for unseen in ["\u{200d}", "\u{fe0f}\u{200c}", "\u{301}"] {
            assert_eq!(parse(unseen), Err(DisplayNameError::Characters));
        }
        assert!(parse(&format!("q{}", "\u{323}".repeat(MOST_MARKS))).is_ok());
        assert!(parse(&format!("q{}", "\u{323}".repeat(MOST_MARKS + 1))).is_err());
    }
}
