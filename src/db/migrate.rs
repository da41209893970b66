//! Migrations: both sets are in the binary, and a start runs what is missing.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection as _;
use diesel::migration::{MigrationName, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, Error};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number will do, as long as every node takes the same one: `vestibul` in ASCII.
const ADVISORY_LOCK: i64 = 0x7665_7374_6962_756c;

/// One migration, by its folder's name, and whether it has been run here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Migration {
    /// The folder's name.
    pub name: String,
    /// Whether this database has it.
    pub applied: bool,
}

/// Runs what is missing, then `afterwards`, in one transaction and while no other node does either. The names of
/// what was run come back.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database is away or another node does not finish; [`Error::Migration`] when the
/// database is newer than this binary, or a migration fails: then nothing has changed.
pub fn run<T>(
    conn: &mut AnyConnection,
    afterwards: impl FnOnce(&mut AnyConnection) -> Result<T, Error>,
) -> Result<(Vec<String>, T), Error> {
    if let AnyConnection::Postgres(conn) = conn {
        conn.batch_execute("SET statement_timeout = '10min'; SET lock_timeout = '1min'")?;
    }
    let (done, _) = super::transaction::run(conn, |conn| {
        let ran = match &mut **conn {
            AnyConnection::Sqlite(conn) => run_pending(conn, &SQLITE),
            AnyConnection::Postgres(conn) => {
                conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))?;
                run_pending(conn, &POSTGRES)
            }
        }?;
        Ok::<_, Error>((ran, afterwards(conn)?))
    })?;
    Ok(done)
}

/// Every migration this binary knows, in order, and whether this database has it. Leaves no trace.
///
/// # Errors
///
/// When the database does not answer, or [`Error::Migration`] when it is newer than this binary.
pub fn status(conn: &mut AnyConnection) -> Result<Vec<Migration>, Error> {
    // Diesel makes its table of migrations when it is asked for them; the transaction takes that back.
    let mut listed = Ok(Vec::new());
    let undone = super::transaction::run(conn, |conn| {
        listed = match &mut **conn {
            AnyConnection::Sqlite(conn) => list(conn, &SQLITE),
            AnyConnection::Postgres(conn) => list(conn, &POSTGRES),
        };
        Err::<(), _>(Error::Refused(diesel::result::Error::RollbackTransaction))
    });
    match undone {
        Err(Error::Unavailable(why)) => Err(Error::Unavailable(why)),
        _ => listed,
    }
}

/// Every migration this binary knows, for a database that nobody has made yet.
///
/// # Errors
///
/// Never in practice: [`Error::Migration`] when what was built in cannot be read.
pub fn known() -> Result<Vec<Migration>, Error> {
    let set = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(Error::migration)?;
    Ok(set.iter().map(|each| Migration { name: each.name().to_string(), applied: false }).collect())
}

fn run_pending<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    set: &EmbeddedMigrations,
) -> Result<Vec<String>, Error> {
    let missing = list(conn, set)?.into_iter().filter(|migration| !migration.applied);
    let names = missing.map(|migration| migration.name).collect();
    let all = MigrationSource::<DB>::migrations(set).map_err(Error::migration)?;
    let applied = conn.applied_migrations().map_err(Error::migration)?;
    for migration in all.iter().filter(|migration| !applied.contains(&migration.name().version().as_owned()))
    {
        conn.run_migration(migration).map_err(Error::migration)?;
    }
    Ok(names)
}

fn list<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    set: &EmbeddedMigrations,
) -> Result<Vec<Migration>, Error> {
    let applied = conn.applied_migrations().map_err(Error::migration)?;
    let known = MigrationSource::<DB>::migrations(set).map_err(Error::migration)?;
    let is_known =
        |version: &MigrationVersion<'_>| known.iter().any(|migration| migration.name().version() == *version);
    if let Some(version) = applied.iter().find(|version| !is_known(version)) {
        let words = "this database was made by a newer version of Vestibule; start that version instead";
        return Err(Error::Migration(format!("{words} (it has migration {version})")));
    }
    let names = known.iter().map(|migration| migration.name());
    let row = |name: &dyn MigrationName| Migration {
        name: name.to_string(),
        applied: applied.contains(&name.version().as_owned()),
    };
    Ok(names.map(row).collect())
}
