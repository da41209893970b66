//! What the refusal of a deed is to whoever asked for it, where no page has words of its own.

use super::error::Error;
use crate::flows::add_passkey::AddPasskeyError;
use crate::flows::authenticate_key::AuthenticateKeyError;
use crate::flows::check_passkey::CheckPasskeyError;
use crate::flows::enrol_totp::EnrolTotpError;
use crate::flows::forgot_password::ForgotPasswordError;
use crate::flows::login::LoginError;
use crate::flows::reauthenticate::ReauthenticateError;
use crate::flows::register::RegisterError;
use crate::flows::remove_totp::RemoveTotpError;
use crate::flows::second_factor::SecondFactorError;
use crate::flows::throttle::ThrottleError;

impl From<ThrottleError> for Error {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            ThrottleError::Database(error) => error.into(),
        }
    }
}

impl From<LoginError> for Error {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::InvalidCredentials(error.to_string()),
            LoginError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            LoginError::Hashing(error) => error.into(),
            LoginError::Database(error) => error.into(),
        }
    }
}

impl From<SecondFactorError> for Error {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::WrongCode => Self::InvalidCode(error.to_string()),
            SecondFactorError::Gone => Self::InvalidChallenge(error.to_string()),
            SecondFactorError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            SecondFactorError::Database(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Error {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(faults) => Self::Unprocessable(faults),
            RegisterError::UsernameTaken => Self::Conflict(error.to_string()),
            RegisterError::Closed => Self::Forbidden(error.to_string().into()),
            RegisterError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            RegisterError::Hashing(error) => error.into(),
            RegisterError::Database(error) => error.into(),
        }
    }
}

impl From<ReauthenticateError> for Error {
    fn from(error: ReauthenticateError) -> Self {
        match error {
            ReauthenticateError::WrongPassword | ReauthenticateError::WrongProof => {
                Self::InvalidCredentials(error.to_string())
            }
            ReauthenticateError::SessionEnded => Self::TokenRefused,
            ReauthenticateError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            ReauthenticateError::Hashing(error) => error.into(),
            ReauthenticateError::Database(error) => error.into(),
        }
    }
}

impl From<EnrolTotpError> for Error {
    fn from(error: EnrolTotpError) -> Self {
        match error {
            EnrolTotpError::SessionEnded => Self::TokenRefused,
            EnrolTotpError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            EnrolTotpError::Database(error) => error.into(),
            other => Self::Conflict(other.to_string()),
        }
    }
}

impl From<AddPasskeyError> for Error {
    fn from(error: AddPasskeyError) -> Self {
        match error {
            AddPasskeyError::SessionEnded => Self::TokenRefused,
            AddPasskeyError::Database(error) => error.into(),
            other => Self::Conflict(other.to_string()),
        }
    }
}

impl From<CheckPasskeyError> for Error {
    fn from(error: CheckPasskeyError) -> Self {
        match error {
            CheckPasskeyError::Unavailable => Self::Conflict(error.to_string()),
            CheckPasskeyError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            CheckPasskeyError::Database(error) => error.into(),
            other => Self::InvalidCredentials(other.to_string()),
        }
    }
}

impl From<AuthenticateKeyError> for Error {
    fn from(error: AuthenticateKeyError) -> Self {
        match error {
            AuthenticateKeyError::Refused => Self::TokenRefused,
            AuthenticateKeyError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            AuthenticateKeyError::Database(error) => error.into(),
            AuthenticateKeyError::Scope(scope) => Self::InsufficientScope(scope),
            AuthenticateKeyError::EnrolmentRequired => Self::EnrolmentRequired,
        }
    }
}

impl From<RemoveTotpError> for Error {
    fn from(error: RemoveTotpError) -> Self {
        match error {
            RemoveTotpError::Kept(kept) => kept.into(),
            RemoveTotpError::Database(error) => error.into(),
        }
    }
}

impl From<ForgotPasswordError> for Error {
    fn from(error: ForgotPasswordError) -> Self {
        match error {
            ForgotPasswordError::Email(error) => Self::BadRequest(error.to_string().into()),
            ForgotPasswordError::Throttled { retry_after } => Self::TooManyRequests { retry_after },
            ForgotPasswordError::Database(error) => error.into(),
        }
    }
}
