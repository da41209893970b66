//! The reference of all settings, printed from the types.

use std::fmt::Write as _;

use super::layer::toml_value;
use super::schema::sections;

/// Every setting in Markdown: meaning, default and variable.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from("# Settings\n");
    for section in sections() {
        let _ = writeln!(text, "\n## `[{}]`\n\n{}\n", section.name, section.doc);
        for field in section.fields {
            let default = toml_value(&field.default).map_or("unset".to_owned(), |value| format!("`{value}`"));
            let file = if field.is_secret { " (or the same with `_FILE`)" } else { "" };
            let _ = writeln!(
                text,
                "- **`{}`**, default {default}, `{}`{file}  \n  {}",
                field.name, field.variable, field.doc
            );
        }
    }
    text
}
