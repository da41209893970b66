//! `vestibule migrate`: bring the tables up to date, or say whether they are.

use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use crate::config::{Config, Overrides};
use crate::db::migrate::{self, Migration};
use crate::db::{self, Database, Place};
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
        let place = Place::parse(&config.database_url())?;
        let before = status(&config, &place)?;
        match self.command {
            Some(MigrateCommand::Status) => {
                if place.is_absent() {
                    output::aside(format_args!("there is no database yet: {place}"));
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

/// Every migration and whether it has been run.
fn status(config: &Config, place: &Place) -> Result<Vec<Migration>, db::Error> {
    if place.is_absent() {
        return migrate::known();
    }
    let limits = &config.database;
    let db = Database::open(place.clone(), 1, limits.wait_timeout, limits.busy_timeout)?;
    migrate::status(&mut db.connect()?)
}
