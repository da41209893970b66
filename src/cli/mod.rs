//! The command line: the operator's edge. A file a command; each calls the same deeds as the pages do.
//!
//! Answers go to standard output, everything else to standard error: `vestibule user create ada > id` works, and
//! so does `vestibule user list --json | jq`. The exit codes are in `exit.rs`.
//!
//! No flag takes a secret: every user of a machine can read its command lines. Passwords come from a prompt or from
//! standard input, secrets of the instance from the environment or files.

mod api_key;
mod completions;
mod config;
mod confirm;
mod escape;
mod exit;
mod global;
mod group;
mod group_delete;
mod healthcheck;
mod key;
mod log_writer;
mod logging;
mod mail;
mod migrate;
mod output;
mod password_input;
mod serve;
mod session;
mod supervisor;
mod user;
mod user_create;
mod user_delete;
mod user_named;
mod user_reset_second_factor;
mod user_view;
mod welcome;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::global::GlobalArgs;

/// The front door of web applications
#[derive(clap::Parser)]
#[command(name = "vestibule", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Without a command the server starts; the flags of `serve` work alone, too.

Examples:
  vestibule
  vestibule serve --listen 0.0.0.0:8080 --public-url https://login.example.org
  vestibule user create ada --role admin
  vestibule config show --sources

Exit codes:
  0 done   1 failed   2 wrong usage or configuration
  3 unreachable (database or server)   4 unhealthy";

#[derive(clap::Subcommand)]
enum Command {
    /// Start the server (the default)
    Serve(serve::Serve),
    /// Make and mend accounts
    #[command(subcommand, after_help = user::EXAMPLES)]
    User(user::User),
    /// See who belongs together, and change it
    #[command(subcommand, after_help = group::EXAMPLES)]
    Group(group::Group),
    /// See and end sessions
    #[command(subcommand, after_help = session::EXAMPLES)]
    Session(session::Session),
    /// Make, see and revoke the keys of programs
    #[command(name = "api-key", subcommand, after_help = api_key::EXAMPLES)]
    ApiKey(api_key::ApiKey),
    /// See and change the keys that sign tokens
    #[command(subcommand, after_help = key::EXAMPLES)]
    Key(key::Key),
    /// See the outbox, and try whether mail arrives
    #[command(subcommand, after_help = mail::EXAMPLES)]
    Mail(mail::Mail),
    /// Bring the tables up to date
    Migrate(migrate::Migrate),
    /// See and check the configuration
    #[command(subcommand, after_help = config::EXAMPLES)]
    Config(config::Config),
    /// Ask the running server whether it is ready
    Healthcheck(healthcheck::Healthcheck),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

/// Runs the command line `arguments`, the program's name first, and says how that went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(or_serve(arguments)) {
        Ok(cli) => cli,
        // Help and version come this way too; that they could not be printed is nobody's business.
        Err(error) => {
            let _ = error.print();
            return exit::code(error.exit_code());
        }
    };
    let global = cli.global;
    let done = match cli.command {
        None => serve::Serve::default().run(global),
        Some(Command::Serve(serve)) => serve.run(global),
        Some(Command::User(user)) => user.run(&global),
        Some(Command::Group(group)) => group.run(&global),
        Some(Command::Session(session)) => session.run(&global),
        Some(Command::ApiKey(key)) => key.run(&global),
        Some(Command::Key(key)) => key.run(&global),
        Some(Command::Mail(mail)) => mail.run(&global),
        Some(Command::Migrate(migrate)) => migrate.run(&global),
        Some(Command::Config(config)) => config.run(&global),
        Some(Command::Healthcheck(healthcheck)) => healthcheck.run(&global),
        Some(Command::Completions(completions)) => completions.run(command()),
    };
    exit::after(done)
}

/// The arguments, with `serve` before them where no command is among them: flags of the default command work alone.
fn or_serve(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let tree = command();
    let asks =
        |word: &OsString| ["help", "--help", "-h", "--version", "-V"].iter().any(|other| word == other);
    let is_command = |word: &OsString| tree.get_subcommands().any(|each| word == each.get_name());
    let is_flag = arguments.get(1).is_none_or(|word| word.to_string_lossy().starts_with('-'));
    if is_flag && !arguments.iter().skip(1).any(|word| asks(word) || is_command(word)) {
        arguments.insert(arguments.len().min(1), "serve".into());
    }
    arguments
}

/// The whole tree of commands, for completions and manuals.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
