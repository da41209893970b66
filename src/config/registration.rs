//! `[registration]`: who may make an account, and what we ask of them.

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

/// Who may make an account, and what we ask of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationConfig {
    /// `open`: anybody may register. `closed`: accounts are made by the operator only.
    pub mode: RegistrationMode,
    /// Whether the form asks for an e-mail address: `optional`, `required` or `hidden`.
    pub email: EmailField,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Anybody.
    #[default]
    Open,
    /// The operator only.
    Closed,
}

/// Whether registration asks for an e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailField {
    /// Asked for, and may be left empty.
    #[default]
    Optional,
    /// Asked for, and must be given.
    Required,
    /// Not asked for.
    Hidden,
}
