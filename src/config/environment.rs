//! The environment and the file `.env`: `VESTIBULE_SECTION__KEY`, and `…_FILE` for secrets.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use toml::Value;

use super::layer::Reading;
use super::problem::{Problem, nearest, nearest_key};
use super::schema::{Field, PREFIX};
use super::source::Source;

/// Names that begin like ours but are read elsewhere: by the command line and by the log.
const OTHERS: [&str; 2] = ["VESTIBULE_CONFIG", "VESTIBULE_LOG"];

/// Variables, and what makes a source of one.
pub(super) struct Variables {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) source: fn(String) -> Source,
}

impl Variables {
    /// The process environment, as it was handed to us.
    pub(super) fn of_process(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.into_iter().collect(), source: |name| Source::Environment { name } }
    }

    /// The variables in `text` of a `.env` file; of two with one name the first counts.
    pub(super) fn of_dot_env(text: &str, reading: &mut Reading) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for line in dotenvy::from_read_iter(Cursor::new(text.trim_start_matches('\u{feff}'))) {
            match line {
                Ok((name, _)) if pairs.iter().any(|(earlier, _)| *earlier == name) => {}
                Ok(pair) => pairs.push(pair),
                Err(error) => reading.problems.push(unreadable_line(text, &error)),
            }
        }
        Self { pairs, source: |name| Source::DotEnv { name } }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads all variables of ours. `directory` is where the names of secret files start from.
    pub(super) fn read(&self, directory: &Path, reading: &mut Reading) {
        for (name, value) in self.pairs.iter().filter(|(name, _)| is_ours(name, self)) {
            let source = (self.source)(name.clone());
            let field = reading.fields().find(|field| field.variable == *name);
            let file_of =
                reading.fields().find(|field| field.is_secret && format!("{}_FILE", field.variable) == *name);
            let taken = match (field, file_of) {
                _ if value.is_empty() && !field.is_some_and(|field| field.default.is_array()) => {
                    let key = field.or(file_of).map(|field| field.key.clone());
                    Err(Problem {
                        key,
                        ..Problem::at(source.place(), "is empty", "Give it a value or remove it.")
                    })
                }
                (Some(field), _) => Ok((field.key.clone(), typed(field, value))),
                (None, Some(field)) if self.value(&field.variable).is_some() => Err(Problem::at(
                    source.place(),
                    format!("`{}` is set too", field.variable),
                    "Remove one of them.",
                )),
                (None, Some(field)) => read_secret(&directory.join(value), self.credentials())
                    .map(|secret| (field.key.clone(), secret.into()))
                    .map_err(|problem| Problem {
                        place: source.place(),
                        key: Some(field.key.clone()),
                        ..problem
                    }),
                (None, None) => Err(unknown(name, source.place(), reading)),
            };
            match taken {
                Ok((key, value)) => reading.take(key, value, source),
                Err(problem) => reading.problems.push(problem),
            }
        }
    }

    /// Where systemd puts the secrets of a service; it guards them itself.
    fn credentials(&self) -> Option<&Path> {
        self.value("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty()).map(Path::new)
    }
}

/// Whether we answer for this name. Kubernetes makes variables of its own for a Service called `vestibule`
/// (`VESTIBULE_SERVICE_HOST`, `VESTIBULE_PORT=tcp://…`, `VESTIBULE_PORT_8080_TCP`): those are not ours.
fn is_ours(name: &str, variables: &Variables) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let is_service = rest.starts_with("SERVICE_HOST")
        || rest.starts_with("SERVICE_PORT")
        || rest
            .strip_prefix("PORT_")
            .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
        || (rest == "PORT" && variables.value(name).is_some_and(|value| value.contains("://")));
    !is_service && !OTHERS.contains(&name)
}

/// `text` as the kind of value that the field's default is; its type says later whether it will do.
fn typed(field: &Field, text: &str) -> Value {
    let text = text.trim();
    let parsed = match &field.default {
        serde_json::Value::Bool(_) => text.parse().ok().map(Value::Boolean),
        serde_json::Value::Number(_) => text.parse().ok().map(Value::Integer),
        serde_json::Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(Value::from).collect()))
        }
        _ => None,
    };
    parsed.unwrap_or_else(|| text.into())
}

fn unknown(name: &str, place: String, reading: &Reading) -> Problem {
    let key = name.strip_prefix(PREFIX).unwrap_or(name).replace("__", ".").to_lowercase();
    let meant = nearest_key(&key, &reading.sections)
        .and_then(|key| reading.fields().find(|field| field.key == key))
        .map(|field| field.variable.clone())
        .or_else(|| nearest(name, OTHERS));
    let is_file =
        name.strip_suffix("_FILE").is_some_and(|name| reading.fields().any(|field| field.variable == name));
    if is_file {
        return Problem::at(
            place,
            "only secrets are read from files",
            "Write the value itself, without `_FILE`.",
        );
    }
    Problem { wrong: "unknown variable".to_owned(), ..Problem::unknown(place, "variable", name, meant) }
}

/// The content of a secret file without the newline at its end.
fn read_secret(path: &Path, guarded: Option<&Path>) -> Result<String, Problem> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        Problem::at("", format!("cannot read `{shown}`: {error}"), "Name a file that this user may read.")
    };
    let mut file = File::open(path).map_err(unreadable)?;
    if !guarded.is_some_and(|directory| path.starts_with(directory))
        && is_open_to_others(&file).map_err(unreadable)?
    {
        let wrong = format!("`{shown}` can be read by other users");
        return Err(Problem::at("", wrong, format!("Run `chmod 600 {shown}`.")));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(Problem::at("", format!("`{shown}` is empty"), "Write the secret into it."));
    }
    Ok(text.to_owned())
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

/// Names the line but does not print it: it may hold a secret.
fn unreadable_line(text: &str, error: &dotenvy::Error) -> Problem {
    let line = match error {
        dotenvy::Error::LineParse(wrong, _) => text
            .lines()
            .map(str::trim_end)
            .position(|line| !line.is_empty() && wrong.trim_end().starts_with(line)),
        _ => None,
    };
    let place = line.map_or_else(|| ".env".to_owned(), |line| format!(".env:{}", line + 1));
    Problem::at(
        place,
        "this line cannot be read",
        "Write `NAME=value`, with quotes if the value holds blanks.",
    )
}
