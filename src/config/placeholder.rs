//! Secrets that are none: copied from a manual, typed by hand, or a pattern.

/// Words that no random secret holds but placeholders do. Long enough that chance does not write them: each
/// has odds of one in millions to appear in 32 random bytes written as base64.
const WORDS: [&str; 15] = [
    "secret",
    "s3cr3t",
    "changeme",
    "changethis",
    "replace",
    "placeholder",
    "password",
    "passwd",
    "example",
    "insert",
    "default",
    "yourkey",
    "signingkey",
    "keyboardcat",
    "qwerty",
];

/// Keys that are random but printed in a standard: RFC 7515 A.1.
const PUBLISHED: [&str; 1] =
    ["AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"];

/// Whether `text` holds one of the words that placeholders are made of, or is a published example.
pub(super) fn is_placeholder(text: &str) -> bool {
    let letters: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect();
    WORDS.iter().any(|word| letters.contains(word)) || PUBLISHED.contains(&text)
}

/// Whether `bytes` are one byte over and over, a short pattern repeated, or a run such as `abcdefgh`.
pub(super) fn is_pattern(bytes: &[u8]) -> bool {
    let repeats =
        (1..=bytes.len() / 2).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b));
    let steps = bytes.windows(2).filter(|pair| matches!(pair, [a, b] if a.abs_diff(*b) <= 1)).count();
    repeats || steps * 2 > bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_known() {
        assert!(is_pattern(&[0; 32]));
        assert!(is_pattern(b"0123456789abcdef0123456789abcdef"));
        assert!(is_pattern(b"abcdefghijklmnopqrstuvwxyz123456"));
        assert!(is_pattern(b"12345678901234567890123456789012"));
    }

    #[test]
    fn random_secrets_pass() {
        for text in [
            "BNuRhmrMvBx5aTrbYfEsGgWHqODIeKJUyVkXzPdwC1s",
            "8f4e2a9c1b7d3f6085e2c4a917bd3f60a1c5e79d2b48f013",
        ] {
            assert!(!is_placeholder(text) && !is_pattern(text.as_bytes()), "{text}");
        }
    }
}
