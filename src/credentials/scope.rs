//! What an API key may do: few words, and each does something. None opens a page, changes an account, makes a key or
//! counts as a proof of who somebody is.

use std::fmt;
use std::str::FromStr;

/// Something that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Ask who its owner is: `/api/session`, `/protected`.
    ReadAccount,
    /// Be let into applications: those behind us, and those that we are part of.
    Apps,
}

impl Scope {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::ReadAccount, Self::Apps];

    /// As it stands in the database, in challenges and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadAccount => "account:read",
            Self::Apps => "apps",
        }
    }

    /// What it allows, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ReadAccount => "Read who you are",
            Self::Apps => "Open applications",
        }
    }

    /// Those of `text`, which has a space between them. What we do not know allows nothing.
    pub fn list(text: &str) -> Vec<Self> {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// The text of `scopes`, each once, in order.
    pub fn join(scopes: &[Self]) -> String {
        let known = Self::ALL.into_iter().filter(|scope| scopes.contains(scope));
        known.map(Self::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is none of: {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}
