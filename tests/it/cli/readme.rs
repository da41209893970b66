//! The README: what it prints is what there is.

use std::path::Path;
use std::process::Command;

use super::Folder;
use super::serve::Server;

fn readme() -> String {
    std::fs::read_to_string("README.md").unwrap()
}

/// The blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let (readme, start) = (readme(), format!("```{language}\n"));
    let blocks = readme.split(&start).skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn its_program_is_the_example_that_is_compiled() {
    let [block] = blocks("rust").try_into().unwrap();

    let example = std::fs::read_to_string("examples/notes.rs").unwrap();
    let (says_what_it_is, program) = example.split_once("\n\n").unwrap();
    assert!(says_what_it_is.starts_with("//!"));
    assert_eq!(block, program);
}

#[test]
fn every_file_that_it_leads_to_is_there() {
    let readme = readme();
    let links = readme
        .split("](")
        .skip(1)
        .chain(readme.split("src=\"").skip(1))
        .chain(readme.split("srcset=\"").skip(1));

    for link in links.map(|rest| rest.split([')', '"']).next().unwrap()) {
        let is_local = !link.starts_with("http") && !link.starts_with('#');
        assert!(!is_local || Path::new(link).exists(), "{link}");
    }
}

#[test]
fn every_vestibule_command_in_it_is_one() {
    let blocks = blocks("sh").join("\n");

    for line in blocks.lines().filter(|line| line.starts_with("vestibule ")) {
        let words = line.split('#').next().unwrap().split_whitespace();
        let parsed = vestibule::cli::command().try_get_matches_from(words);
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

#[test]
fn its_requests_get_the_answers_that_it_promises() {
    let folder = Folder::new();
    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");
    let here = format!("http://{}", server.fact("Listening").unwrap());
    let block = blocks("sh").into_iter().find(|block| block.starts_with("curl")).unwrap();
    let requests = block.replace("http://localhost:8080", &here).replace("\\\n", "");
    let run = |line: &str, (name, token): (&str, &str)| {
        let line = format!("{line} -s -w '%{{http_code}}'");
        let ran = Command::new("sh").args(["-c", &line]).env(name, token).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let member = |answer: &str, name: &str| {
        let (_, rest) = answer.split_once(&format!("\"{name}\":\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };

    let requests = requests.lines().filter(|line| line.starts_with("curl"));
    let [register, login, protected, refresh] = requests.collect::<Vec<_>>().try_into().unwrap();
    assert!(run(register, ("TOKEN", "")).ends_with("200"));
    let answer = run(login, ("TOKEN", ""));
    let token = member(&answer, "token");
    assert_eq!(token.split('.').count(), 3);
    assert!(run(protected, ("TOKEN", &token)).ends_with("200"));
    let next = run(refresh, ("REFRESH_TOKEN", &member(&answer, "refresh_token")));
    assert!(next.ends_with("200"), "{next}");
    assert_ne!(member(&next, "refresh_token"), member(&answer, "refresh_token"));
}
