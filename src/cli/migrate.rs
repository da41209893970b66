//! `vestibule migrate`: bring the tables up to date, or say whether they are.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::database;
use super::global::GlobalArgs;
use super::output::{self, Format};
use crate::config::{Config, Overrides};
use crate::db::migrate::{self, Migration};
use crate::db::{self, Database};
use crate::id::RequestId;
use crate::secret;
use crate::vestibule::Vestibule;

const EXAMPLES: &str = "\
A start of the server does the same by itself.

Examples:
  vestibule migrate
  vestibule migrate status
  vestibule migrate --database-url postgres://db/vestibule";
const STATUS_EXAMPLES: &str = "\
Changes nothing, and makes no database where there is none.

Examples:
  vestibule migrate status
  vestibule migrate status --json";

/// Bring the tables up to date
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Migrate {
    #[command(flatten)]
    format: Format,
    #[command(subcommand)]
    command: Option<MigrateCommand>,
}

#[derive(clap::Subcommand)]
enum MigrateCommand {
    /// List what has been run and what is missing
    #[command(after_help = STATUS_EXAMPLES)]
    Status,
}

impl Migrate {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        let config = global.load_quietly(Overrides::default())?.config;
        let before = status(&config)?;
        match self.command {
            Some(MigrateCommand::Status) => {
                if let Some(path) = missing_file(&config.database_url()) {
                    output::aside(format_args!("there is no database yet at {}", database::absolute(path)));
                }
                self.format.answer(&before, || table(&before))
            }
            None => run_missing(config, &before, self.format),
        }
    }
}

fn run_missing(config: Config, before: &[Migration], format: Format) -> anyhow::Result<()> {
    drop(Vestibule::open(config)?);
    let missing = before.iter().filter(|migration| !migration.applied);
    let ran: Vec<&str> = missing.map(|migration| migration.name.as_str()).collect();
    format.answer(&json!({ "ran": ran }), || match ran.is_empty() {
        true => "nothing to do".to_owned(),
        false => ran.iter().map(|name| format!("ran {name}\n")).collect(),
    })
}

fn table(migrations: &[Migration]) -> String {
    let word = |applied: bool| if applied { "applied" } else { "missing" }.to_owned();
    let rows: Vec<_> =
        migrations.iter().map(|migration| [word(migration.applied), migration.name.clone()]).collect();
    output::table(["STATE", "MIGRATION"], &rows)
}

/// The file of a database that nobody has made yet: to open it would be to make it.
fn missing_file(url: &str) -> Option<&Path> {
    database::file(url).filter(|path| path.metadata().map_or(true, |file| file.len() == 0))
}

/// Every migration and whether it has been run.
fn status(config: &Config) -> anyhow::Result<Vec<Migration>> {
    let url = config.database_url();
    if missing_file(&url).is_none() {
        return Ok(status_of(config, &url)?);
    }
    // What is not there misses as much as an empty one, for which we have a place of our own.
    let scratch = std::env::temp_dir().join(format!("vestibule-{}", RequestId::new()));
    secret::create_private_dir(&scratch).with_context(|| scratch.display().to_string())?;
    let status = status_of(config, &format!("sqlite:{}", scratch.join("empty.db").display()));
    let _ = std::fs::remove_dir_all(scratch);
    Ok(status?)
}

/// The answer of the database at `url`, without a trace: Diesel makes its table of migrations when it is asked for
/// them, and that is taken back with the transaction.
fn status_of(config: &Config, url: &str) -> Result<Vec<Migration>, db::Error> {
    let limits = &config.database;
    let db = Database::open(url, 1, limits.wait_timeout, limits.busy_timeout)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| db::Error::Unavailable(error.to_string()))?;
    let status = db.write(|conn| Err::<Undone, _>(Undone(migrate::status(conn))));
    let (Ok(Undone(status)) | Err(Undone(status))) = runtime.block_on(status);
    status
}

/// An answer that makes its transaction roll back.
struct Undone(Result<Vec<Migration>, db::Error>);

impl From<db::Error> for Undone {
    fn from(error: db::Error) -> Self {
        Self(Err(error))
    }
}
