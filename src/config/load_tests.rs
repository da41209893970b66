//! Which value counts, and where it came from.

use std::time::Duration;

use super::folder::Folder;
use super::{Algorithm, Config, Overrides, Secret, SecretKey, Source, reference, show, to_json};

const HEX: &str = "b8a41c7de90f5263174d8e2fa06b93c5d1f7420e8c3b59a6fe12d07794c86ab3";
const HS256: &str = "BNuRhmrMvBx5aTrbYfEsGgWHqODIeKJUyVkXzPdwC1s";

#[test]
fn an_empty_folder_loads_the_defaults() {
    let loaded = Folder::new().load(&[("PATH", "/bin"), ("VESTIBULE_LOG", "debug")]).unwrap();

    assert_eq!(loaded.config.public_url(), "http://localhost:8080");
    assert_eq!(loaded.config.issuer(), "http://localhost:8080");
    assert_eq!(loaded.config.database_url(), "sqlite:data/vestibule.db");
    assert!(!loaded.config.is_https());
    assert_eq!(loaded.sources.iter().count(), 0);
    assert_eq!(loaded.sources.of("server.listen"), &Source::Default);
}

#[test]
fn the_defaults_break_no_rule() {
    assert_eq!(Config::default().check(), []);
}

#[test]
fn a_flag_beats_the_environment_beats_dot_env_beats_the_file() {
    let folder = Folder::new()
        .with("vestibule.toml", "[server]\nname = 'file'\nworkers = 1\nkeep_alive = '20s'\nlisten = '[::1]:1'\n")
        .with(".env", "VESTIBULE_SERVER__WORKERS=2\nVESTIBULE_SERVER__KEEP_ALIVE=30s\nVESTIBULE_SERVER__LISTEN='[::1]:2'\n");
    let flags = Overrides { listen: Some("[::1]:4".to_owned()), ..Overrides::default() };

    let loaded = folder
        .load_with(flags, &[("VESTIBULE_SERVER__KEEP_ALIVE", "40s"), ("VESTIBULE_SERVER__LISTEN", "[::1]:3")])
        .unwrap();

    let server = &loaded.config.server;
    assert_eq!(server.name, "file");
    assert_eq!(server.workers, 2);
    assert_eq!(server.keep_alive, Duration::from_secs(40));
    assert_eq!(server.listen.port(), 4);
    let source = |key| loaded.sources.of(key).to_string();
    assert!(source("server.name").ends_with("vestibule.toml:2"));
    assert_eq!(source("server.workers"), ".env VESTIBULE_SERVER__WORKERS");
    assert_eq!(source("server.keep_alive"), "environment VESTIBULE_SERVER__KEEP_ALIVE");
    assert_eq!(source("server.listen"), "flag --listen");
    assert_eq!(source("server.data_dir"), "default");
}

#[test]
fn the_file_is_the_named_one_or_in_the_working_or_the_data_directory() {
    let file = |name: &str| format!("[server]\nname = '{name}'\n");
    let folder =
        Folder::new().with("data/vestibule.toml", &file("data")).with("other/vestibule.toml", &file("other"));
    let name =
        |folder: &Folder, variables: &[(&str, &str)]| folder.load(variables).unwrap().config.server.name;

    assert_eq!(name(&folder, &[]), "data");
    assert_eq!(name(&folder, &[("VESTIBULE_SERVER__DATA_DIR", "other")]), "other");
    let folder = folder.with("vestibule.toml", &file("here")).with("named.toml", &file("named"));
    assert_eq!(name(&folder, &[]), "here");
    let folder = folder.with(".env", "VESTIBULE_CONFIG=named.toml");
    assert_eq!(name(&folder, &[]), "named");
    assert_eq!(name(&folder, &[("VESTIBULE_CONFIG", "other/vestibule.toml")]), "other");
    let flags = Overrides { config: Some("data/vestibule.toml".into()), ..Overrides::default() };
    assert_eq!(
        folder.load_with(flags, &[("VESTIBULE_CONFIG", "named.toml")]).unwrap().config.server.name,
        "data"
    );
}

#[test]
fn every_kind_of_value_can_come_from_the_environment() {
    let loaded = Folder::new()
        .load(&[
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("VESTIBULE_SERVER__PUBLIC_URL", "https://Login.Example.org/"),
            ("VESTIBULE_SERVER__SECRET", HEX),
            ("VESTIBULE_DATABASE__URL", "postgres://v:pw@db/v"),
            ("VESTIBULE_SESSIONS__RETENTION", "90d"),
            ("VESTIBULE_TOKENS__ALGORITHM", "HS256"),
            ("VESTIBULE_TOKENS__HS256_SECRET", HS256),
            ("VESTIBULE_THROTTLE__ENABLED", "false"),
        ])
        .unwrap();

    let config = loaded.config;
    let proxies: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.origin(), "https://login.example.org");
    assert!(config.is_https());
    assert_eq!(config.audience(), "https://login.example.org");
    assert_eq!(config.server.secret.unwrap().expose().first(), Some(&0xb8));
    assert_eq!(config.database.url.unwrap().expose(), "postgres://v:pw@db/v");
    assert_eq!(config.sessions.retention, Duration::from_hours(90 * 24));
    assert_eq!(config.tokens.algorithm, Algorithm::HS256);
    assert_eq!(config.tokens.hs256_secret.unwrap().expose(), HS256);
    assert!(!config.throttle.enabled);
}

#[test]
fn an_empty_list_in_the_environment_empties_the_list_of_the_file() {
    let folder = Folder::new().with("vestibule.toml", "[server]\ntrusted_proxies = ['10.0.0.0/8']\n");

    let loaded = folder.load(&[("VESTIBULE_SERVER__TRUSTED_PROXIES", "")]).unwrap();

    assert_eq!(loaded.config.server.trusted_proxies, []);
}

#[test]
#[cfg(unix)]
fn a_secret_can_be_read_from_a_file_without_its_last_newline() {
    let folder = Folder::new()
        .with_mode("a", &format!("{HEX}\n"), 0o600)
        .with_mode("b", "postgres://v:pw@db/v\r\n", 0o400)
        .with_mode("c", HS256, 0o600);

    let loaded = folder
        .load(&[
            ("VESTIBULE_SERVER__SECRET_FILE", "a"),
            ("VESTIBULE_DATABASE__URL_FILE", "b"),
            ("VESTIBULE_TOKENS__HS256_SECRET_FILE", "c"),
        ])
        .unwrap();

    assert!(loaded.config.server.secret.is_some());
    assert_eq!(loaded.config.database_url(), "postgres://v:pw@db/v");
    assert_eq!(loaded.config.tokens.hs256_secret.unwrap().expose(), HS256);
    assert_eq!(loaded.sources.of("database.url").to_string(), "environment VESTIBULE_DATABASE__URL_FILE");
}

#[test]
#[cfg(unix)]
fn the_credentials_of_systemd_are_guarded_by_systemd() {
    let folder = Folder::new().with_mode("credentials/secret", HEX, 0o440);
    let directory = folder.path().join("credentials");
    let (directory, file) = (directory.to_string_lossy(), directory.join("secret"));

    let loaded = folder.load(&[
        ("CREDENTIALS_DIRECTORY", &directory),
        ("VESTIBULE_SERVER__SECRET_FILE", &file.to_string_lossy()),
    ]);

    assert!(loaded.unwrap().config.server.secret.is_some());
}

#[test]
fn variables_that_kubernetes_makes_for_a_service_are_not_ours() {
    let loaded = Folder::new().load(&[
        ("VESTIBULE_PORT", "tcp://10.0.0.7:8080"),
        ("VESTIBULE_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ("VESTIBULE_SERVICE_HOST", "10.0.0.7"),
        ("VESTIBULE_SERVICE_PORT_HTTP", "8080"),
    ]);

    assert!(loaded.is_ok());
}

#[test]
fn a_secret_is_read_as_hex_and_as_base64url() {
    let hex = SecretKey::parse(HEX).unwrap();
    let base64 = SecretKey::parse("uKQcfekPUmMXTY4voGuTxdH3Qg6MO1mm_hLQd5TIarM=").unwrap();

    assert_eq!(hex.expose(), base64.expose());
    assert!(SecretKey::parse(&HEX[2..]).is_none());
}

#[test]
fn a_secret_is_in_nothing_that_is_printed() {
    let url = "postgres://v:hunter2@db/v";
    let loaded = Folder::new()
        .load(&[
            ("VESTIBULE_SERVER__SECRET", HEX),
            ("VESTIBULE_DATABASE__URL", url),
            ("VESTIBULE_TOKENS__HS256_SECRET", HS256),
        ])
        .unwrap();

    let printed = [
        format!("{loaded:?}"),
        format!("{loaded:#?}"),
        show(&loaded, true),
        show(&loaded, false),
        to_json(&loaded, true).to_string(),
        serde_json::to_string(&loaded.config).unwrap(),
        format!("{:?}", Secret::from(HS256)),
    ];

    for text in printed {
        assert!(text.contains("…(hidden)"));
        assert!(!text.contains(HEX) && !text.contains("hunter2") && !text.contains(HS256), "{text}");
    }
}

#[test]
fn what_is_shown_is_toml_that_loads_again() {
    let loaded = Folder::new().load(&[("VESTIBULE_SERVER__NAME", "Ada's \"room\"")]).unwrap();

    let shown = show(&loaded, true);
    let again = Folder::new().with("vestibule.toml", &shown).load(&[]).unwrap();

    assert!(shown.contains("  # environment VESTIBULE_SERVER__NAME\n"), "{shown}");
    assert!(shown.contains("public_url = \"http://localhost:8080\"  # default\n"), "{shown}");
    assert!(shown.contains("# secret is not set  # default\n"), "{shown}");
    assert_eq!(to_json(&again, false), to_json(&loaded, false));
}

#[test]
fn json_tells_the_value_and_the_source() {
    let loaded = Folder::new().load(&[("VESTIBULE_SERVER__WORKERS", "3")]).unwrap();

    let json = to_json(&loaded, true);

    assert_eq!(json["server"]["workers"]["value"], 3);
    assert_eq!(json["server"]["workers"]["source"], "environment VESTIBULE_SERVER__WORKERS");
    assert_eq!(to_json(&loaded, false)["sessions"]["absolute_lifetime"], "12h");
}

#[test]
fn the_reference_tells_meaning_default_and_variable() {
    let text = reference();

    assert!(text.contains("\n## `[sessions]`\n\nHow long people stay signed in"), "{text}");
    assert!(text.contains(
        "- **`retention`**, default `\"30d\"`, `VESTIBULE_SESSIONS__RETENTION`  \n  Ended sessions"
    ));
    assert!(
        text.contains("- **`url`**, default unset, `VESTIBULE_DATABASE__URL` (or the same with `_FILE`)")
    );
}
