//! The house as DESIGN draws it: layers that know only those before them, a home for each foreign crate, short files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the inside out. A part may use those before it; parts of one group may use each other.
const LAYERS: &[&[&str]] = &[
    // By itself: it is built without anything else of ours, and nothing of ours asks it.
    &["verify"],
    &["clock", "device", "group_name", "id", "secret"],
    &["config"],
    &["credentials", "tokens"],
    &["db", "models", "mail"],
    &["measures", "seen_sessions", "token_status", "verified_keys", "verified_tokens", "vestibule"],
    &["flows"],
    &["web"],
    &["cli"],
    &["lib", "main"],
];

/// What the lower half does not use, though it lies before it: settings are for those who build and do.
const WITHOUT_CONFIG: [&str; 5] = ["credentials", "tokens", "db", "models", "mail"];

/// Where each foreign crate is named, as a part or as one file of it; whatever stands in no line may be used nowhere.
const HOMES: &[(&str, &[&str])] = &[
    ("actix_http", &["web/server.rs"]),
    ("actix_service", &["web/server.rs"]),
    ("actix_session", &["web/flow_state.rs"]),
    ("actix_web", &["web", "cli/serve.rs", "cli/supervisor.rs"]),
    ("anyhow", &["cli"]),
    ("argon2", &["credentials/password.rs"]),
    (
        "askama",
        &[
            "web",
            "mail/messages.rs",
            "mail/api_key_messages.rs",
            "mail/factor_messages.rs",
            "mail/passkey_messages.rs",
        ],
    ),
    ("aws_lc_rs", &["secret.rs"]),
    ("base64", &["secret.rs", "config/secret.rs", "verify"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("csv", &["web/pages/activity_csv.rs"]),
    ("crossbeam_channel", &["credentials/password.rs", "db/writer.rs"]),
    ("dashmap", &["verified_tokens.rs"]),
    ("diesel", &["db", "models", "flows/throttle.rs"]),
    ("diesel_derive_newtype", &["clock.rs", "id.rs"]),
    ("diesel_migrations", &["db/migrate.rs"]),
    ("documented", &["config"]),
    ("dotenvy", &["config/environment.rs"]),
    ("env_logger", &["cli/logging.rs"]),
    ("flate2", &["tokens/status_list.rs", "verify/status_list.rs"]),
    (
        "futures_util",
        &[
            "web/extract/body.rs",
            "web/extract/current_user.rs",
            "web/pages/activity_csv.rs",
            "web/pages/export.rs",
            "web/lines.rs",
            "web/token_status_events.rs",
        ],
    ),
    ("governor", &["tokens/forgeries.rs"]),
    ("ipnet", &["config", "web/extract/context.rs"]),
    ("jiff", &["clock.rs", "config/duration.rs", "cli/logging.rs"]),
    ("jsonwebtoken", &["tokens", "verify"]),
    ("lettre", &["mail/mailer.rs", "config/mail.rs"]),
    ("memchr", &["web/cookies.rs"]),
    ("percent_encoding", &["config/guarded_host.rs", "web/cookies.rs", "web/extract/form.rs"]),
    ("precis_profiles", &["credentials/username.rs"]),
    ("prometheus_client", &["web/metrics/families.rs", "web/metrics/sheet.rs"]),
    ("qrcode", &["web/qr.rs"]),
    ("quick_cache", &["verified_keys.rs", "verified_tokens.rs"]),
    ("r2d2", &["db"]),
    ("rpassword", &["cli/password_input.rs"]),
    ("rust_embed", &["web/assets.rs"]),
    ("rustls", &["verify/fetch.rs"]),
    ("sd_notify", &["cli/supervisor.rs"]),
    ("serde_urlencoded", &["web/extract/form.rs", "web/return_to.rs"]),
    ("strsim", &["config/problem.rs"]),
    ("toml", &["config"]),
    ("totp_rs", &["credentials/totp.rs"]),
    ("unicode_normalization", &["credentials/display_name.rs"]),
    ("unicode_security", &["credentials/username.rs"]),
    ("ureq", &["verify/fetch.rs", "verify/origin.rs"]),
    ("utoipa", &["web"]),
    ("uuid", &["id.rs"]),
    ("webauthn_rs", &["credentials/passkey.rs"]),
    ("woothee", &["device.rs"]),
    ("zxcvbn", &["credentials/policy.rs"]),
    (
        "tokio",
        &[
            "credentials/password.rs",
            "db",
            "flows/carry_mail.rs",
            "flows/deliver_mail.rs",
            "flows/housekeeping.rs",
            "flows/keep.rs",
            "flows/token_status.rs",
            "token_status",
            "vestibule.rs",
            "web/connection.rs",
            "web/extract/body.rs",
            "web/metrics/scrape.rs",
            "web/token_status_events.rs",
            "cli",
        ],
    ),
];

/// These are everywhere: they are the language's rather than anybody's.
const EVERYWHERE: [&str; 5] = ["log", "secrecy", "serde", "serde_json", "thiserror"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under a folder with one of these endings, and what is in them; by their path within it.
fn files(folder: &str, endings: &[&str]) -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root().join(folder)]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let is_wanted =
                path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
            if path.is_dir() {
                folders.push(path);
            } else if is_wanted {
                let name = path.strip_prefix(root().join(folder)).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The code of a source file: without comments, and without its unit tests.
fn code(text: &str) -> String {
    let until_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = until_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The code of each source file of ours, by its path in `src`.
pub fn sources() -> BTreeMap<String, String> {
    let all = files("src", &["rs"]).into_iter();
    let ours = all.filter(|(name, _)| !name.ends_with("_tests.rs") && name != "config/folder.rs");
    ours.map(|(name, text)| (name, code(&text))).collect()
}

fn part(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn layer(part: &str) -> usize {
    LAYERS.iter().position(|group| group.contains(&part)).unwrap_or_else(|| panic!("which layer is {part}?"))
}

/// The words that stand directly behind each `crate::`.
fn used(code: &str) -> Vec<String> {
    let word =
        |rest: &str| rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut words = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                words.extend(list.split('}').next().unwrap().split(',').map(|item| word(item.trim())))
            }
            None => words.push(word(rest)),
        }
    }
    words
}

#[test]
fn each_part_knows_only_the_parts_before_it() {
    for (file, code) in sources() {
        let from = part(&file);
        for to in used(&code).iter().map(String::as_str) {
            let is_itself = to == from;
            let is_below = is_itself
                || layer(to) < layer(from)
                || (layer(to) == layer(from) && LAYERS[layer(to)].len() > 1);

            assert!(is_below, "{file} uses {to}");
            assert!(is_itself || to != "verify", "{file} checks tokens as a stranger would");
            assert!(to != "config" || !WITHOUT_CONFIG.contains(&from), "{file} reads settings");
        }
    }
}

#[test]
fn the_lower_half_knows_no_request_and_the_pure_parts_know_no_table() {
    for (file, code) in sources() {
        let uses = |name: &str| code.contains(&format!("{name}::"));
        match part(&file) {
            "credentials" | "tokens" => {
                assert!(!uses("diesel") && !uses("crate::db"), "{file} asks a database")
            }
            "db" | "models" | "mail" | "flows" | "vestibule" => {
                assert!(!uses("actix_web"), "{file} knows HTTP")
            }
            _ => {}
        }
        let asks_the_time = code.contains("clock.now()");
        let may_ask = [
            "web/extract/context.rs",
            "web/token_status_events.rs",
            "flows/carry_mail.rs",
            "flows/keep.rs",
            "flows/end_session.rs",
            "flows/token_status.rs",
            "vestibule.rs",
        ]
        .contains(&file.as_str())
            || part(&file) == "cli";
        assert!(!asks_the_time || may_ask, "{file} asks for the time instead of being told");
    }
}

#[test]
fn each_foreign_crate_has_one_home() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let is_name = |line: &&str| line.starts_with(|letter: char| letter.is_ascii_lowercase());
    let names =
        dependencies.lines().filter(is_name).map(|line| line.split(' ').next().unwrap().replace('-', "_"));
    let linked_only = ["libsqlite3_sys", "pq_sys"];

    for name in
        names.filter(|name| !linked_only.contains(&name.as_str()) && !EVERYWHERE.contains(&name.as_str()))
    {
        let home = HOMES
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("where does {name} live?"))
            .1;
        let mut visited = vec![false; home.len()];
        for (file, code) in sources() {
            let is_used = is_crate(&code, &name);
            let at = home.iter().position(|place| *place == file || *place == part(&file));
            assert!(!is_used || at.is_some(), "{file} uses {name}, which lives in {home:?}");
            if let Some(at) = at.filter(|_| is_used) {
                visited[at] = true;
            }
        }
        assert!(visited.iter().all(|visited| *visited), "{name} is not in all of {home:?}: {visited:?}");
    }
}

/// Whether `name::` begins a path there, rather than being the tail of another.
fn is_crate(code: &str, name: &str) -> bool {
    let pattern = format!("{name}::");
    code.match_indices(&pattern).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        !(before.is_alphanumeric() || before == '_' || before == ':')
    })
}

#[test]
fn no_file_is_too_long_to_read() {
    let generated = ["db/schema.rs"];
    let (sources, tests) = (files("src", &["rs"]), files("tests", &["rs"]));

    for (file, text) in sources.iter().chain(&tests).filter(|(file, _)| !generated.contains(&file.as_str())) {
        assert!(text.lines().count() <= 400, "{file}: {}", text.lines().count());
        assert!(text.starts_with("//!") || file.ends_with("main.rs"), "{file} does not say what it is");
    }
    let mut lengths: Vec<usize> = sources.values().map(|text| text.lines().count()).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= 100 && lengths[lengths.len() * 9 / 10] <= 300, "{lengths:?}");
}

#[test]
fn nothing_falls_over_and_nothing_is_unsafe() {
    for (file, code) in sources() {
        for word in
            [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!(", "unsafe "]
        {
            assert!(!code.contains(word), "{file}: {word}");
        }
        assert!(!may_start_a_process(&code), "{file} starts a process");
        let panics = code.matches("panic!(").count();
        assert!(panics == 0 || file == "secret.rs", "{file} panics");
        for line in
            code.lines().filter(|line| line.contains("sql_query(") || line.contains("batch_execute(&format!"))
        {
            assert!(!line.contains("sql_query(&") && !line.contains("sql_query(format!"), "{file}: {line}");
        }
    }
}

/// Whether anything of a module `process` is named there, however it is imported, but for these two.
fn may_start_a_process(code: &str) -> bool {
    let harmless = ["::ExitCode", "::setpriority_process"];
    code.match_indices("process").any(|(at, word)| {
        let (before, after) = (code[..at].trim_end(), &code[at + word.len()..]);
        let is_a_name = ["::", "{", ","].iter().any(|end| before.ends_with(end))
            && !after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let is_path = is_a_name || after.starts_with("::");
        is_path && !harmless.iter().any(|name| after.starts_with(name))
    })
}

#[test]
fn every_way_to_start_a_process_is_seen() {
    for code in [
        "std::process::Command::new",
        "use std::process::{Command, ExitCode};",
        "use std::process::*;",
        "use std::process as p;",
        "use std::process;\nprocess::abort()",
        "use std::{fs, process};",
        "use std::{process::Command};",
        "use std::os::unix::{\n    net,\n    process::CommandExt,\n};",
        "tokio::process::Command",
    ] {
        assert!(may_start_a_process(code), "{code}");
    }
    for code in ["use std::process::ExitCode;", "let process = Variables::of_process(x);", "[&process]"] {
        assert!(!may_start_a_process(code), "{code}");
    }
}

#[test]
fn templates_escape_everything_and_hold_no_script_and_no_style() {
    for (file, text) in files("templates", &["html"]) {
        let text = text.to_ascii_lowercase();
        // A mail has no stylesheet: whoever shows it fetches nothing.
        let is_mail = file.starts_with("mail/");
        for word in [
            "|safe",
            "| safe",
            "escape none",
            "<style",
            "style=",
            "javascript:",
            "<iframe",
            "<base",
            "http://",
            "https://",
            "onpaste",
        ] {
            assert!(!text.contains(word) || (is_mail && word == "style="), "{file}: {word}");
            assert!(
                !is_mail || !(text.contains("<img") || text.contains("url(")),
                "{file} fetches something"
            );
        }
        let handler = text.split_whitespace().find(|word| word.starts_with("on") && word.contains('='));
        assert_eq!(handler, None, "{file}");
        for script in text.split("<script").skip(1) {
            let (attributes, rest) = script.split_once('>').unwrap();
            assert!(
                attributes.contains("nonce=\"{{ shell.nonce }}\"") && attributes.contains("src="),
                "{file}: {attributes}"
            );
            assert!(rest.starts_with("</script>"), "{file}");
        }
    }
}

#[test]
fn scripts_write_text_and_keep_nothing() {
    for (file, text) in files("static", &["js"]) {
        let words = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "postMessage(",
            "http://",
            "https://",
            "setAttribute(\"on",
            "import(",
        ];
        for word in words {
            let is_channel = word == "postMessage(" && text.contains("new BroadcastChannel(");
            assert!(!text.contains(word) || is_channel, "{file}: {word}");
        }
        assert!(text.len() < 10 * 1024, "{file}");
    }
    for style in files("static", &["css"]).values() {
        assert!(!style.contains("url(") && !style.contains("@import"));
    }
}
