//! A layer of values, each with its source, and what they become together.

use toml::Value;

use super::problem::{Problem, nearest};
use super::schema::{self, Field, Section};
use super::source::Source;

/// A value that somebody set.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) source: Source,
}

/// What is being read, and what was wrong on the way.
pub(super) struct Reading {
    pub(super) sections: Vec<Section>,
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<Problem>,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { sections: schema::sections(), entries: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|section| &section.fields)
    }

    /// Takes a value that stands above all before it, if its type is right; else notes the problem.
    pub(super) fn take(&mut self, key: String, value: Value, source: Source) {
        let Some(field) = self.fields().find(|field| field.key == key) else {
            let meant = super::problem::nearest_key(&key, &self.sections);
            self.problems.push(Problem::unknown(source.place(), "key", &key, meant));
            return;
        };
        match wrong_type(field, &value) {
            None => self.entries.push(Entry { key, value, source }),
            Some(problem) => self.problems.push(Problem { place: source.place(), ..problem }),
        }
    }

    /// Whether `key` was set to something that we could not take.
    pub(super) fn has_problem_with(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key.as_deref() == Some(key))
    }
}

/// What is wrong with `value` by itself: we let the field's own type say it.
fn wrong_type(field: &Field, value: &Value) -> Option<Problem> {
    let (section, name) = field.key.split_once('.')?;
    let error = schema::config_with(section, name, value.clone()).err()?;
    if let Some(tables) = value.as_array().filter(|items| items.iter().any(Value::is_table)) {
        return Some(wrong_tables(field, section, name, tables));
    }
    let must = in_our_words(error.message());
    let wrong = match shown(value) {
        Some(value) if !field.is_secret => format!("`{}` is {value}, but {must}", field.key),
        _ => format!("`{}` {must}", field.key),
    };
    let is_choice = error.message().starts_with("unknown variant");
    let did_you_mean = value.as_str().filter(|_| is_choice).and_then(|text| nearest(text, quoted(&must)));
    let remedy = match toml_value(&field.default) {
        Some(default) => format!("Set it to {default} or leave it out."),
        None => String::new(),
    };
    Some(Problem { key: Some(field.key.clone()), did_you_mean, ..Problem::at("", wrong, remedy) })
}

/// What is wrong with a list of tables, in each of them. Nobody is told to leave out the list: then nothing is guarded.
fn wrong_tables(field: &Field, section: &str, name: &str, tables: &[Value]) -> Problem {
    let mut wrongs = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let alone = Value::Array(vec![table.clone()]);
        let Err(error) = schema::config_with(section, name, alone) else { continue };
        let wrong = in_our_words(error.message());
        let mut words = quoted(&wrong);
        let meant = match error.message().starts_with("unknown field") {
            true => words.next().and_then(|word| nearest(word, words)),
            false => None,
        };
        let meant = meant.map(|word| format!(" (did you mean `{word}`?)")).unwrap_or_default();
        let which = table.get("host").and_then(Value::as_str);
        let which = which.map_or_else(|| format!("number {}", at + 1), |host| format!("\"{host}\""));
        wrongs.push(format!("{which} {wrong}{meant}"));
    }
    let wrong = format!("`{}`: {}", field.key, wrongs.join("; "));
    let remedy = "`vestibule config reference` says what each may hold.";
    Problem { key: Some(field.key.clone()), ..Problem::at("", wrong, remedy) }
}

/// `json` as it is written in a TOML file; nothing for null.
pub(super) fn toml_value(json: &serde_json::Value) -> Option<String> {
    Value::try_from(json).ok().map(|value| value.to_string())
}

/// serde's message as the rest of a sentence: "must be a whole number".
fn in_our_words(message: &str) -> String {
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("lacks the key {name}");
    }
    let unknown = message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "));
    if let Some((name, known)) = unknown {
        return format!("has the key {name}, but knows only {}", known.trim_start_matches("one of "));
    }
    let Some((_, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "usize" | "u64" => "a whole number, 0 or more",
        "a boolean" => "`true` or `false`",
        "a string" | "path string" | "string only" => "text in quotes",
        "a sequence" => "a list in brackets",
        other => other,
    };
    format!("must be {expected}")
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn shown(value: &Value) -> Option<String> {
    let text = value.to_string();
    (!value.is_table() && text.chars().count() <= 60).then_some(text)
}
