//! `[forward_auth]` as it is written, and what is refused of it.

use super::folder::Folder;
use super::show;

const GOOD: &str = r#"
[server]
public_url = "https://login.example.org"
trusted_proxies = ["127.0.0.1"]

[forward_auth]
cookie_domain = "example.org"

[[forward_auth.hosts]]
host = "wiki.example.org"
rules = [
  { path = "/public", allow = "public" },
  { path = "/admin", allow = ["group:staff", "second-factor"] },
]

[[forward_auth.hosts]]
host = "ci.example.org:8443"
allow = "group:builders"
"#;

#[test]
fn hosts_and_their_rules_are_read_from_the_file_and_shown_as_they_count() {
    let loaded = Folder::new().with("vestibule.toml", GOOD).load(&[]).unwrap();

    let doors = &loaded.config.forward_auth;
    let groups = |authority: &str, path: &str| -> Vec<String> {
        doors.find(authority).unwrap().asks_of(path).flat_map(|allow| allow.groups().to_vec()).collect()
    };
    assert_eq!(groups("wiki.example.org", "/admin/x"), ["staff"]);
    assert!(doors.find("WIKI.example.org:443").unwrap().asks_of("/public").all(|allow| allow.is_public()));
    assert_eq!(groups("ci.example.org:8443", "/"), ["builders"]);
    assert!(doors.find("ci.example.org").is_none() && doors.find("example.org").is_none());
    let shown = show(&loaded, false);
    assert!(shown.contains(r#"allow = ["group:staff", "second-factor"]"#), "{shown}");
    let again = Folder::new().with("vestibule.toml", &shown).load(&[]);
    assert_eq!(again.unwrap().config.forward_auth.hosts, doors.hosts, "what is shown can be written");
}

#[test]
fn what_would_leave_a_door_open_or_closed_to_all_is_refused_with_its_place() {
    for (good, bad, problem) in [
        ("cookie_domain = \"example.org\"", "", "`forward_auth.cookie_domain` is not set"),
        ("= \"example.org\"", "= \"org\"", "`forward_auth.cookie_domain` is \"org\", for which no browser"),
        ("= \"example.org\"", "= \".example.org\"", "for which no browser"),
        ("= \"example.org\"", "= \"Example.org\"", "for which no browser"),
        ("= \"example.org\"", "= \"192.0.2.1\"", "for which no browser"),
        ("= \"example.org\"", "= \"example.com\"", "but our own host is not in it"),
        ("= \"example.org\"", "= \"ample.org\"", "but our own host is not in it"),
        ("https://login.example.org", "http://localhost", "that begins with `https://`"),
        ("[\"127.0.0.1\"]", "[]", "`server.trusted_proxies` is empty"),
        ("\"wiki.example.org\"", "\"wiki.example.com\"", "which is not in `forward_auth.cookie_domain`"),
        ("\"wiki.example.org\"", "\"login.example.org\"", "where we live ourselves"),
        ("\"wiki.example.org\"", "\"ci.example.org:8443\"", "names \"ci.example.org:8443\" twice"),
        ("\"/admin\"", "\"/public/x\"", "that never counts, behind the one for \"/public\""),
        ("\"/admin\"", "\"admin\"", "which is no plain path"),
        ("\"public\"", "\"anybody\"", "allows `anybody`, but must allow `public`"),
        ("\"public\"", "[\"public\", \"second-factor\"]", "allows `public` beside others"),
        (
            "allow = \"group:builders\"",
            "alow = \"public\"",
            "has the key `alow`, but knows only `host`, `allow`, `rules`",
        ),
        ("host = \"wiki.example.org\"", "", "lacks the key `host`"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replace(good, bad);
        let problems = Folder::new().with("vestibule.toml", &text).problems(&[]);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(problem), "{problem}: {}", problems[0]);
        assert!(problems[0].starts_with("vestibule.toml:"), "{}", problems[0]);
    }
}

#[test]
fn what_is_misspelt_is_told_of_every_host_and_nobody_is_advised_to_guard_nothing() {
    let text = GOOD.replace("host = \"wiki", "hst = \"wiki").replace("group:builders", "grup:builders");

    let problems = Folder::new().with("vestibule.toml", &text).problems(&[]);

    assert_eq!(
        problems,
        [
            "vestibule.toml:9:1: `forward_auth.hosts`: number 1 has the key `hst`, but knows only `host`, `allow`, `rules` \
          (did you mean `host`?); \"ci.example.org:8443\" allows `grup:builders`, but must allow `public`, `signed-in`, \
          `group:NAME` or `second-factor`. `vestibule config reference` says what each may hold."
        ]
    );
}

#[test]
fn a_variable_cannot_hold_hosts_and_says_so() {
    let variables = [("VESTIBULE_FORWARD_AUTH__HOSTS", "wiki.example.org")];

    let problems = Folder::new().problems(&variables);

    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].contains("must be tables `[[forward_auth.hosts]]` in the configuration file"),
        "{problems:?}"
    );
}
