//! The tables: alike on both databases, as the code reads them, and without a secret in them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use vestibule::Vestibule;
use vestibule::db::{self, AnyConnection};
use vestibule::flows::caller::Caller;
use vestibule::flows::{reset_password, set_up};
use vestibule::models::{Role, SigningKey};
use vestibule::secret::{self, MasterSecret};

use crate::support::{OTHER_PASSWORD, PASSWORD, Place, TestApp};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The lines that `sql` gives in its only column, `line`.
fn lines(conn: &mut AnyConnection, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// The same question in the words of either database.
pub fn either<'a>(conn: &AnyConnection, sqlite: &'a str, postgres: &'a str) -> &'a str {
    match conn {
        AnyConnection::Sqlite(_) => sqlite,
        AnyConnection::Postgres(_) => postgres,
    }
}

/// Every row of every table as text, to see whether anything has changed, or what can be read there.
pub async fn dump(app: &TestApp) -> String {
    let rows = app.ask(|conn| {
        let mut rows = Vec::new();
        for table in tables(conn)? {
            let columns = columns(conn, &table)?;
            let quoted: Vec<String> =
                columns.iter().map(|(column, _)| format!("coalesce(quote({column}), '')")).collect();
            let sqlite = format!("SELECT {} AS line FROM {table} ORDER BY 1", quoted.join(" || ' ' || "));
            let postgres = format!("SELECT t::text AS line FROM {table} t ORDER BY 1");
            let sql = either(conn, &sqlite, &postgres).to_owned();
            rows.extend(lines(conn, &sql)?.into_iter().map(|row| format!("{table}: {row}")));
        }
        Ok(rows)
    });
    rows.await.join("\n")
}

fn tables(conn: &mut AnyConnection) -> QueryResult<BTreeSet<String>> {
    let sql = either(
        conn,
        "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()",
    );
    let names = lines(conn, sql)?.into_iter();
    Ok(names.filter(|name| name != "__diesel_schema_migrations").collect())
}

/// Names and kinds, as `schema.rs` writes them.
fn columns(conn: &mut AnyConnection, table: &str) -> QueryResult<Vec<(String, String)>> {
    let sqlite = format!(
        "SELECT name || ' ' || type || CASE \"notnull\" WHEN 1 THEN '' ELSE '?' END AS line \
         FROM pragma_table_info('{table}')"
    );
    let postgres = format!(
        "SELECT column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END AS line \
         FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
    );
    let sql = either(conn, &sqlite, &postgres).to_owned();
    let read = |line: String| {
        let (name, kind) = line.split_once(' ').unwrap();
        let plain = match kind.trim_end_matches('?').to_ascii_uppercase().as_str() {
            "TEXT" => "Text",
            "BIGINT" => "BigInt",
            "BOOLEAN" => "Bool",
            "BLOB" | "BYTEA" => "Binary",
            other => panic!("{table}.{name} is {other}"),
        };
        let kind = if kind.ends_with('?') { format!("Nullable<{plain}>") } else { plain.to_owned() };
        (name.to_owned(), kind)
    };
    Ok(lines(conn, &sql)?.into_iter().map(read).collect())
}

fn migrations(database: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database)
}

#[test]
fn both_databases_have_the_same_migrations_each_with_a_way_back() {
    let names = |database| -> BTreeSet<String> {
        let entries = fs::read_dir(migrations(database)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };

    let (sqlite, postgres) = (names("sqlite"), names("postgres"));

    assert_eq!(sqlite, postgres);
    for folder in sqlite.iter().flat_map(|name| ["sqlite", "postgres"].map(|db| migrations(db).join(name))) {
        assert!(folder.join("up.sql").exists() && folder.join("down.sql").exists(), "{}", folder.display());
    }
}

#[actix_web::test]
async fn the_tables_are_as_the_code_reads_them() {
    let app = TestApp::new().await;
    let source = include_str!("../../src/db/schema.rs");

    let found = app.ask(|conn| {
        let tables = tables(conn)?.into_iter();
        tables.map(|table| Ok((columns(conn, &table)?, table))).collect::<QueryResult<Vec<_>>>()
    });

    let mut known = Vec::new();
    for table in source.split("diesel::table! {").skip(1) {
        let (name, rest) = table.trim().split_once(" (").unwrap();
        let body = rest.split_once("{\n").unwrap().1.split_once('}').unwrap().0;
        let columns = body.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" -> "));
        let columns: Vec<_> = columns.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        known.push((columns, name.to_owned()));
    }
    known.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(found.await, known);
}

#[actix_web::test]
async fn every_index_of_the_migrations_is_there() {
    let app = TestApp::new().await;

    let indices = app.ask(|conn| {
        let sql = either(
            conn,
            "SELECT name AS line FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
            "SELECT indexname::text AS line FROM pg_indexes WHERE schemaname = current_schema() \
             AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key'",
        );
        Ok(lines(conn, sql)?.into_iter().collect::<BTreeSet<_>>())
    });
    let indices = indices.await;
    let folder = app.ask(|conn| Ok(either(conn, "sqlite", "postgres"))).await;
    let entries = fs::read_dir(migrations(folder)).unwrap().map(|entry| entry.unwrap().path());
    let sql: String = entries.map(|path| fs::read_to_string(path.join("up.sql")).unwrap()).collect();
    let after = |words: &str| -> BTreeSet<String> {
        let word = |rest: &str| rest.split([' ', ';']).next().unwrap().to_owned();
        sql.split(words).skip(1).map(word).collect()
    };

    let made = &after("CREATE INDEX ") | &after("CREATE UNIQUE INDEX ");
    assert_eq!(indices, &made - &after("DROP INDEX "));
}

#[actix_web::test]
async fn a_user_who_goes_takes_sessions_and_links_along_and_leaves_the_trail() {
    let app = TestApp::new().await;
    let ada = app.register("ada").await;
    app.browser().sign_in("ada").await;
    reset_password::issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();

    app.execute(&format!("DELETE FROM users WHERE id = '{}'", ada.id)).await;

    let left = dump(&app).await;
    let kinds = ["users: ", "sessions: ", "one_time_tokens: "];
    assert!(left.lines().all(|row| !kinds.iter().any(|kind| row.starts_with(kind))), "{left}");
    assert!(left.contains("registered"));
    let orphan =
        "INSERT INTO sessions SELECT 'x', 'nobody', 1, 1, 1, 1, 'pwd', '', '', NULL, NULL, NULL, '', NULL";
    let inserted = app.vestibule.db.write(|conn| Ok::<_, db::Error>(conn.batch_execute(orphan)?)).await;
    assert!(inserted.is_err(), "nobody has a session");
}

#[actix_web::test]
async fn migrations_go_up_down_and_up_again() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let before = app.ask(tables).await;

    let mut conn = app.vestibule.db.connect().unwrap();
    match &mut conn {
        AnyConnection::Sqlite(conn) => {
            let all = FileBasedMigrations::from_path(migrations("sqlite")).unwrap();
            conn.revert_all_migrations(all).unwrap();
        }
        AnyConnection::Postgres(conn) => {
            let all = FileBasedMigrations::from_path(migrations("postgres")).unwrap();
            conn.revert_all_migrations(all).unwrap();
        }
    }
    let between = tables(&mut conn).unwrap();
    let ran = db::migrate::run(&mut conn, |_| Ok(())).unwrap().0;

    assert_eq!((before.len(), between.len()), (21, 0));
    assert_eq!(tables(&mut conn).unwrap(), before);
    let folders = fs::read_dir(migrations("sqlite")).unwrap();
    let names: BTreeSet<_> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(ran, names.into_iter().collect::<Vec<_>>());
}

#[test]
fn many_starts_at_once_in_an_empty_place_make_one_secret_and_one_signing_key() {
    for _ in 0..5 {
        let place = Place::new();
        let config = TestApp::config(&place);

        let starts: Vec<_> = (0..6)
            .map(|_| {
                let config = config.clone();
                thread::spawn(move || {
                    Vestibule::open(config).map(|opened| opened.tokens.current(opened.clock.now()))
                })
            })
            .collect();

        let keys: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
        let keys: BTreeSet<_> = keys.into_iter().map(|key| key.expect("each start succeeds")).collect();
        assert_eq!(keys.len(), 1);
    }
}

#[actix_web::test]
async fn what_we_keep_is_readable_by_its_owner_alone() {
    let app = TestApp::new().await;
    app.register("ada").await;
    let dir = app.vestibule.config.data_dir().to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    assert_eq!(mode(&dir), 0o700);
    assert!(dir.join("secret").exists());
    for file in fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[actix_web::test]
async fn a_secret_that_others_can_read_or_that_is_another_opens_nothing() {
    let app = TestApp::new().await;
    let config = app.vestibule.config.clone();
    let secret = config.data_dir().join("secret");

    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let readable = Vestibule::open(config.clone()).unwrap_err().to_string();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&secret, "too short\n").unwrap();
    let short = Vestibule::open(config.clone()).unwrap_err().to_string();
    fs::write(&secret, secret::to_base64url(&[7; 32])).unwrap();
    let other = Vestibule::open(config.clone()).unwrap_err().to_string();
    fs::remove_file(&secret).unwrap();
    let missing = Vestibule::open(config).unwrap_err().to_string();

    assert!(readable.contains("others can read it; run `chmod 600` on it"), "{readable}");
    assert!(short.contains("it should hold 32 bytes as base64url"), "{short}");
    assert!(missing.contains("is missing, but this database was made with a secret."), "{missing}");
    assert!(!secret.exists(), "a new secret would hide that the right one is lost");
    assert!(other.contains("If it was made with another secret, put that back."), "{other}");
}

#[actix_web::test]
async fn a_database_newer_than_this_binary_is_left_alone() {
    let app = TestApp::new().await;
    let later = "INSERT INTO __diesel_schema_migrations VALUES ('99990101000000', '2026-11-22 00:00:00')";
    app.execute(later).await;
    let before = dump(&app).await;

    let error = Vestibule::open(app.vestibule.config.clone()).unwrap_err().to_string();

    assert!(error.contains("made by a newer version of Vestibule; start that version instead"), "{error}");
    assert_eq!(dump(&app).await, before);
}

#[actix_web::test]
async fn whoever_steals_the_tables_has_no_key_no_password_no_token_and_no_device() {
    let app = TestApp::new().await;
    let ada = app.register_as("ada", "ada@example.org", Role::User).await;
    let setup = set_up::issue_link(&app.vestibule, app.now()).await.unwrap().unwrap();
    let reset =
        reset_password::issue_link(&app.vestibule, &ada, &Caller::operator(), app.now()).await.unwrap();
    let mut browser = app.browser();
    let wrong = [("login", "ada"), ("password", OTHER_PASSWORD)];
    assert_eq!(browser.submit("/login", &wrong).await.status, 422);
    browser.sign_in("ada").await;
    browser.get("/dashboard").await;

    let stolen = dump(&app).await;

    let mut secrets = vec![PASSWORD, OTHER_PASSWORD, setup.expose(), reset.expose()];
    for value in browser.cookies.values() {
        secrets.push(value);
        secrets.extend(value.split('.').filter(|part| part.len() > 20 && *part != ada.id.as_str()));
    }
    assert!(browser.cookies.len() >= 2 && stolen.contains("ada@example.org"));
    for text in secrets {
        assert!(!stolen.contains(text), "{text}");
    }
    let master = MasterSecret::load_or_create(&app.vestibule.config.data_dir().join("secret")).unwrap();
    let row = app.ask(SigningKey::list).await.remove(0);
    let private = master.sealer("signing key").open(&row.sealed_private, row.id.as_str()).unwrap();
    let seed = private.get(16..).unwrap();
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(seed.len() == 32 && !stolen.to_lowercase().contains(&hex));
    assert!(!stolen.contains(&secret::to_base64url(seed)));
    assert!(master.sealer("signing key").open(&row.sealed_private, "another row").is_none());
}
