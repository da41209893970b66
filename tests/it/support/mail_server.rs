//! A mail server of our own, a real one: `tests/mail_server/serve.py`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use vestibule::Config;
use vestibule::config::SmtpTls;

/// The password of its one user.
pub const MAIL_PASSWORD: &str = "canary-of-the-mail-server-5d1f";

/// A mail server that ends with the test.
pub struct MailServer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    pub port: u16,
}

impl MailServer {
    /// Starts one; `line` is split at blanks.
    pub fn start(line: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail_server/serve.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args(line.split_whitespace())
            .env("MAIL_PASSWORD", MAIL_PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is Python");
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, stdin, stdout, port: 0 };
        server.port = server.line().parse().expect("`tests/run units` installs what it needs");
        server
    }

    /// Settings that lead to it.
    pub fn lead(&self, config: &mut Config) {
        config.mail.from = Some("door@vestibule.example".to_owned());
        config.mail.smtp_host = Some("127.0.0.1".to_owned());
        config.mail.smtp_port = self.port;
        config.mail.smtp_tls = SmtpTls::None;
        config.mail.smtp_timeout = std::time::Duration::from_secs(1);
    }

    /// Tells it how to be from now on.
    pub fn be(&mut self, mode: &str) {
        writeln!(self.stdin, "{mode}").unwrap();
        assert!(mode.starts_with(&self.line()));
    }

    /// The mails that it took.
    pub fn mails(&mut self) -> Vec<Value> {
        writeln!(self.stdin, "mails").unwrap();
        serde_json::from_str(&self.line()).unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
