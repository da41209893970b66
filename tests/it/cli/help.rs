//! Help, completions, versions and what is common to all commands.

use super::Folder;

/// Every command there is, as it is typed.
fn commands() -> Vec<String> {
    fn below(command: &clap::Command, path: &str, list: &mut Vec<String>) {
        list.push(path.to_owned());
        for child in command.get_subcommands() {
            below(child, format!("{path} {}", child.get_name()).trim(), list);
        }
    }
    let mut list = Vec::new();
    below(&vestibule::cli::command(), "", &mut list);
    list
}

#[test]
fn every_help_fits_the_screen_and_has_an_example() {
    let (folder, commands) = (Folder::new(), commands());
    assert_eq!(commands.len(), 42, "{commands:?}");

    for command in commands {
        for flag in ["-h", "--help"] {
            let help = folder.run(&format!("{command} {flag}")).done();

            let longest = help.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(longest.chars().count() <= 80, "{command} {flag}: {longest}");
            assert!(
                help.contains(&format!("Examples:\n  vestibule {command}").trim_end().to_owned()),
                "{help}"
            );
            assert!(
                help.contains("--data-dir") && help.contains("--config") && help.contains("--database-url")
            );
            assert!(!help.contains('\u{1b}'), "colour off a terminal: {help}");
        }
    }
    assert!(folder.names().is_empty());
}

#[test]
fn every_example_is_a_command_that_works() {
    let folder = Folder::new();
    for command in commands() {
        let help = folder.run(&format!("{command} --help")).done();
        for line in help.lines().filter(|line| line.starts_with("  vestibule")) {
            let words: Vec<&str> =
                line.split_whitespace().take_while(|word| !["|", ">", "<"].contains(word)).collect();

            let parsed = vestibule::cli::command().try_get_matches_from(&words);

            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn no_flag_takes_a_secret() {
    fn flags(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().filter_map(|flag| flag.get_long()).map(str::to_owned);
        own.chain(command.get_subcommands().flat_map(flags)).collect()
    }

    let flags = flags(&vestibule::cli::command());

    assert!(flags.contains(&"email".to_owned()));
    for word in ["pass", "secret", "token", "key"] {
        assert!(!flags.iter().any(|flag| flag.contains(word)), "{word}: {flags:?}");
    }
}

#[test]
fn a_slip_is_answered_with_what_was_meant() {
    let folder = Folder::new();
    for (line, meant) in [("usr list", "'user'"), ("user lst", "'list'"), ("user list --jsn", "'--json'")] {
        let ran = folder.run(line);

        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.err.contains(meant) && ran.err.contains("--help"), "{ran:?}");
    }
    for line in ["user", "session", "config", "user show", "--log-level loud user list", "completions tcl"] {
        assert_eq!(folder.run(line).code, Some(2), "{line}");
    }
    assert!(folder.names().is_empty());
}

#[test]
fn the_version_is_told() {
    let version = concat!("vestibule ", env!("CARGO_PKG_VERSION"), "\n");

    assert_eq!(Folder::new().run("--version").done(), version);
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Folder::new().run(&format!("completions {shell}")).done();

        for word in ["reset-link", "healthcheck", "database-url", "sources"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for line in ["config reference", "completions bash", "--help"] {
        let folder = Folder::new();
        let mut child = folder.start(line);
        drop(child.stdout.take());

        let ended = child.wait_with_output().unwrap();

        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), b"".as_slice()), "{line}");
    }
}
