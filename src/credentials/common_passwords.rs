//! The passwords that everybody tries first: an embedded list, searched exactly.
//!
//! Guessing starts with lists like this one, so a password on it protects nothing, whatever its length
//! (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.4). The list is a sorted text inside the binary, searched where it
//! lies: nothing is read, parsed or allocated at start, and there are no false alarms as with a Bloom filter.
//! Where it comes from, under which licence and how to make it again: `COMMON_PASSWORDS.md`.

use std::cmp::Ordering;

/// 150,149 passwords of 8 to 64 code points, in small letters, a line each, sorted by their bytes.
pub(super) static LIST: &str = include_str!("common_passwords.txt");

/// So many digits or signs after a listed password do not make it another one.
const MAX_ENDING: usize = 4;

/// No listed password with such an ending is longer, so longer ones need not be looked up.
const MAX_BYTES: usize = 512;

/// Whether `password` is one of the passwords that are tried first, in whatever case,
/// or one of them with up to four digits or ASCII signs after it, as in `Sunshine2024!`.
///
/// Nothing else is undone: a sentence that merely contains such a password is not common.
pub fn is_common(password: &str) -> bool {
    password.len() <= MAX_BYTES && is_among(password, is_listed)
}

/// The same for the list that `is_listed` looks into, whose entries are in small letters.
pub(super) fn is_among(password: &str, is_listed: impl Fn(&str) -> bool) -> bool {
    let folded = password.to_lowercase();
    let mut stem = folded.as_str();
    for _ in 0..=MAX_ENDING {
        if is_listed(stem) {
            return true;
        }
        match stem.strip_suffix(|last: char| last.is_ascii_digit() || last.is_ascii_punctuation()) {
            Some(shorter) => stem = shorter,
            None => return false,
        }
    }
    false
}

/// Whether `word` is a line of the list: a binary search over its bytes that finds the line around each
/// middle. In bytes, for a middle may lie inside a character.
fn is_listed(word: &str) -> bool {
    let list = LIST.as_bytes();
    // Both always stand at the start of a line, or at the end of the list.
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = list[low..middle].iter().rposition(|&byte| byte == b'\n').map_or(low, |at| low + at + 1);
        let end = list[middle..].iter().position(|&byte| byte == b'\n').map_or(list.len(), |at| middle + at);
        match list[start..end].cmp(word.as_bytes()) {
            Ordering::Equal => return true,
            Ordering::Less => low = (end + 1).min(list.len()),
            Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_without_doubles() {
        assert!(LIST.lines().is_sorted_by(|one, next| one < next));
        assert!(LIST.ends_with('\n'));
    }

    #[test]
    fn the_list_is_as_large_as_promised_and_holds_only_what_can_be_typed() {
        assert_eq!(LIST.lines().count(), 150_149);
        assert!(LIST.len() <= 1_500_000);
        for line in LIST.lines() {
            assert!((8..=64).contains(&line.chars().count()), "{line}");
            assert_eq!(line, line.to_lowercase());
            assert!(!line.contains(char::is_control) && line == line.trim(), "{line:?}");
        }
    }

    #[test]
    fn every_line_is_found_from_the_first_to_the_last() {
        for line in LIST.lines() {
            assert!(is_listed(line), "{line}");
        }
    }

    #[test]
    fn what_is_before_between_and_behind_the_lines_is_not_found() {
        for word in
            ["", "\n", "\u{0}", " ", "passwor", "password\n", "password\nx", "\u{10ffff}", "zzzzzzzzzzzzzzz~"]
        {
            assert!(!is_listed(word), "{word:?}");
        }
    }

    #[test]
    fn case_and_a_short_ending_do_not_hide_a_common_password() {
        for password in
            ["password", "PASSWORD", "PassWord1", "Sunshine!", "sunshine2024", "Baseball#99", "Кристина"]
        {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn four_signs_are_an_ending_and_five_are_not() {
        assert!(is_common("sunshine#;#;"));
        assert!(!is_common("sunshine#;#;#"));
    }

    #[test]
    fn a_phrase_that_contains_a_common_password_is_not_common() {
        for password in
            ["my sunshine is a baseball", "sunshine over the harbour", "2024sunshine?x", "пароль от двери №7"]
        {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn a_very_long_password_is_not_looked_up() {
        assert!(!is_common(&"password".repeat(1 << 17)));
    }
}
