//! How sign-ins went.

use super::Counter;

/// What became of one step of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Somebody is in.
    Success,
    /// No such user, or not their password or passkey.
    Wrong,
    /// The password was right, and a second factor is asked for.
    SecondFactorAsked,
    /// It was wrong, or came too late.
    SecondFactorWrong,
    /// Too many tries.
    Throttled,
    /// More sign-ins at once than we hash.
    Busy,
    /// The database, or a fault of ours.
    Failed,
}

impl LoginOutcome {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Wrong,
        Self::SecondFactorAsked,
        Self::SecondFactorWrong,
        Self::Throttled,
        Self::Busy,
        Self::Failed,
    ];

    /// Its word, for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Wrong => "wrong",
            Self::SecondFactorAsked => "second_factor_asked",
            Self::SecondFactorWrong => "second_factor_wrong",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

/// How many sign-ins went how.
#[derive(Debug, Default)]
pub struct Logins([Counter; LoginOutcome::ALL.len()]);

impl Logins {
    /// One more.
    pub fn add(&self, outcome: LoginOutcome) {
        if let Some(counter) = self.0.get(outcome as usize) {
            counter.add();
        }
    }

    /// How many went so.
    pub fn get(&self, outcome: LoginOutcome) -> u64 {
        self.0.get(outcome as usize).map_or(0, Counter::get)
    }
}
