//! The configuration file: TOML, each value with its line and column.

use std::ops::Range;

use toml::de::{DeString, DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::layer::Reading;
use super::problem::{Problem, nearest};
use super::source::Source;

/// Reads `text` of the file named `path`.
pub(super) fn read(text: &str, path: &str, reading: &mut Reading) {
    let text = text.trim_start_matches('\u{feff}');
    let at = |span: Range<usize>| position(text, path, span.start);
    let (document, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    for error in &errors {
        let place = at(error.span().unwrap_or_default()).place();
        let message = error.message().replace('\n', ", ");
        reading.problems.push(Problem::at(place, message, "The file must be TOML."));
    }
    // What the parser guessed after an error would only be blamed for more.
    let Ok(values) = text.parse::<Table>() else { return };

    for (name, table) in in_order(document.get_ref()) {
        let section = name.get_ref().as_ref();
        match (table.get_ref(), values.get(section)) {
            (DeValue::Table(fields), Some(Value::Table(values))) if is_section(reading, section) => {
                for (name, spanned) in in_order(fields) {
                    let key = format!("{section}.{}", name.get_ref());
                    let is_known = reading.fields().any(|field| field.key == key);
                    let span = if is_known { spanned.span() } else { name.span() };
                    if let Some(value) = values.get(name.get_ref().as_ref()) {
                        reading.take(key, value.clone(), at(span));
                    }
                }
            }
            (DeValue::Table(_), _) => unknown_section(reading, name, &at(name.span())),
            // A key above all sections: unknown, but its name may tell what was meant.
            _ if is_section(reading, section) => {
                let wrong = format!("`{section}` is a section");
                let remedy = format!("Write `[{section}]` on a line of its own and its keys below.");
                reading.problems.push(Problem::at(at(name.span()).place(), wrong, remedy));
            }
            _ => reading.take(section.to_owned(), Value::Boolean(false), at(name.span())),
        }
    }
}

/// The entries of `table` as they stand in the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn is_section(reading: &Reading, name: &str) -> bool {
    reading.sections.iter().any(|section| section.name == name)
}

fn unknown_section(reading: &mut Reading, name: &Spanned<impl AsRef<str>>, source: &Source) {
    let name = name.get_ref().as_ref();
    let meant = nearest(name, reading.sections.iter().map(|section| section.name));
    reading.problems.push(Problem::unknown(source.place(), "section", name, meant));
}

fn position(text: &str, path: &str, offset: usize) -> Source {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Source::File {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}
