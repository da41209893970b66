//! The command line, as the process that operators run: a folder of its own, an empty environment.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

mod api_key;
mod beside_server;
mod blocklist;
mod config;
mod group;
mod healthcheck;
mod help;
mod key;
mod log;
mod mail;
mod metrics;
mod migrate;
mod readme;
mod serve;
mod session;
mod supervisor;
mod user;
mod user_delete;
mod user_reset_second_factor;

const GOOD_PASSWORD: &str = "nineteen quiet marmots whistle";

/// A working directory that is gone after the test.
struct Folder {
    path: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// What a command left behind.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("vestibule-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self { path, variables: Vec::new() }
    }

    fn with_file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.path.join(name), content).unwrap();
        self
    }

    /// With the tables of an instance that nobody uses yet.
    fn with_tables(self) -> Self {
        self.run("migrate").done();
        self
    }

    fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// The command as a process; `line` is split at blanks.
    fn start(&self, line: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(line.split_whitespace())
            .current_dir(&self.path)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, line: &str) -> Ran {
        self.run_with(line, "")
    }

    fn run_with(&self, line: &str, input: &str) -> Ran {
        let mut child = self.start(line);
        // Whoever refuses the arguments does not read; that is not what is tested here.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let ended = child.wait_with_output().unwrap();
        Ran {
            code: ended.status.code(),
            out: String::from_utf8(ended.stdout).unwrap(),
            err: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    /// Makes a user, whose id comes back.
    fn create(&self, arguments: &str) -> String {
        let ran = self.run_with(&format!("user create {arguments}"), GOOD_PASSWORD);
        ran.done().trim().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Ran {
    /// What a command printed that must have worked.
    fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// The one line that a command said which must have failed with `code`.
    fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str(), self.err.lines().count()), (Some(code), "", 1), "{self:?}");
        self.err.trim_end().strip_prefix("vestibule: ").unwrap().to_owned()
    }
}
