//! `vestibule serve`: the server, from its configuration to its last request.

use std::net::SocketAddr;

use actix_web::rt::{System, spawn};
use anyhow::Context as _;

use super::global::GlobalArgs;
use super::log_writer::Flush;
use super::logging;
use super::supervisor;
use super::welcome::Welcome;
use crate::config::{Overrides, Sources};
use crate::flows::{carry_mail, groups, keep, set_up};
use crate::vestibule::Vestibule;
use crate::web;

const EXAMPLES: &str = "\
Makes what is missing: data directory, secret, tables, signing key. While there
is no administrator, each start prints a link that makes the first one.

Examples:
  vestibule serve
  vestibule serve --listen 0.0.0.0:8080 --public-url https://login.example.org
  vestibule serve --data-dir /var/lib/vestibule --log-level debug";

/// Start the server (the default)
#[derive(Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Serve {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The address that browsers use
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Serve {
    pub(super) fn run(self, global: GlobalArgs) -> anyhow::Result<()> {
        let flags = Overrides { listen: self.listen, public_url: self.public_url, ..Overrides::default() };
        let loaded = global.load(flags)?;
        let log = logging::start(&loaded).context("the log cannot be started")?;
        let vestibule = Vestibule::open(loaded.config)?;
        let sources = loaded.sources;
        if !vestibule.config.throttle.enabled {
            log::warn!("throttle.enabled is false: nothing slows down the guessing of passwords");
        }
        carry_mail::start(&vestibule)?;
        System::new().block_on(serve(vestibule, sources, log.clone()))
    }
}

async fn serve(vestibule: Vestibule, sources: Sources, log: Flush) -> anyhow::Result<()> {
    let host = vestibule.clone();
    let mut is_bound = false;
    let announce = |address| {
        is_bound = true;
        spawn(greet(host, sources, address, log));
    };
    let ended = web::serve(vestibule.clone(), announce).await;
    if let Err(error) = keep::write_last_seen(&vestibule).await {
        log::warn!("the last use of some sessions could not be noted: {error}");
    }
    match is_bound {
        true => ended.context("the server stopped"),
        false => Ok(ended?),
    }
}

/// Says where to go. Not before the socket is ours: a setup link voids the one before it, and a second start by
/// mistake must not take away the link of the server that runs.
async fn greet(vestibule: Vestibule, sources: Sources, address: SocketAddr, log: Flush) {
    let setup_token = match set_up::issue_link(&vestibule, vestibule.clock.now()).await {
        Ok(token) => token,
        Err(error) => {
            log::error!("no setup link could be made: {error}");
            None
        }
    };
    match groups::unknown(&vestibule).await {
        Ok(names) if names.is_empty() => {}
        Ok(names) => log::warn!(
            "no group is called {}, of which settings speak: `vestibule group create` makes one",
            names.join(" or ")
        ),
        Err(error) => {
            log::warn!("it could not be seen whether there are the groups that settings speak of: {error}")
        }
    }
    // What the start had to warn of stands before it.
    log.flush();
    Welcome::new(&vestibule.config, &sources, address, setup_token.as_ref()).print();
    supervisor::serving(vestibule);
}
