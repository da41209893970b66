//! The flags that every command takes, and the instance that they name.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use super::{logging, output};
use crate::clock::Timestamp;
use crate::config::{self, Loaded, LogLevel, Overrides, Problems};
use crate::db::{self, Place};
use crate::vestibule::Vestibule;

const HEADING: &str = "Global options";
const LEVELS: [LogLevel; 6] =
    [LogLevel::Off, LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];

/// The flags of every command; each stands above file and environment.
#[derive(clap::Args)]
pub(super) struct GlobalArgs {
    /// Read this configuration file
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING)]
    config: Option<PathBuf>,
    /// Keep everything in this directory
    #[arg(long, global = true, value_name = "DIR", help_heading = HEADING)]
    data_dir: Option<PathBuf>,
    /// Use sqlite:PATH or postgres://HOST/NAME
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    database_url: Option<String>,
    /// Log from: off, error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL", help_heading = HEADING, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(LEVELS.map(LogLevel::as_str)))]
    log_level: Option<String>,
}

impl GlobalArgs {
    /// The configuration, with `flags` of the command itself above all.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(super) fn load(&self, flags: Overrides) -> Result<Loaded, Problems> {
        let flags = Overrides {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            database_url: self.database_url.clone(),
            log_level: self.log_level.clone(),
            ..flags
        };
        config::load(flags, config::environment())
    }

    /// The configuration for a command that runs beside the server, with a log that keeps quiet.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(super) fn load_quietly(&self, flags: Overrides) -> Result<Loaded, Problems> {
        let loaded = self.load(flags)?;
        logging::start_quietly(&loaded);
        Ok(loaded)
    }

    /// Opens the instance and does `deed` with it, at this moment. Makes a new instance only if it `may_create` one:
    /// from the wrong directory most commands would answer about nothing.
    ///
    /// # Errors
    ///
    /// That there is no instance to open, and those of `deed`.
    pub(super) fn with_instance(
        &self,
        flags: Overrides,
        may_create: bool,
        deed: impl AsyncFnOnce(&Vestibule, Timestamp) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let config = self.load_quietly(flags)?.config;
        let place = Place::parse(&config.database_url())?;
        let is_new = place.is_absent();
        if is_new && !may_create {
            return Err(db::Error::Unavailable(format!(
                "there is none ({place}). Name it with --data-dir or --database-url, or start the server first"
            ))
            .into());
        }
        let vestibule = Vestibule::open(config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(deed(&vestibule, vestibule.clock.now()))?;
        if is_new {
            output::aside(format_args!("made a new database: {place}"));
        }
        Ok(())
    }
}
