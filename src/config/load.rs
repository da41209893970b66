//! Reads the configuration: defaults < file < `.env` < environment < flags.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::environment::Variables;
use super::flags::Overrides;
use super::layer::{Entry, Reading};
use super::problem::{Problem, Problems};
use super::source::{Source, Sources};
use super::{Config, file};

/// The name of the configuration file that is looked for.
const FILE_NAME: &str = "vestibule.toml";

/// A configuration that keeps all rules, and where each of its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What counts.
    pub config: Config,
    /// Where it came from.
    pub sources: Sources,
}

/// Reads the configuration from `flags`, `environment`, `.env` and the file: the one named by `--config` or
/// `VESTIBULE_CONFIG`, else `vestibule.toml` in the working directory, else in the data directory, if there
/// is one. Paths are relative to the working directory. Does not change the process environment.
///
/// # Errors
///
/// All that is wrong, at once: what cannot be read, unknown keys and variables, values of a wrong type, and
/// broken rules ([`Config::check`]).
pub fn load(
    flags: Overrides,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Problems> {
    load_in(Path::new(""), flags, environment)
}

/// The process environment for [`load`]. What is not Unicode is replaced, so that it is reported and does not
/// panic.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

/// [`load`], in a directory that need not be the process's own.
pub(super) fn load_in(
    directory: &Path,
    flags: Overrides,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Problems> {
    let mut reading = Reading::new();
    let process = Variables::of_process(environment);
    let dot_env = read_optional(&directory.join(".env"), &mut reading)
        .map(|text| Variables::of_dot_env(&text, &mut reading));
    let layers: Vec<&Variables> = dot_env.iter().chain([&process]).collect();

    if let Some((path, text)) = read_file(directory, &flags, &layers, &mut reading) {
        file::read(&text, &path.display().to_string(), &mut reading);
    }
    for variables in layers {
        variables.read(directory, &mut reading);
    }
    flags.read(&mut reading);
    build(reading)
}

/// The configuration file and its content, if there is one.
fn read_file(
    directory: &Path,
    flags: &Overrides,
    layers: &[&Variables],
    reading: &mut Reading,
) -> Option<(PathBuf, String)> {
    let variable =
        |name: &str| layers.iter().rev().find_map(|variables| variables.value(name)).map(PathBuf::from);
    let named = flags.config.clone().map(|path| ("--config", path));
    if let Some((place, path)) =
        named.or_else(|| variable("VESTIBULE_CONFIG").map(|path| ("VESTIBULE_CONFIG", path)))
    {
        let path = directory.join(path);
        return match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) => {
                let wrong = format!("cannot read `{}`: {error}", path.display());
                reading.problems.push(Problem::at(place, wrong, "Name a file that this user may read."));
                None
            }
        };
    }
    let data_dir = flags.data_dir.clone().or_else(|| variable("VESTIBULE_SERVER__DATA_DIR"));
    let data_dir = data_dir.unwrap_or_else(|| Config::default().server.data_dir);
    [directory.to_owned(), directory.join(data_dir)].into_iter().find_map(|directory| {
        let path = directory.join(FILE_NAME);
        read_optional(&path, reading).map(|text| (path, text))
    })
}

/// The content of `path`; nothing if there is no such file.
fn read_optional(path: &Path, reading: &mut Reading) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let problem =
                Problem::at(path.display().to_string(), error.to_string(), "Make it readable or remove it.");
            reading.problems.push(problem);
            None
        }
    }
}

/// Lays the layers over each other and holds the rules over the whole.
fn build(mut reading: Reading) -> Result<Loaded, Problems> {
    let entries: BTreeMap<String, Entry> =
        std::mem::take(&mut reading.entries).into_iter().map(|entry| (entry.key.clone(), entry)).collect();
    let mut table = Table::new();
    for Entry { key, value, .. } in entries.values() {
        if let Some((section, name)) = key.split_once('.')
            && let Value::Table(fields) =
                table.entry(section.to_owned()).or_insert_with(|| Value::Table(Table::new()))
        {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    let sources: Sources = entries.into_values().map(|entry| (entry.key, entry.source)).collect();
    match Config::deserialize(table) {
        Ok(config) => {
            broken_rules(&config, &sources, &mut reading);
            if reading.problems.is_empty() {
                return Ok(Loaded { config, sources });
            }
        }
        Err(error) => reading.problems.push(Problem::at("configuration", error.message(), "")),
    }
    Err(Problems(reading.problems))
}

fn broken_rules(config: &Config, sources: &Sources, reading: &mut Reading) {
    for rule in config.check() {
        let keys = [Some(rule.key), rule.because_of];
        if keys.into_iter().flatten().any(|key| reading.has_problem_with(key)) {
            continue;
        }
        let source =
            keys.into_iter().flatten().map(|key| sources.of(key)).find(|source| **source != Source::Default);
        let place = source.map_or_else(|| "configuration".to_owned(), Source::place);
        let wrong = format!("`{}` {}", rule.key, rule.wrong);
        reading
            .problems
            .push(Problem { key: Some(rule.key.to_owned()), ..Problem::at(place, wrong, rule.remedy) });
    }
}
