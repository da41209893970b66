//! The configuration that counts, for people and programs; secrets are masked.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::layer::toml_value;
use super::load::Loaded;
use super::schema::{Section, sections};

/// The configuration that counts as TOML, with where each value came from if `sources`.
#[must_use]
pub fn show(loaded: &Loaded, sources: bool) -> String {
    let values = values(loaded);
    let mut text = String::new();
    for Section { name: section, fields, .. } in super::schema::sections() {
        let start = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{start}[{section}]");
        for field in fields {
            let value = values.get(section).and_then(|fields| fields.get(field.name)).and_then(toml_value);
            let _ = match value {
                Some(value) => write!(text, "{} = {value}", field.name),
                None => write!(text, "# {} is not set", field.name),
            };
            let _ = match sources {
                true => writeln!(text, "  # {}", loaded.sources.of(&field.key)),
                false => writeln!(text),
            };
        }
    }
    text
}

/// The configuration that counts as JSON: `section.key` is the value, or `{"value", "source"}` if `sources`.
#[must_use]
pub fn to_json(loaded: &Loaded, sources: bool) -> Value {
    let mut values = values(loaded);
    if !sources {
        return values;
    }
    for Section { name: section, fields, .. } in sections() {
        let Some(Value::Object(values)) = values.get_mut(section) else { continue };
        let with_source = |field: super::schema::Field| {
            let value = values.remove(field.name).unwrap_or_default();
            let source = loaded.sources.of(&field.key).to_string();
            (field.name.to_owned(), json!({ "value": value, "source": source }))
        };
        *values = fields.into_iter().map(with_source).collect::<Map<_, _>>();
    }
    values
}

/// What counts, with the addresses that follow from others filled in.
fn values(loaded: &Loaded) -> Value {
    let mut config = loaded.config.clone();
    config.server.public_url = Some(config.public_url());
    config.tokens.issuer = Some(config.issuer());
    config.tokens.audience = Some(config.audience());
    serde_json::to_value(config).unwrap_or_default()
}
