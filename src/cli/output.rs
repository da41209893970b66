//! What commands print: answers on standard output, remarks on standard error.
//!
//! Never by `println!`, which panics when whoever reads us has gone.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};

use serde::Serialize;

use super::escape::escape;

/// How an answer is wanted.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct Format {
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl Format {
    /// Answers with `value`, in JSON or in the words for people.
    ///
    /// # Errors
    ///
    /// That standard output takes no more.
    pub(super) fn answer(self, value: &impl Serialize, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        let text = if self.json { serde_json::to_string_pretty(value)? } else { words() };
        print(&text)
    }
}

/// Prints `text` as it is, with a line break at its end if there is any text.
///
/// # Errors
///
/// That standard output takes no more.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// A remark for whoever sits in front of it: one line on standard error.
pub(super) fn aside(remark: impl Display) {
    let _ = writeln!(io::stderr().lock(), "vestibule: {remark}");
}

/// `rows` under `head`, in columns; nothing but a line feed lies between two rows, whatever is in them.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned))
        .chain(rows.iter().cloned())
        .map(|row| row.map(|cell| escape(&cell).into_owned()))
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(line, "{cell:<width$}  ", width = width(column));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// `facts`, one a line, their names in a column.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, fact) in facts {
        let _ = writeln!(text, "{name:<width$}  {}", escape(fact));
    }
    text
}
