//! What a group may be called: the same word in rules, in the `groups` claim, in headers and on the command line.
//!
//! Small letters of ASCII, digits and a few signs, so that no name is quoted anywhere and no two look alike.

use std::ops::RangeInclusive;

/// How many characters one may have.
pub const LENGTHS: RangeInclusive<usize> = 1..=32;

/// The name cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A group is called by 1 to {} small letters, digits, hyphens, underscores and dots, a letter or digit first.",
    LENGTHS.end()
)]
pub struct GroupNameError;

/// Whether a group may be called so.
///
/// # Errors
///
/// That it may not.
pub fn check(name: &str) -> Result<(), GroupNameError> {
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_fine = LENGTHS.contains(&name.len())
        && name.bytes().all(|letter| is_plain(letter) || b"-_.".contains(&letter))
        && name.bytes().next().is_some_and(is_plain);
    if is_fine { Ok(()) } else { Err(GroupNameError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_plain_word() {
        for name in ["ops", "a", "7", "team-blue", "eu.west_1", &"x".repeat(32)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "Ops", "-ops", ".ops", "_ops", "o ps", "ops,admins", "öps", "ops\n", &"x".repeat(33)]
        {
            assert_eq!(check(name), Err(GroupNameError), "{name}");
        }
    }
}
