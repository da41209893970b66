//! `[log]`: what we write about ourselves.

use std::fmt;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

/// What we write about ourselves, and in which form.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The least important lines to write: `off`, `error`, `warn`, `info`, `debug` or `trace`. The variable
    /// `VESTIBULE_LOG` can say more, such as `info,vestibule::sql=trace`: every statement, without its values.
    pub level: LogLevel,
    /// `text` for people or `json` for programs, one line an entry.
    pub format: LogFormat,
}

/// The least important lines to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What is broken and ours to mend.
    Error,
    /// What will break if nobody looks.
    Warn,
    /// What an operator wants to know.
    #[default]
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word for it, as `log::LevelFilter` and `env_logger` read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}
