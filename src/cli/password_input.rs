//! How a password comes in: typed blindly, twice, or through standard input. Never by a flag.

use std::io::{self, IsTerminal as _, Read};

use anyhow::bail;
use secrecy::SecretString;

use crate::credentials::policy::{MAX_BYTES, PasswordError};

/// A new password, from the prompt if somebody sits at a terminal, else from standard input.
///
/// # Errors
///
/// That there is none, that it cannot be read, or that the two typed ones differ.
pub(super) fn read() -> anyhow::Result<SecretString> {
    let input = io::stdin();
    if input.is_terminal() { prompt() } else { all_of(input.lock()) }
}

fn prompt() -> anyhow::Result<SecretString> {
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("The same again: ")? != password {
        bail!("The two passwords differ. Nothing was changed.");
    }
    Ok(password.into())
}

/// All of `input` without the line break at its end.
fn all_of(input: impl Read) -> anyhow::Result<SecretString> {
    let mut bytes = Vec::new();
    // No longer than the longest password with a line break, and one byte more to see that it is.
    input.take(MAX_BYTES as u64 + 3).read_to_end(&mut bytes)?;
    let password = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let password = password.strip_suffix(b"\r").unwrap_or(password);
    if password.is_empty() {
        bail!("No password came in. Pipe one into standard input, or run this at a terminal.");
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong.into());
    }
    match str::from_utf8(password) {
        Ok(password) => Ok(password.into()),
        Err(_) => bail!("The password is not UTF-8 text."),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_password() {
        for (input, password) in [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), (" a\n\n", " a\n")] {
            assert_eq!(all_of(input.as_bytes()).unwrap().expose_secret(), password);
        }
    }

    #[test]
    fn nothing_too_much_and_what_is_no_text_is_refused() {
        for input in [b"".as_slice(), b"\n", &[b'a'; MAX_BYTES + 1], &[b'a'; 9 * MAX_BYTES], b"\xff\xfe"] {
            assert!(all_of(input).is_err());
        }
        assert!(all_of([b'a'; MAX_BYTES].as_slice()).is_ok());
    }
}
