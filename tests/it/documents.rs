//! What `docs/` says of fields, ways in, browsers and data is the code's (ASVS 2.1.1, 3.1.1, 6.1.3, 14.1.1).
//! A message names what is missing; a row in the page mends it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use vestibule::credentials::{email, policy, username};

use crate::architecture::sources;
use crate::fetches::OPENERS;

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The cells of each row of a page.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines.map(|line| line.split(" | ").map(str::trim).collect()).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn each_column_has_a_class() {
    let sources = sources();
    let mut columns = BTreeMap::new();
    for table in sources["db/schema.rs"].split("diesel::table! {").skip(1) {
        let mut lines =
            table.split("\n}").next().unwrap().lines().map(str::trim).filter(|line| !line.is_empty());
        let name = lines.next().unwrap().split(' ').next().unwrap();
        for line in lines.filter(|line| line.contains("->")) {
            columns.insert(format!("{name}.{}", line.split(' ').next().unwrap()), 0);
        }
    }
    assert!(columns.len() > 50);

    let page = page("data.md");
    let (classes, table) = page.split_once("## Columns").unwrap();
    let classes: BTreeSet<&str> = rows(classes).into_iter().map(|row| row[0]).collect();
    for row in rows(table).into_iter().filter(|row| row[0].starts_with('`')) {
        assert!(classes.contains(row[2]), "there is no class {}", row[2]);
        assert!(!row[3].is_empty(), "{}: for how long?", row[0]);
        for column in quoted(row[1]) {
            let column = format!("{}.{column}", row[0].trim_matches('`'));
            match columns.get_mut(&column) {
                Some(count) => *count += 1,
                None => panic!("docs/data.md has {column}, and the schema does not"),
            }
        }
    }

    let wrong: Vec<_> = columns.iter().filter(|(_, count)| **count != 1).collect();
    assert!(wrong.is_empty(), "not once in docs/data.md: {wrong:?}");
}

#[test]
fn each_field_has_its_rules_and_the_figures_are_those_of_the_code() {
    let page = page("fields.md");
    let told: BTreeSet<&str> =
        rows(&page).iter().filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`')).collect();

    let mut fields = BTreeSet::new();
    for (file, code) in sources().into_iter().filter(|(file, _)| file.starts_with("web/")) {
        for form in code.split("#[serde(deny_unknown_fields)]").skip(1) {
            // A button alone has no field, and its form ends where it begins.
            let lines = form.split("\n}").next().unwrap().lines().skip(1);
            for line in lines.take_while(|line| !line.ends_with("{}")).skip(1) {
                let line = line.trim().trim_start_matches("pub(super) ");
                if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
                    fields.insert((name.trim_start_matches('_').to_owned(), file.clone()));
                }
            }
        }
    }
    assert!(fields.len() > 8, "{fields:?}");
    for (name, file) in &fields {
        assert!(told.contains(name.as_str()), "docs/fields.md has no row for `{name}` of {file}");
    }

    for (field, figures) in [
        (
            "username",
            vec![
                format!("{} characters", username::LENGTHS.start()),
                format!("{} characters", username::LENGTHS.end()),
            ],
        ),
        ("email", vec![format!("{} bytes,", email::MAX_BYTES)]),
        ("password", vec![format!("{} characters, {} bytes", policy::MAX_LENGTH, policy::MAX_BYTES)]),
        ("password", vec![format!("{} unless set", policy::PasswordPolicy::default().min_length)]),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{field}`"))).unwrap();
        for figure in figures {
            assert!(row.contains(&figure), "{field}: {figure}");
        }
    }
}

#[test]
fn each_way_in_and_each_link_is_there() {
    let page = page("ways-in.md");
    let words: BTreeSet<&str> = quoted(&page).collect();
    let sources = sources();

    let doors: Vec<&String> = sources
        .iter()
        .filter(|(_, code)| code.contains("start_session::insert("))
        .map(|(file, _)| file)
        .collect();
    assert!(doors.len() >= 3, "{doors:?}");
    for file in doors {
        assert!(words.contains(file.as_str()), "docs/ways-in.md does not know {file}");
    }
    let purposes = sources["models/one_time_token.rs"].split("enum Purpose {").nth(1).unwrap();
    for line in purposes.split('}').next().unwrap().lines() {
        if let Some(word) = line.split('"').nth(1) {
            assert!(words.contains(word), "docs/ways-in.md does not know links of the purpose {word}");
        }
    }
}

#[test]
fn each_thing_that_scripts_need_of_a_browser_is_told() {
    let page = page("browsers.md");
    let told: BTreeSet<&str> = quoted(&page).collect();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("static")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "js") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // Outside of texts, what begins with a capital letter is the browser's.
            let code: String = line.split(['"', '`', '\'']).step_by(2).collect::<Vec<_>>().join(" ");
            let words = code.split(|letter: char| !letter.is_ascii_alphanumeric());
            for word in words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase())) {
                assert!(told.contains(word), "docs/browsers.md does not name {word} of {}", path.display());
            }
        }
    }
}

#[test]
fn mails_are_tried_again_as_the_page_says() {
    let code = &sources()["flows/deliver_mail.rs"];
    let pauses = code.split("const PAUSES").nth(1).unwrap().split("];").next().unwrap();
    let units = [("from_secs(", "s"), ("from_mins(", "min"), ("from_hours(", "h")];
    let pauses: Vec<String> = pauses
        .lines()
        .filter_map(|line| {
            let (_, unit, rest) =
                units.iter().find_map(|(name, unit)| Some((name, unit, line.split_once(name)?.1)))?;
            Some(format!("{} {unit}", rest.split(')').next()?))
        })
        .collect();

    let page = page("connections.md");
    let words = format!(
        "tried again after {} and then each hour; after a refusal for good each 6 h",
        pauses.join(", ")
    );
    assert!(pauses.len() > 3 && page.contains(&words), "docs/connections.md should say: {words}");
    assert!(code.contains("const LONG_PAUSE: Duration = Duration::from_hours(6);"));
    assert!(
        code.contains("const GIVE_UP: Duration = Duration::from_hours(72);")
            && page.contains("given up after 3 days")
    );
}

#[test]
fn each_connection_that_the_code_opens_has_a_row() {
    let page = page("connections.md");
    let openers: BTreeSet<&str> =
        rows(&page).into_iter().flat_map(|row| quoted(row[2]).collect::<Vec<_>>()).collect();

    assert_eq!(openers, OPENERS.iter().map(|(home, _)| *home).collect());
}
