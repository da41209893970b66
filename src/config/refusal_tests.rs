//! What is refused, and in which words.

use std::time::Duration;

use super::folder::Folder;
use super::{Config, Overrides, SecretKey};

/// The only problem that these variables make.
fn problem(variables: &[(&str, &str)]) -> String {
    let problems = Folder::new().problems(variables);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn all_problems_are_told_at_once_each_with_its_place() {
    let folder = Folder::new()
        .with(
            "vestibule.toml",
            "colour = 1\n[servr]\nname = 'x'\n\n[server]\nlistn = 'x'\n  workers = 'many'\nlifetime = 1\n",
        )
        .with(".env", "VESTIBULE_LOG__LEVEL=inf\nVESTIBULE_SERVER_NAME=x\n");
    let flags = Overrides { listen: Some("localhost".to_owned()), ..Overrides::default() };

    let problems = folder.problems_with(
        flags,
        &[("VESTIBULE_PASSWORDS__MIN_LENGTH", "4"), ("VESTIBULE_TOKENS__LEEWAY", "30")],
    );

    assert_eq!(
        problems,
        [
            "vestibule.toml:1:1: unknown key `colour`. `vestibule config reference` lists all there are.",
            "vestibule.toml:2:2: unknown section `servr`. Did you mean `server`?",
            "vestibule.toml:6:1: unknown key `server.listn`. Did you mean `server.listen`?",
            "vestibule.toml:7:13: `server.workers` is \"many\", but must be a whole number, 0 or more. \
             Set it to 0 or leave it out.",
            "vestibule.toml:8:1: unknown key `server.lifetime`. Did you mean `tokens.lifetime`?",
            ".env: VESTIBULE_LOG__LEVEL: `log.level` is \"inf\", but must be one of `off`, `error`, `warn`, `info`, \
             `debug`, `trace`. Did you mean `info`? Set it to \"info\" or leave it out.",
            ".env: VESTIBULE_SERVER_NAME: unknown variable. Did you mean `VESTIBULE_SERVER__NAME`?",
            "VESTIBULE_TOKENS__LEEWAY: `tokens.leeway` is \"30\", but must be a duration with its unit, such as \
             `30s`, `10m`, `12h` or `30d`. Set it to \"30s\" or leave it out.",
            "--listen: `server.listen` is \"localhost\", but must be an address and a port, such as \
             `127.0.0.1:8080` or `[::1]:8080`. Set it to \"127.0.0.1:8080\" or leave it out.",
            "VESTIBULE_PASSWORDS__MIN_LENGTH: `passwords.min_length` is 4, but must be 8 to 64. \
             Set it to 12 or leave it out.",
        ]
    );
}

#[test]
fn what_is_not_toml_is_refused_with_line_and_column() {
    let problems = Folder::new()
        .with("vestibule.toml", "\u{feff}[tokens]\nhs256_secret = 'hunter2\n[log]\nlevel = =\n")
        .problems(&[]);

    assert!(problems[0].starts_with("vestibule.toml:2:"), "{problems:#?}");
    assert!(problems[1].starts_with("vestibule.toml:4:9: "), "{problems:#?}");
    assert!(problems.iter().all(|problem| !problem.contains("hunter2")), "{problems:#?}");
}

#[test]
fn a_key_above_the_sections_and_a_section_that_is_none_are_refused() {
    let problems = Folder::new().with("vestibule.toml", "listen = '[::1]:1'\nserver = 1\n").problems(&[]);

    assert_eq!(
        problems,
        [
            "vestibule.toml:1:1: unknown key `listen`. Did you mean `server.listen`?",
            "vestibule.toml:2:1: `server` is a section. \
             Write `[server]` on a line of its own and its keys below.",
        ]
    );
}

#[test]
fn a_value_that_is_overridden_must_be_right_all_the_same() {
    let folder = Folder::new().with("vestibule.toml", "[server]\nworkers = -1\n");

    let problems = folder.problems(&[("VESTIBULE_SERVER__WORKERS", "2")]);

    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("`server.workers` is -1, but must be a whole number, 0 or more"),
        "{problems:?}"
    );
}

#[test]
fn a_named_file_that_is_not_there_is_refused() {
    assert!(
        problem(&[("VESTIBULE_CONFIG", "gone.toml")])
            .starts_with("VESTIBULE_CONFIG: cannot read `gone.toml`: ")
    );

    let flags = Overrides { config: Some("gone.toml".into()), ..Overrides::default() };
    assert!(Folder::new().problems_with(flags, &[])[0].starts_with("--config: cannot read `gone.toml`: "));
}

#[test]
fn a_variable_that_is_empty_or_unknown_is_refused() {
    assert_eq!(
        problem(&[("VESTIBULE_SERVER__SECRET", "")]),
        "VESTIBULE_SERVER__SECRET: is empty. Give it a value or remove it."
    );
    assert_eq!(
        problem(&[("VESTIBULE_LISTEN", "[::1]:1")]),
        "VESTIBULE_LISTEN: unknown variable. Did you mean `VESTIBULE_SERVER__LISTEN`?"
    );
    assert_eq!(
        problem(&[("VESTIBULE_SERVER__NAME_FILE", "name")]),
        "VESTIBULE_SERVER__NAME_FILE: only secrets are read from files. Write the value itself, without `_FILE`."
    );
}

#[test]
fn a_line_of_dot_env_that_cannot_be_read_is_named_but_not_printed() {
    let folder = Folder::new().with(".env", "# ours\n\nVESTIBULE_SERVER__SECRET hunter2\n");

    let problems = folder.problems(&[]);

    assert_eq!(
        problems,
        [".env:3: this line cannot be read. Write `NAME=value`, with quotes if the value holds blanks."]
    );
}

#[test]
#[cfg(unix)]
fn a_secret_file_that_others_can_read_or_that_is_empty_or_gone_is_refused() {
    let folder = Folder::new()
        .with_mode("group", "x", 0o640)
        .with_mode("world", "x", 0o604)
        .with_mode("empty", "\n", 0o600);
    let problem = |file| folder.problems(&[("VESTIBULE_SERVER__SECRET_FILE", file)]);

    for file in ["group", "world"] {
        assert_eq!(
            problem(file),
            [format!(
                "VESTIBULE_SERVER__SECRET_FILE: `{file}` can be read by other users. Run `chmod 600 {file}`."
            )]
        );
    }
    assert_eq!(
        problem("empty"),
        ["VESTIBULE_SERVER__SECRET_FILE: `empty` is empty. Write the secret into it."]
    );
    assert!(problem("gone")[0].starts_with("VESTIBULE_SERVER__SECRET_FILE: cannot read `gone`: "));
}

#[test]
fn a_secret_and_its_file_together_are_refused() {
    let problem = problem(&[("VESTIBULE_DATABASE__URL", "sqlite:x"), ("VESTIBULE_DATABASE__URL_FILE", "x")]);

    assert_eq!(
        problem,
        "VESTIBULE_DATABASE__URL_FILE: `VESTIBULE_DATABASE__URL` is set too. Remove one of them."
    );
}

#[test]
fn placeholders_are_refused_as_secrets_and_not_repeated() {
    let placeholders = [
        "your_secret_key",
        "your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "secret",
        "SECRET_KEY",
        "supersecretsupersecretsupersecret",
        "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t",
        "changeme",
        "changemechangemechangemechangeme",
        "CHANGE-THIS-to-something-long-and-random",
        "replace_me_with_32_random_bytes_please",
        "placeholder-placeholder-placeholder",
        "password",
        "correct-password-battery-staple-123",
        "example-key-for-development-purposes",
        "insert-your-key-here-insert-your-key",
        "default-signing-key-do-not-use-1234",
        "keyboard cat keyboard cat keyboard cat",
        "00000000000000000000000000000000",
        "0123456789abcdef0123456789abcdef",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    ];
    for placeholder in placeholders {
        let problem = problem(&[("VESTIBULE_TOKENS__HS256_SECRET", placeholder)]);

        assert!(problem.contains("must be random. Make one with `openssl rand -hex 32`."), "{problem}");
        assert!(!problem.contains(placeholder) || placeholder == "secret", "{problem}");
    }
}

#[test]
fn a_server_secret_that_is_short_or_a_placeholder_or_a_pattern_is_refused() {
    let problem = |secret: &str| problem(&[("VESTIBULE_SERVER__SECRET", secret)]);

    let short = "b8a41c7de90f5263174d8e2fa06b93c5d1f7420e8c3b59a6fe12d07794c86a";
    assert_eq!(
        problem(short),
        "VESTIBULE_SERVER__SECRET: `server.secret` must be 32 bytes as 64 hexadecimal digits or base64url: \
         make one with `openssl rand -hex 32`."
    );
    assert!(
        problem("changeme_changeme_changeme_changeme_changem")
            .contains("is a placeholder that everybody knows")
    );
    assert!(problem(&"00".repeat(32)).contains("is a pattern, but must be random"));
    assert!(
        problem("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").contains("is a pattern")
    );
}

#[test]
fn hs256_needs_a_secret_of_32_bytes() {
    assert_eq!(
        problem(&[("VESTIBULE_TOKENS__ALGORITHM", "HS256")]),
        "VESTIBULE_TOKENS__ALGORITHM: `tokens.hs256_secret` is not set, but `HS256` needs it. \
         Make one with `openssl rand -hex 32`."
    );
    assert_eq!(
        problem(&[("VESTIBULE_TOKENS__ALGORITHM", "HS256"), ("VESTIBULE_TOKENS__HS256_SECRET", "")]),
        "VESTIBULE_TOKENS__HS256_SECRET: is empty. Give it a value or remove it."
    );
    let short = "BNuRhmrMvBx5aTrbYfEsGgWHqODIeKJ";
    assert_eq!(
        problem(&[("VESTIBULE_TOKENS__ALGORITHM", "HS256"), ("VESTIBULE_TOKENS__HS256_SECRET", short)]),
        "VESTIBULE_TOKENS__HS256_SECRET: `tokens.hs256_secret` is 31 bytes, but must be at least 32. \
         Make one with `openssl rand -hex 32`."
    );
    assert_eq!(
        problem(&[("VESTIBULE_TOKENS__ALGORITHM", "none")]),
        "VESTIBULE_TOKENS__ALGORITHM: `tokens.algorithm` is \"none\", but must be `EdDSA` or `HS256`. \
         Set it to \"EdDSA\" or leave it out."
    );
}

#[test]
fn plain_http_is_refused_unless_it_stays_on_this_machine() {
    assert_eq!(
        problem(&[("VESTIBULE_SERVER__PUBLIC_URL", "http://example.org")]),
        "VESTIBULE_SERVER__PUBLIC_URL: `server.public_url` is \"http://example.org\", but plain `http` is for loopback \
         only: on the way, anybody could read passwords. Use `https://` and put a proxy that speaks TLS in front."
    );
    let with_password = problem(&[("VESTIBULE_SERVER__PUBLIC_URL", "https://ada:hunter2@example.org")]);
    assert!(!with_password.contains("hunter2"), "{with_password}");
}

#[test]
fn a_database_that_we_do_not_know_is_refused_without_its_password() {
    assert_eq!(
        problem(&[("VESTIBULE_DATABASE__URL", "mysql://v:hunter2@db/v")]),
        "VESTIBULE_DATABASE__URL: `database.url` names no database that we know. \
         Write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`."
    );
}

#[test]
fn hashing_cheaper_than_owasp_recommends_is_refused() {
    let load = |memory, passes| {
        Folder::new().load(&[
            ("VESTIBULE_PASSWORDS__HASH_MEMORY_KIB", memory),
            ("VESTIBULE_PASSWORDS__HASH_PASSES", passes),
        ])
    };

    for (memory, passes) in
        [("47104", "1"), ("19456", "2"), ("12288", "3"), ("9216", "4"), ("7168", "5"), ("65536", "3")]
    {
        assert!(load(memory, passes).is_ok(), "{memory} {passes}");
    }
    for (memory, passes) in
        [("47103", "1"), ("19455", "2"), ("12287", "3"), ("9215", "4"), ("7167", "9"), ("65536", "0")]
    {
        assert!(load(memory, passes).is_err(), "{memory} {passes}");
    }
    assert_eq!(
        problem(&[("VESTIBULE_PASSWORDS__HASH_PASSES", "1")]),
        "VESTIBULE_PASSWORDS__HASH_PASSES: `passwords.hash_memory_kib` is 19456, but must be at least 47104 with \
         `passwords.hash_passes` 1. Set it to 47104 or leave both out."
    );
}

#[test]
fn numbers_and_durations_out_of_range_are_refused() {
    for (name, value) in [
        ("SERVER__NAME", " "),
        ("SERVER__MAX_CONNECTIONS", "0"),
        ("SERVER__REQUEST_TIMEOUT", "0s"),
        ("SERVER__TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("DATABASE__POOL_SIZE", "0"),
        ("SESSIONS__MAX_PER_USER", "0"),
        ("SESSIONS__REAUTHENTICATE_ACTION", "5m"),
        ("SESSIONS__RETENTION", "1h"),
        ("SESSIONS__ABSOLUTE_LIFETIME", "30m"),
        ("ACCOUNT__GRACE", "59m"),
        ("ACCOUNT__GRACE", "31d"),
        ("ACCOUNT__EVENTS_RETENTION", "23h"),
        ("TOKENS__LIFETIME", "59s"),
        ("TOKENS__LIFETIME", "61m"),
        ("TOKENS__LEEWAY", "6m"),
        ("TOKENS__ISSUER", " "),
        ("SESSIONS__REMEMBERED_LIFETIME", "366d"),
        ("PASSWORDS__MIN_LENGTH", "65"),
        ("PASSWORDS__MIN_STRENGTH", "5"),
        ("PASSWORDS__MIN_STRENGTH", "256"),
        ("PASSWORDS__HASH_QUEUE", "0"),
        ("THROTTLE__ENABLED", "yes"),
        ("THROTTLE__ADDRESS_BURST", "0"),
        ("THROTTLE__ACCOUNT_FAILURE_LIMIT", "101"),
        ("THROTTLE__ACCOUNT_FAILURE_LIMIT", "4"),
        ("THROTTLE__DEVICE_WINDOW", "0s"),
        ("REGISTRATION__EMAIL", "optionl"),
        ("REGISTRATION__MODE", "invite"),
        ("LOG__FORMAT", "xml"),
    ] {
        let name = format!("VESTIBULE_{name}");

        let problem = problem(&[(&name, value)]);

        assert!(problem.starts_with(&format!("{name}: `")), "{problem}");
    }
}

#[test]
fn a_token_that_outlives_its_session_is_refused() {
    let problem = problem(&[("VESTIBULE_SESSIONS__ABSOLUTE_LIFETIME", "30m")]);

    assert_eq!(
        problem,
        "VESTIBULE_SESSIONS__ABSOLUTE_LIFETIME: `tokens.lifetime` is 1h, but must not be longer than \
         `sessions.absolute_lifetime`, which is 30m. Set it to 30m or less."
    );
}

#[test]
fn whoever_asks_to_stay_is_not_out_sooner() {
    let problem = problem(&[("VESTIBULE_SESSIONS__REMEMBERED_LIFETIME", "2h")]);

    assert_eq!(
        problem,
        "VESTIBULE_SESSIONS__REMEMBERED_LIFETIME: `sessions.remembered_lifetime` is 2h, but must be at least \
         `sessions.absolute_lifetime`, which is 12h. Raise it, or lower the other."
    );
}

#[test]
fn what_is_set_in_code_is_bound_by_nothing_until_it_is_checked() {
    let mut config = Config::default();
    config.tokens.lifetime = Duration::from_secs(1);
    config.server.secret = Some(SecretKey::from([7; SecretKey::LENGTH]));

    let broken: Vec<_> = config.check().into_iter().map(|rule| rule.key).collect();

    assert_eq!(broken, ["server.secret", "tokens.lifetime"]);
}
