//! Text from elsewhere, made harmless: it must neither break our lines nor speak to the terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with control characters, line separators and marks that turn the direction of writing spelt out.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    // Nearly all there is to say is plain ASCII, which is seen at a glance.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.contains(is_unruly) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        let _ = match is_unruly(letter) {
            true => write!(escaped, "{}", letter.escape_default()),
            false => escaped.write_char(letter),
        };
    }
    escaped.into()
}

fn is_unruly(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || ('\u{202a}'..='\u{202e}').contains(&letter)
        || ('\u{2066}'..='\u{2069}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_or_colour_a_terminal_is_spelt_out() {
        assert_eq!(escape("one\ntwo\u{1b}[31m\u{202e}\u{85}"), "one\\ntwo\\u{1b}[31m\\u{202e}\\u{85}");
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        assert_eq!(escape("Ærøskøbing 東京 👋"), "Ærøskøbing 東京 👋");
    }
}
