//! What can be set, asked of the types themselves: nothing here is a list to keep in step.

use documented::{Documented, DocumentedFields};
use serde::Deserialize;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::{
    AccountConfig, Config, DatabaseConfig, ForwardAuthConfig, LogConfig, MASK, MailConfig, MetricsConfig,
    PasswordsConfig, RegistrationConfig, SecondFactorConfig, ServerConfig, SessionsConfig, ThrottleConfig,
    TokensConfig, WebauthnConfig,
};

/// What environment variables of ours begin with.
pub(super) const PREFIX: &str = "VESTIBULE_";

/// A table of the file: `[server]`.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
}

/// A key of a section.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// `section.name`
    pub(super) key: String,
    /// `VESTIBULE_SECTION__NAME`
    pub(super) variable: String,
    pub(super) doc: String,
    /// As it is written in a file; null if unset.
    pub(super) default: Json,
    pub(super) is_secret: bool,
}

/// All sections, in the order of their declaration.
pub(super) fn sections() -> Vec<Section> {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    Config::FIELD_NAMES
        .iter()
        .map(|name| match *name {
            "server" => section::<ServerConfig>(name, &defaults),
            "database" => section::<DatabaseConfig>(name, &defaults),
            "sessions" => section::<SessionsConfig>(name, &defaults),
            "tokens" => section::<TokensConfig>(name, &defaults),
            "passwords" => section::<PasswordsConfig>(name, &defaults),
            "second_factor" => section::<SecondFactorConfig>(name, &defaults),
            "registration" => section::<RegistrationConfig>(name, &defaults),
            "account" => section::<AccountConfig>(name, &defaults),
            "mail" => section::<MailConfig>(name, &defaults),
            "throttle" => section::<ThrottleConfig>(name, &defaults),
            "webauthn" => section::<WebauthnConfig>(name, &defaults),
            "forward_auth" => section::<ForwardAuthConfig>(name, &defaults),
            "metrics" => section::<MetricsConfig>(name, &defaults),
            _ => section::<LogConfig>(name, &defaults),
        })
        .collect()
}

/// The configuration in which `key` of `section` is `value` and all else as by default.
pub(super) fn config_with(section: &str, name: &str, value: Value) -> Result<Config, toml::de::Error> {
    let inner = Table::from_iter([(name.to_owned(), value)]);
    Config::deserialize(Table::from_iter([(section.to_owned(), Value::Table(inner))]))
}

fn section<T: Documented + DocumentedFields>(section: &'static str, defaults: &Json) -> Section {
    let field = |(name, doc): (&&'static str, &&str)| Field {
        name,
        key: format!("{section}.{name}"),
        variable: format!("{PREFIX}{}__{}", section.to_uppercase(), name.to_uppercase()),
        doc: doc.replace('\n', " "),
        default: defaults.get(section).and_then(|fields| fields.get(name)).cloned().unwrap_or_default(),
        is_secret: is_secret(section, name),
    };
    let fields = T::FIELD_NAMES.iter().zip(T::FIELD_DOCS).map(field).collect();
    Section { name: section, doc: T::DOCS.replace('\n', " "), fields }
}

/// Whether the type of this key hides what it is given; this is 32 random bytes, so that every secret takes
/// it.
fn is_secret(section: &str, name: &str) -> bool {
    let probe = "b8a41c7de90f5263174d8e2fa06b93c5d1f7420e8c3b59a6fe12d07794c86ab3";
    config_with(section, name, probe.into())
        .ok()
        .and_then(|config| serde_json::to_value(config).ok())
        .is_some_and(|config| config.get(section).and_then(|fields| fields.get(name)) == Some(&MASK.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_serialized_defaults_name_the_same_keys() {
        let Json::Object(defaults) = serde_json::to_value(Config::default()).unwrap() else { panic!() };
        let mut expected = Vec::new();
        for (section, fields) in &defaults {
            expected.extend(fields.as_object().unwrap().keys().map(|name| format!("{section}.{name}")));
        }

        let mut keys: Vec<_> =
            sections().into_iter().flat_map(|section| section.fields).map(|field| field.key).collect();

        expected.sort();
        keys.sort();
        assert_eq!(keys, expected);
    }

    #[test]
    fn the_secrets_are_known_by_their_types() {
        let fields = sections().into_iter().flat_map(|section| section.fields);

        let secrets: Vec<_> = fields.filter(|field| field.is_secret).map(|field| field.key).collect();

        let known =
            ["server.secret", "database.url", "tokens.hs256_secret", "mail.smtp_password", "metrics.token"];
        assert_eq!(secrets, known);
    }
}
