//! `docs/limits.md` and `docs/retention.md`: each figure is the code's, and no limit is missing (ASVS 6.1.1).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vestibule::Config;

/// Constants that are named like a limit and are none that anybody could meet.
const NONE_OF_THEIRS: [&str; 12] = [
    "cli/healthcheck.rs LONGEST_STATUS_LINE",
    "credentials/common_passwords.rs MAX_BYTES",
    "credentials/common_passwords.rs MAX_ENDING",
    "credentials/policy.rs MAX_CONTEXT_WORDS",
    "credentials/policy.rs MAX_CONTEXT_WORD_BYTES",
    "credentials/policy.rs MAX_EFFORT",
    "credentials/policy.rs MAX_ESTIMATED",
    "credentials/policy.rs MAX_REST",
    "credentials/policy.rs MIN_CONTEXT_WORD",
    "credentials/policy.rs MIN_LENGTHS",
    "credentials/policy.rs MIN_STRENGTHS",
    "vestibule.rs LEAST_PLAUSIBLE",
];

/// Settings with a figure that limits nothing.
const NO_LIMITS: [&str; 3] = ["mail.smtp_port", "passwords.hash_passes", "server.workers"];

/// A row: its figure and where that is from.
struct Row {
    figure: String,
    place: String,
}

fn rows() -> Vec<Row> {
    let read =
        |file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file)).unwrap();
    // The other table ends where its figures do.
    let text = read("limits.md") + read("retention.md").split("\n## ").next().unwrap();
    let cells = text.lines().filter(|line| line.starts_with('|') && line.contains('`'));
    let cells = cells.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| Row { figure: cells[2].replace(',', ""), place: cells[3].replace('`', "") }).collect()
}

/// A figure as a person writes it, in bytes, seconds or pieces: `16 KiB`, `10 min`, `3 to 32`.
fn read(figure: &str) -> String {
    let Some((number, unit)) = figure.split_once(' ') else { return figure.to_owned() };
    let factor = match unit {
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "s" => 1,
        "min" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return figure.replace(" to ", "..="),
    };
    (number.parse::<u64>().unwrap() * factor).to_string()
}

/// The same of what the code says: `16 * 1024`, `Duration::from_mins(10)`, `3..=32`.
fn evaluate(name: &str, code: &str) -> String {
    let code = code.replace('_', "");
    let (factor, number) = [("fromsecs", 1), ("frommins", 60), ("fromhours", 3600)]
        .iter()
        .find_map(|(unit, seconds)| Some((*seconds, code.strip_prefix(&format!("Duration::{unit}("))?)))
        .unwrap_or((if name.ends_with("_KIB") { 1024 } else { 1 }, &code));
    let factors = number.trim_end_matches(')').split('*').map(|factor| factor.trim().parse::<u64>());
    match factors.collect::<Result<Vec<_>, _>>() {
        Ok(factors) => (factor * factors.iter().product::<u64>()).to_string(),
        Err(_) => code,
    }
}

/// The constants of the code, as `web/limits.rs MOST_URL_BYTES`, and what they are.
fn constants() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        let paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.extend(paths.iter().filter(|path| path.is_dir()).cloned());
        for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
            let file = path.strip_prefix(&root).unwrap().display().to_string();
            for line in fs::read_to_string(path).unwrap().lines() {
                let constant = line.split_once("const ").and_then(|(_, rest)| rest.split_once(": "));
                if let Some((name, (_, value))) =
                    constant.and_then(|(name, rest)| Some((name, rest.split_once(" = ")?)))
                {
                    let value = evaluate(name, value.trim_end_matches(';'));
                    found.push((format!("{file} {name}"), value));
                }
            }
        }
    }
    found
}

/// The settings with a number or a time, as `server.keep_alive`, and their defaults.
fn settings() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let all = serde_json::to_value(Config::default()).unwrap();
    for (section, fields) in all.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            let value = match value {
                Value::Number(number) => number.to_string(),
                Value::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) => {
                    let at = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
                    format!("{} {}", &text[..at], text[at..].replace('m', "min"))
                }
                _ => continue,
            };
            let value = if field.ends_with("_kib") { format!("{value} KiB") } else { value };
            found.push((format!("{section}.{field}"), read(&value)));
        }
    }
    found.retain(|(name, _)| name != "server.listen");
    found
}

#[test]
fn each_figure_is_that_of_the_code() {
    let known = [constants(), settings()].concat();
    for Row { figure, place } in rows() {
        let value = known.iter().find(|(name, _)| *name == place).map(|(_, value)| value.as_str());
        assert_eq!(value, Some(read(&figure).as_str()), "{place}");
    }
}

#[test]
fn no_limit_is_missing() {
    let is_limit = |name: &str| {
        let name = name.rsplit(' ').next().unwrap();
        ["MOST_", "LEAST_", "MAX_", "MIN_", "LONGEST"].iter().any(|start| name.starts_with(start))
    };
    let constants = constants().into_iter().map(|(name, _)| name).filter(|name| is_limit(name));
    let constants = constants.filter(|name| !NONE_OF_THEIRS.contains(&name.as_str()));
    let settings = settings().into_iter().map(|(name, _)| name);
    let told: BTreeSet<String> = rows().into_iter().map(|row| row.place).collect();

    let missing: Vec<String> = constants
        .chain(settings.filter(|name| !NO_LIMITS.contains(&name.as_str())))
        .filter(|name| !told.contains(name))
        .collect();

    assert!(told.len() > 40 && missing.is_empty(), "not in docs/limits.md: {missing:?}");
}
