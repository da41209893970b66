//! An account as the command line shows it: no hash, no fold, no skeleton.

use std::fmt;

use serde::Serialize;

use super::output;
use crate::flows::factors::Factors;
use crate::models::{Role, User};

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
pub(super) struct UserView {
    id: String,
    username: String,
    email: Option<String>,
    email_verified_at: Option<String>,
    role: Role,
    groups: Vec<String>,
    created_at: String,
    password_changed_at: Option<String>,
    disabled_at: Option<String>,
    closed_at: Option<String>,
    second_factor_since: Option<String>,
    /// How many live sessions there are, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<usize>,
    /// What there is beside the password, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<FactorsView>,
}

/// Somebody's factors.
#[derive(Serialize)]
struct FactorsView {
    authenticator_app_since: Option<String>,
    passkeys: usize,
    recovery_codes_left: usize,
}

impl UserView {
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified_at: user.email_verified_at.map(|at| at.to_string()),
            role: user.role,
            groups: user.groups().map(str::to_owned).collect(),
            created_at: user.created_at.to_string(),
            // Who has no password may have had one.
            password_changed_at: user
                .password_hash
                .as_ref()
                .and(user.password_changed_at)
                .map(|at| at.to_string()),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
            closed_at: user.closed_at.map(|at| at.to_string()),
            second_factor_since: user.second_factor_since.map(|at| at.to_string()),
            sessions: None,
            factors: None,
        }
    }

    /// The same, with the number of live sessions.
    pub(super) fn with_sessions(self, sessions: usize) -> Self {
        Self { sessions: Some(sessions), ..self }
    }

    /// The same, with what there is beside the password.
    pub(super) fn with_factors(self, factors: &Factors) -> Self {
        let view = FactorsView {
            authenticator_app_since: factors.totp_since.map(|at| at.to_string()),
            passkeys: factors.passkeys.len(),
            recovery_codes_left: factors.recovery.map_or(0, |set| set.left),
        };
        Self { factors: Some(view), ..self }
    }

    fn state(&self) -> &'static str {
        match (&self.disabled_at, &self.closed_at) {
            (Some(_), _) => "disabled",
            (None, Some(_)) => "closed",
            (None, None) => "enabled",
        }
    }
}

/// For people: a fact a line.
impl fmt::Display for UserView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "none".to_owned());
        let state = match self.disabled_at.as_ref().or(self.closed_at.as_ref()) {
            Some(at) => format!("{} since {at}", self.state()),
            None => self.state().to_owned(),
        };
        let mut facts = vec![
            ("Username", self.username.clone()),
            ("Id", self.id.clone()),
            ("Role", self.role.to_string()),
            ("Groups", or_none(&Some(self.groups.join(", ")).filter(|names| !names.is_empty()))),
            ("State", state),
            ("E-mail", or_none(&self.email)),
            ("Made", self.created_at.clone()),
            ("Password set", or_none(&self.password_changed_at)),
        ];
        facts.push(("Second step", or_none(&self.second_factor_since)));
        if let Some(factors) = &self.factors {
            facts.push(("App", or_none(&factors.authenticator_app_since)));
            facts.push(("Passkeys", factors.passkeys.to_string()));
            facts.push(("Recovery codes", factors.recovery_codes_left.to_string()));
        }
        facts.extend(self.sessions.map(|sessions| ("Live sessions", sessions.to_string())));
        f.write_str(&output::facts(&facts))
    }
}

/// For people: an account a line.
pub(super) fn table(users: &[UserView]) -> String {
    let row = |user: &UserView| {
        let email = user.email.clone().unwrap_or_else(|| "-".to_owned());
        let (role, state) = (user.role.to_string(), user.state().to_owned());
        let second_step = if user.second_factor_since.is_some() { "yes" } else { "no" }.to_owned();
        [user.username.clone(), role, state, second_step, user.created_at.clone(), email, user.id.clone()]
    };
    let rows: Vec<_> = users.iter().map(row).collect();
    output::table(["USERNAME", "ROLE", "STATE", "2ND STEP", "MADE", "E-MAIL", "ID"], &rows)
}
