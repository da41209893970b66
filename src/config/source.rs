//! Where each value came from.

use std::collections::BTreeMap;
use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// A line of the configuration file.
    File {
        /// The file, as it was named.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// A variable in the file `.env` of the working directory.
    DotEnv {
        /// The variable.
        name: String,
    },
    /// An environment variable.
    Environment {
        /// The variable.
        name: String,
    },
    /// A flag on the command line.
    Flag {
        /// The flag, with its dashes.
        name: String,
    },
}

impl Source {
    /// Where to look to mend it: `vestibule.toml:3:1`, a variable or a flag.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File { path, line, column } => format!("{path}:{line}:{column}"),
            Self::DotEnv { name } => format!(".env: {name}"),
            Self::Environment { name } | Self::Flag { name } => name.clone(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, .. } => write!(f, "{path}:{line}"),
            Self::DotEnv { name } => write!(f, ".env {name}"),
            Self::Environment { name } => write!(f, "environment {name}"),
            Self::Flag { name } => write!(f, "flag {name}"),
        }
    }
}

/// Where the value of every key came from.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// Where the value of `key` (`section.name`) came from.
    #[must_use]
    pub fn of(&self, key: &str) -> &Source {
        self.0.get(key).unwrap_or(&Source::Default)
    }

    /// The keys that somebody set, and where.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.0.iter().map(|(key, source)| (key.as_str(), source))
    }
}

impl FromIterator<(String, Source)> for Sources {
    fn from_iter<I: IntoIterator<Item = (String, Source)>>(sources: I) -> Self {
        Self(sources.into_iter().collect())
    }
}
