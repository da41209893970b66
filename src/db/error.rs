//! What can go wrong with the database, as far as the rest of the house need know.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed database call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection, or no lock, within the time limit. The same request may well succeed a little later.
    #[error("The database is not available: {0}")]
    Unavailable(String),
    /// The statement was answered, and the answer was no.
    #[error("The database refused: {0}")]
    Refused(DieselError),
    /// The tables are not as this binary knows them, and could not be made so.
    #[error("The database could not be migrated: {0}")]
    Migration(String),
}

impl Error {
    pub(super) fn unreachable(error: impl std::fmt::Display) -> Self {
        // libpq repeats the whole connection string in some messages; the first line is enough.
        Self::Unavailable(error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    /// The same, to be told to somebody else whom it concerns: their deed was none of it.
    pub(super) fn again(&self) -> Self {
        Self::Unavailable(match self {
            Self::Unavailable(why) => why.clone(),
            other => other.to_string(),
        })
    }

    pub(super) fn migration(error: impl std::fmt::Display) -> Self {
        Self::Migration(error.to_string())
    }

    /// Whether a row with the same unique value stands in the way.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Refused(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        // Locked, full, read-only, cancelled or gone: the deed did not happen, and waiting may help.
        const PASSING: [&str; 10] = [
            "database is locked",
            "database table is locked",
            "disk is full",
            "disk I/O error",
            "readonly database",
            "statement timeout",
            "lock timeout",
            "connection",
            "shutting down",
            "deadlock detected",
        ];
        let passing = match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | DieselError::BrokenTransactionManager => true,
            DieselError::DatabaseError(_, information) => {
                PASSING.iter().any(|words| information.message().contains(words))
            }
            _ => false,
        };
        if passing { Self::unreachable(error) } else { Self::Refused(error) }
    }
}
