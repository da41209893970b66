//! `vestibule config`: what counts, where it comes from, what is wrong with it, what there is to set.

use serde_json::json;

use super::global::GlobalArgs;
use super::output::{self, Format};
use crate::config::{self, Loaded, Overrides, Problems};

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule config show --sources
  vestibule config check";
const SHOW_EXAMPLES: &str = "\
Secrets are not shown.

Examples:
  vestibule config show
  vestibule config show --sources
  vestibule config show --json | jq .server.listen";
const CHECK_EXAMPLES: &str = "\
Prints `ok`, or all that is wrong and where; then the exit code is 2.

Examples:
  vestibule config check --config /etc/vestibule.toml";
const REFERENCE_EXAMPLES: &str = "\
Examples:
  vestibule config reference > settings.md";

/// See and check the configuration
#[derive(clap::Subcommand)]
pub(super) enum Config {
    /// Print the configuration that counts
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Say where each value came from
        #[arg(long)]
        sources: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Say what is wrong with the configuration
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        #[command(flatten)]
        format: Format,
    },
    /// Print every setting there is, in Markdown
    #[command(after_help = REFERENCE_EXAMPLES)]
    Reference,
}

impl Config {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        match self {
            Self::Show { sources, format } => {
                let loaded = global.load(Overrides::default())?;
                format.answer(&config::to_json(&loaded, sources), || config::show(&loaded, sources))
            }
            Self::Check { format } => check(global.load(Overrides::default()), format),
            Self::Reference => output::print(&config::reference()),
        }
    }
}

fn check(loaded: Result<Loaded, Problems>, format: Format) -> anyhow::Result<()> {
    let Err(problems) = loaded else {
        return format.answer(&json!({ "ok": true, "problems": [] }), || "ok".to_owned());
    };
    if format.json {
        let list = problems.0.iter().map(|problem| {
            json!({
                "place": problem.place,
                "key": problem.key,
                "wrong": problem.wrong,
                "did_you_mean": problem.did_you_mean,
                "remedy": problem.remedy,
            })
        });
        let answer = json!({ "ok": false, "problems": list.collect::<Vec<_>>() });
        format.answer(&answer, String::new)?;
    }
    Err(problems.into())
}
