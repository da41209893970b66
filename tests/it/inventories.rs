//! `docs/keys.md` and `docs/logging.md` name all that they are about (ASVS 11.1.2, 16.1.1).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::architecture::sources;

/// How the names of algorithms begin, in aws-lc-rs and its like.
const FAMILIES: [&str; 13] = [
    "AES", "CHACHA20", "ECDSA_", "HKDF_", "HMAC_", "MD5", "PBKDF2", "RSA_", "SHA1", "SHA2", "SHA3", "SHA5",
    "X25519",
];

/// What stands in backticks in each row that begins so, under this heading.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(file).unwrap();
    let part = text.split(&format!("\n## {heading}")).nth(1).unwrap().split("\n## ").next().unwrap();
    let lines = part.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect()).collect()
}

/// The first of each.
fn names(page: &str, heading: &str) -> BTreeSet<String> {
    rows(page, heading).into_iter().map(|mut row| row.swap_remove(0)).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
}

#[test]
fn each_key_made_of_the_secret_is_in_the_table() {
    let mut made = BTreeSet::new();
    for (file, code) in sources().into_iter().filter(|(file, _)| file != "secret.rs") {
        for way in ["sealer", "authenticator", "derive"] {
            for rest in code.split(&format!(".{way}(")).skip(1) {
                let label = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
                let label = label.unwrap_or_else(|| panic!("{file}: .{way} with what label?"));
                made.insert([label.to_owned(), way.to_owned()]);
            }
        }
    }

    let told = rows("keys.md", "Made of the secret").into_iter();
    let told: BTreeSet<_> = told.map(|row| [row[0].clone(), row[1].clone()]).collect();
    assert_eq!(made, told);
}

#[test]
fn no_other_algorithm_is_used() {
    let mut used = BTreeSet::new();
    for code in sources().into_values() {
        let is_algorithm = |word: &&str| FAMILIES.iter().any(|family| word.starts_with(family));
        used.extend(words(&code).filter(is_algorithm).map(str::to_owned));
        let named = code.split("Algorithm::").skip(1).filter_map(|rest| words(rest).next());
        let is_variant = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_uppercase());
        used.extend(named.filter(is_variant).map(str::to_owned));
    }

    assert_eq!(used, names("keys.md", "Algorithms"));
}

#[test]
fn each_event_and_each_place_that_logs_is_in_a_table() {
    let sources = sources();
    let kinds =
        sources["models/event.rs"].lines().filter_map(|line| line.split_once(" = \"")?.1.strip_suffix("\","));
    let macros = ["error", "warn", "info", "debug", "trace", "log"].map(|level| format!("log::{level}!("));
    let logs = |code: &str| macros.iter().any(|name| code.contains(name));
    let places = sources.iter().filter(|(_, code)| logs(code)).map(|(file, _)| file.clone());

    assert_eq!(kinds.map(str::to_owned).collect::<BTreeSet<_>>(), names("logging.md", "Events"));
    assert_eq!(places.collect::<BTreeSet<_>>(), names("logging.md", "Lines of the log"));
}
