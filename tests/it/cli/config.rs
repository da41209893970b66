//! `vestibule config`

use super::Folder;

const BROKEN: &str = "[server]\nlistn = \"127.0.0.1:1\"\n\n[passwords]\nmin_length = 3\n";

#[test]
fn check_says_ok_or_all_that_is_wrong_at_once() {
    assert_eq!(Folder::new().run("config check").done(), "ok\n");
    assert_eq!(Folder::new().run("config check --json").json()["ok"], true);

    let folder = Folder::new()
        .with_file("vestibule.toml", BROKEN)
        .with_variable("VESTIBULE_THROTTLE__ENABELD", "false");
    let ran = folder.run("config check");

    assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(2), "", 3), "{ran:?}");
    assert!(ran.err.lines().all(|line| line.starts_with("vestibule: ")));
    for words in
        ["vestibule.toml:2:1", "server.listen", "passwords.min_length", "VESTIBULE_THROTTLE__ENABLED"]
    {
        assert!(ran.err.contains(words), "{words}: {ran:?}");
    }
    let ran = folder.run("config check --json");
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, answer["problems"].as_array().unwrap().len()), (Some(2), 3));
}

#[test]
fn no_command_runs_with_a_wrong_configuration() {
    let folder = Folder::new().with_file("vestibule.toml", BROKEN);

    for line in [
        "",
        "serve",
        "user list",
        "session list ada",
        "migrate",
        "migrate status",
        "config show",
        "healthcheck",
    ] {
        let ran = folder.run(line);

        assert_eq!((ran.code, ran.err.lines().count()), (Some(2), 2), "{line}: {ran:?}");
    }
    assert_eq!(folder.names(), ["vestibule.toml"]);
}

#[test]
fn show_hides_secrets_and_can_name_sources() {
    let folder = Folder::new()
        .with_file("vestibule.toml", "[server]\nname = \"Our place\"\n")
        .with_variable("VESTIBULE_SERVER__SECRET", "7ab0".repeat(15) + "91c3")
        .with_variable("VESTIBULE_DATABASE__URL", "postgres://ada:hunter2@db/people");

    let text = folder.run("config show --sources --data-dir elsewhere").done();
    assert!(!text.contains("7ab0") && !text.contains("hunter2"), "{text}");
    for words in ["(hidden)", "name = \"Our place\"  # vestibule.toml:2", "# flag --data-dir", "# default"] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let plain = folder.run("config show").done();
    assert!(plain.contains("name = \"Our place\"\n") && !plain.contains("# vestibule.toml"));
    let json = folder.run("config show --json").json();
    assert_eq!(json["server"]["name"], "Our place");
    assert!(!json.to_string().contains("hunter2"));
    let sources = folder.run("config show --json --sources").json();
    assert_eq!(sources["server"]["name"]["source"], "vestibule.toml:2");
}

#[test]
fn flags_stand_above_the_environment_before_and_behind_the_command() {
    let folder = Folder::new().with_variable("VESTIBULE_SERVER__DATA_DIR", "there");

    for line in ["--data-dir here config show --json", "config show --data-dir here --json"] {
        assert_eq!(folder.run(line).json()["server"]["data_dir"], "here");
    }
    folder.run("--data-dir here migrate").done();
    assert_eq!(folder.names(), ["here"]);
}

#[test]
fn reference_lists_every_setting_in_markdown() {
    let text = Folder::new().run("config reference").done();

    assert!(text.starts_with("# Settings\n"));
    assert!(text.contains("VESTIBULE_SESSIONS__ABSOLUTE_LIFETIME"));
}
