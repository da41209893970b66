//! Every statement that the product makes, as the log of the real program shows it: each finds its rows by an index,
//! on SQLite and on PostgreSQL, and none shows a value.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use vestibule::db::AnyConnection;

mod api_keys;
mod change_password;
mod codes;
mod email;
mod groups;
mod house;
mod leaving;
mod metrics;
mod passkeys;
mod plan;
mod policy;
mod renewing;
mod rotation;
mod second_factor;
mod token_status;
mod walk;
mod watch;

use house::House;
use plan::Plan;

/// Tables that stay so small that to read all of them is right: the few signing keys, the list of migrations.
const TINY: [&str; 2] = ["signing_keys", "__diesel_schema_migrations"];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The table that a statement is about: the first it names.
fn table(sql: &str) -> String {
    let behind = ["INSERT INTO ", "UPDATE ", " FROM "].into_iter().find_map(|word| sql.split_once(word));
    let (_, rest) = behind.unwrap_or_else(|| panic!("about which table is {sql}"));
    first_word(rest.trim_start_matches(['(', '`', '"']))
}

/// How many statements the models have for each table: one for each that is run in a function that anybody calls.
fn count_in_models() -> BTreeMap<String, usize> {
    let source = |folder: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let read = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(source(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let folders = ["", "cli", "flows", "models", "web", "web/extract"];
    let callers: String = folders.into_iter().flat_map(read).collect();
    let mut counts = BTreeMap::new();
    for model in read("models") {
        let Some((_, rest)) = model.split_once("table_name = ") else { continue };
        let count = counts.entry(first_word(rest)).or_default();
        let is_called = |function: &&str| {
            let name = first_word(function);
            [format!("::{name}("), format!(".{name}(")].iter().any(|call| callers.contains(call))
        };
        for function in model.split("pub fn ").skip(1).filter(is_called) {
            let runs = [".execute(conn)", ".load(conn)", ".first(conn)", ".get_result(conn)"];
            *count += runs.iter().map(|run| function.matches(run).count()).sum::<usize>();
        }
    }
    counts
}

/// The indices that are there for the sake of speed; the unique ones are rules.
fn indices(conn: &mut AnyConnection) -> QueryResult<BTreeSet<String>> {
    let sql = match conn {
        AnyConnection::Sqlite(_) => "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'",
        AnyConnection::Postgres(_) => {
            // Not `pg_indexes`: it looks into those of other schemas, too, which other tests take away meanwhile.
            "SELECT relname::text AS name FROM pg_class JOIN pg_index ON indexrelid = oid \
             WHERE relnamespace = current_schema()::regnamespace AND NOT indisunique"
        }
    };
    let names: Vec<Name> = diesel::sql_query(sql).load(conn)?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// How many statements were seen for each table. A row's NULLs are left out of its INSERT: one of ours is many of
/// theirs.
fn count_seen(statements: &BTreeSet<String>) -> BTreeMap<String, usize> {
    let whole = |sql: &String| match sql.starts_with("INSERT ") {
        true => format!("INSERT INTO {}", table(sql)),
        false => sql.clone(),
    };
    let mut counts = BTreeMap::new();
    for sql in statements.iter().map(whole).collect::<BTreeSet<_>>() {
        *counts.entry(table(&sql)).or_default() += 1;
    }
    counts
}

/// What the walk does not come to, or cannot tell from another; each finds its row by its id.
const BEYOND_THE_WALK: &[(&str, &str)] = &[
    ("signing_keys", "list_locked: the lock, on PostgreSQL alone"),
    ("groups", "find_locked: on PostgreSQL alone"),
    ("outbox", "hold: while a mail server takes its time"),
    ("status_blocks", "take: the lock, on PostgreSQL alone"),
    ("users", "find_locked: on PostgreSQL alone"),
    ("users", "void_password: in the words of update_password_hash"),
    ("users", "list_admins_locked: on either database in words of its own"),
];

/// One walk, looked at twice: it takes its time.
#[test]
fn every_statement_finds_its_rows_by_an_index_every_index_serves_one_and_the_log_of_them_shows_no_value() {
    let house = House::build();
    let values = walk::through(&house);

    by_an_index(&house);
    without_a_value(&house, &values);
}

fn by_an_index(house: &House) {
    let statements = house.statements();

    // No model's query may hide from what follows.
    let seen = count_seen(&statements);
    for (table, count) in count_in_models() {
        let count = count - BEYOND_THE_WALK.iter().filter(|(beyond, _)| *beyond == table).count();
        let seen = seen.get(&table).copied().unwrap_or(0);
        assert!(count > 0 && seen >= count, "{seen} of {count} on {table} were seen: {statements:#?}");
    }
    let (mut conn, mut used) = (house.connect(), BTreeSet::new());
    for sql in &statements {
        let plan = Plan::of(&mut conn, sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        assert!(plan.scans.is_empty() || TINY.contains(&table(sql).as_str()), "{:?}: {sql}", plan.scans);
        used.extend(plan.indices);
    }
    let idle: Vec<_> = indices(&mut conn).unwrap().difference(&used).cloned().collect();
    assert!(idle.is_empty(), "no statement uses {idle:?}");
}

fn without_a_value(house: &House, values: &[String]) {
    let log = house.log();
    assert!(log.len() > 200 && values.len() > 10, "{} lines, {} values", log.len(), values.len());
    for line in log {
        assert!(!line.contains("binds"), "{line}");
        let shown: Vec<_> = values.iter().filter(|value| line.contains(value.as_str())).collect();
        assert!(shown.is_empty(), "{shown:?} in {line}");
    }
    // Nor one that stands in the text itself.
    assert!(house.statements().iter().all(|sql| !sql.contains('\'')));
}

#[test]
fn a_scan_is_seen_on_either_database_for_what_it_is() {
    let house = House::build();
    let mut conn = house.connect();
    let mut scans = |sql: &str| Plan::of(&mut conn, sql).unwrap().scans.len();

    assert_eq!(scans("SELECT * FROM users WHERE id = 'x'"), 0);
    assert_eq!(scans("SELECT * FROM users WHERE created_at = 1"), 1);
    assert_eq!(scans("SELECT * FROM users ORDER BY username_folded"), 1, "an index from end to end");
    assert_eq!(scans("DELETE FROM events WHERE kind = 'x'"), 1);
    assert_eq!(scans("SELECT EXISTS (SELECT 1 FROM events)"), 1);
}
