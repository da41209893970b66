//! Counts how sign-ins went, by what their deeds come back with.

use crate::credentials::password::HashError;
use crate::flows::check_passkey::CheckPasskeyError;
use crate::flows::login::{LoginError, Outcome};
use crate::flows::second_factor::SecondFactorError;
use crate::flows::start_session::SignedIn;
use crate::measures::LoginOutcome;
use crate::vestibule::Vestibule;

/// Counts a sign-in by password, which may lead to a second step.
pub(super) fn by_password(vestibule: &Vestibule, done: &Result<Outcome, LoginError>) {
    vestibule.measures.logins.add(match done {
        Ok(Outcome::SignedIn(_)) => LoginOutcome::Success,
        Ok(Outcome::SecondFactor(_)) => LoginOutcome::SecondFactorAsked,
        Err(LoginError::InvalidCredentials) => LoginOutcome::Wrong,
        Err(LoginError::Throttled { .. }) => LoginOutcome::Throttled,
        Err(LoginError::Hashing(HashError::Busy)) => LoginOutcome::Busy,
        Err(LoginError::Hashing(HashError::Broken(_)) | LoginError::Database(_)) => LoginOutcome::Failed,
    });
}

/// Counts a second step by a code.
pub(super) fn by_code(vestibule: &Vestibule, done: &Result<SignedIn, SecondFactorError>) {
    vestibule.measures.logins.add(match done {
        Ok(_) => LoginOutcome::Success,
        Err(SecondFactorError::WrongCode | SecondFactorError::Gone) => LoginOutcome::SecondFactorWrong,
        Err(SecondFactorError::Throttled { .. }) => LoginOutcome::Throttled,
        Err(SecondFactorError::Database(_)) => LoginOutcome::Failed,
    });
}

/// Counts a step by a passkey: the first, for which `wrong` is [`LoginOutcome::Wrong`], or the second.
pub(super) fn by_passkey(
    vestibule: &Vestibule,
    done: &Result<SignedIn, CheckPasskeyError>,
    wrong: LoginOutcome,
) {
    vestibule.measures.logins.add(match done {
        Ok(_) => LoginOutcome::Success,
        Err(
            CheckPasskeyError::Unavailable
            | CheckPasskeyError::Late
            | CheckPasskeyError::Unknown { .. }
            | CheckPasskeyError::Refused
            | CheckPasskeyError::Cloned
            | CheckPasskeyError::Gone,
        ) => wrong,
        Err(CheckPasskeyError::Throttled { .. }) => LoginOutcome::Throttled,
        Err(CheckPasskeyError::Database(_)) => LoginOutcome::Failed,
    });
}
