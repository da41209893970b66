//! `[second_factor]`: who has to sign in with more than a password.

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::group_name::{self, GroupNameError};

/// Who has to sign in with more than a password.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactorConfig {
    /// Who needs a passkey or an authenticator app: `off` (nobody has to), `admins` or `everyone`. Until they have one, they
    /// can do nothing but add one.
    pub require: Require,
    /// The groups whose people need one, too, whatever `require` says.
    pub require_groups: Vec<String>,
}

impl SecondFactorConfig {
    pub(super) fn check(&self) -> Option<Rule> {
        let wrong = self.require_groups.iter().find(|name| group_name::check(name).is_err())?;
        let wrong = format!("names {wrong:?}, which no group can be called");
        Some(Rule::new("second_factor.require_groups", wrong, GroupNameError.to_string()))
    }
}

/// Who needs a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// Nobody; whoever wants one may have one.
    Off,
    /// Whoever administers this instance (ASVS 6.3.3).
    #[default]
    Admins,
    /// Everybody.
    Everyone,
}
