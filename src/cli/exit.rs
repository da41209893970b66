//! How a command ends: what is said about an error, and the exit code that scripts go by.

use std::io;
use std::process::ExitCode;

use super::escape::escape;
use super::output;
use crate::config::Problems;
use crate::db;
use crate::flows::register::RegisterError;
use crate::vestibule::OpenError;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;
const UNHEALTHY: u8 = 4;

/// A failure that has an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The command does not make sense so.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody answers, but not well.
    #[error("{0}")]
    Unhealthy(String),
}

/// What a finished command leaves behind: nothing, or an error told in a line.
pub(super) fn after(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::from(code_of(&error))
        }
    }
}

/// The exit code that clap chose.
pub(super) fn code(code: i32) -> ExitCode {
    u8::try_from(code).map_or(ExitCode::from(USAGE), ExitCode::from)
}

/// One line an error; a wrong configuration is as many errors as there are to mend.
fn tell(error: &anyhow::Error) {
    match error.downcast_ref::<Problems>() {
        Some(Problems(problems)) => {
            problems.iter().for_each(|problem| output::aside(escape(&problem.to_string())));
        }
        None => output::aside(escape(&format!("{error:#}"))),
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Problems>() || matches!(error.downcast_ref(), Some(OpenError::Blocklist(..))) {
        return USAGE;
    }
    match error.downcast_ref() {
        Some(Failure::Usage(_)) => USAGE,
        Some(Failure::Unreachable(_)) => UNREACHABLE,
        Some(Failure::Unhealthy(_)) => UNHEALTHY,
        None if is_unavailable(error) => UNREACHABLE,
        None => FAILED,
    }
}

/// Whether the database did not answer, whichever deed it was that asked.
fn is_unavailable(error: &anyhow::Error) -> bool {
    let from_opening = error.downcast_ref().and_then(|error| match error {
        OpenError::Database(error) => Some(error),
        _ => None,
    });
    let from_registering = error.downcast_ref().and_then(|error| match error {
        RegisterError::Database(error) => Some(error),
        _ => None,
    });
    let plain = error.downcast_ref::<db::Error>();
    matches!(plain.or(from_opening).or(from_registering), Some(db::Error::Unavailable(_)))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}
