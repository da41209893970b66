//! `docs/asvs.md`: each row has a state, each test that it names exists, and no row is missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The requirements of the chapters that we answer to.
const ROWS: usize = 287;

const STATES: [&str; 3] = ["held", "open", "not applicable"];

/// A row of the page.
struct Row {
    id: [u32; 3],
    level: usize,
    state: String,
    /// What is missing, or why nothing is.
    reason: String,
    shown_by: Vec<String>,
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn page() -> String {
    read("docs/asvs.md").unwrap()
}

/// `6.2.10` as numbers; nothing, if it is no id.
fn numbers(id: &str) -> Option<[u32; 3]> {
    let numbers: Result<Vec<u32>, _> = id.split('.').map(str::parse).collect();
    numbers.ok()?.try_into().ok()
}

fn rows() -> Vec<Row> {
    let page = page();
    let lines = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines.filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let id = numbers(cells[0])?;
    let [_, level, _, state, shown_by] = cells[..] else { panic!("five cells, not {}: {line}", cells.len()) };
    let (state, reason) = state.split_once(": ").unwrap_or((state, ""));
    Some(Row {
        id,
        level: level.parse().unwrap(),
        state: state.to_owned(),
        reason: reason.to_owned(),
        shown_by: shown_by.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
    })
}

/// Drills are run by hand: they may stand beside a test, not in its place.
fn is_drill(name: &str) -> bool {
    name.starts_with("tests/drills/")
}

/// Whether there is a test of this name, as it is printed when it runs, or such a drill.
fn exists(name: &str) -> bool {
    if is_drill(name) {
        return read(name).is_some();
    }
    if let Some((file, title)) = name.split_once(".test.mjs: ") {
        let source = read(&format!("tests/browser/{file}.test.mjs")).unwrap_or_default();
        return ['"', '`'].iter().any(|quote| source.contains(&format!("test({quote}{title}{quote}")));
    }
    let Some((module, function)) = name.rsplit_once("::") else { return false };
    let module = module.replace("::", "/");
    let unit = module.strip_suffix("/tests").unwrap_or(&module);
    let (there, here) = (format!("tests/it/{module}"), format!("src/{unit}"));
    let files =
        [&there, &here].into_iter().flat_map(|file| ["", "/mod"].map(|end| format!("{file}{end}.rs")));
    files.filter_map(|file| read(&file)).any(|source| is_test(&source, function))
}

/// Whether this function is in the source, and what stands above it says that it is a test.
fn is_test(source: &str, function: &str) -> bool {
    let Some(at) = source.find(&format!("fn {function}(")) else { return false };
    source[..at].lines().rev().take_while(|line| !line.is_empty()).any(|line| line.ends_with("test]"))
}

#[test]
fn each_row_has_a_state_and_what_belongs_to_it() {
    for Row { id, level, state, reason, shown_by } in rows() {
        assert!(
            STATES.contains(&state.as_str()) && (1..=3).contains(&level),
            "{id:?}: {state}, level {level}"
        );
        match state.as_str() {
            "held" => assert!(shown_by.iter().any(|name| !is_drill(name)), "{id:?}: by which test?"),
            _ => assert!(reason.contains(' '), "{id:?}: why is it {state}?"),
        }
    }
}

#[test]
fn each_test_that_is_named_exists() {
    for Row { id, shown_by, .. } in rows() {
        for name in shown_by {
            assert!(exists(&name), "{id:?}: there is no {name}");
        }
    }
    for none in ["asvs::rows", "asvs::nothing", "asvs", "login.test.mjs: nothing", "tests/drills/nothing"] {
        assert!(!exists(none), "{none} would pass for a test");
    }
}

#[test]
fn no_row_is_missing_and_none_comes_twice() {
    let mut sections: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for Row { id: [chapter, section, number], .. } in rows() {
        sections.entry((chapter, section)).or_default().push(number);
    }

    for (section, numbers) in &sections {
        let last = numbers.last().copied().unwrap_or_default();
        assert!(numbers.iter().copied().eq(1..=last), "{section:?}: {numbers:?}");
    }
    assert_eq!(sections.values().map(Vec::len).sum::<usize>(), ROWS);
}

#[test]
fn the_count_at_its_head_is_right() {
    let (page, rows) = (page(), rows());
    let line = |name: &str, is_counted: &dyn Fn(&Row) -> bool| {
        let of = |level| rows.iter().filter(|row| row.level == level && is_counted(row)).count();
        let [one, two, three] = [1, 2, 3].map(of);
        format!("\n| {name} | {one} | {two} | {three} | {} |\n", one + two + three)
    };

    for state in STATES {
        let line = line(state, &|row| row.state == state);
        assert!(page.contains(&line), "it should say {line}");
    }
    let all = line("all", &|_| true);
    assert!(page.contains(&all), "it should say {all}");
}
