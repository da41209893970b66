//! What is wrong with a new password, in words for whoever chose it.

/// The longest password in code points.
pub const MAX_LENGTH: usize = 256;

/// Why a password was refused, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer code points than the policy asks.
    #[error("Please use at least {min_length} characters; a few words with blanks are easy to remember.")]
    TooShort {
        /// What the policy asks.
        min_length: usize,
    },
    /// More than [`MAX_LENGTH`] code points or [`policy::MAX_BYTES`](super::policy::MAX_BYTES) bytes.
    #[error("Please use at most {MAX_LENGTH} characters; emoji and some scripts count more than once.")]
    TooLong,
    /// NUL or a line break.
    #[error("A password cannot have line breaks in it. Please write it in one line.")]
    ControlCharacter,
    /// On the list of the passwords that are tried first, see [`is_common`](super::common_passwords::is_common).
    #[error(
        "This is one of the most common passwords, which are tried first. \
         Three or four words that nobody would guess together work well."
    )]
    Common,
    /// On the operator's own list.
    #[error(
        "This password is on the list of those that may not be used here. \
         Three or four words that nobody would guess together work well."
    )]
    Listed,
    /// Little more than a word that anybody knows of this person or place.
    #[error(
        "This password is little more than “{word}”, which others know. \
         Please choose words that have nothing to do with you or this site."
    )]
    Context {
        /// That word; their own, so it may be shown to them.
        word: String,
    },
    /// Weaker than the policy asks, by zxcvbn's estimate.
    #[error("{because} Three or four words that nobody would guess together work well.")]
    Guessable {
        /// A whole sentence.
        because: &'static str,
    },
}
