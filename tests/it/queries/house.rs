//! The real program in a place of its own, logging every statement.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use vestibule::db::AnyConnection;

use crate::support::Place;

/// The place, what is said in it, and how to ask there.
pub struct House {
    place: Place,
}

/// A server that ends with the test.
pub struct Server {
    child: Child,
    pub address: String,
    /// The link for the first administrator, if it was printed.
    pub setup: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl House {
    /// With the tables of an instance that nobody uses yet.
    pub fn build() -> Self {
        let house = Self { place: Place::new() };
        fs::create_dir_all(house.place.dir()).unwrap();
        house.run("migrate", "");
        house
    }

    fn said(&self) -> PathBuf {
        self.place.dir().join("said")
    }

    pub fn data(&self) -> PathBuf {
        self.place.dir().join("data")
    }

    /// The program; what it says goes to a file that we all share.
    fn command(&self, line: &str) -> Command {
        let said = File::options().create(true).append(true).open(self.said()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.args(line.split_whitespace()).current_dir(self.place.dir()).env_clear();
        command
            .env("VESTIBULE_LOG", "warn,vestibule::sql=trace")
            .env("VESTIBULE_SERVER__DATA_DIR", self.data());
        command.envs(self.place.database_url().map(|url| ("VESTIBULE_DATABASE__URL", url)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said);
        command
    }

    /// What a command that must work prints.
    pub fn run(&self, line: &str, input: &str) -> String {
        self.run_with(line, input, &[])
    }

    /// Runs a command that may find nothing to do.
    pub fn run_any(&self, line: &str) {
        let mut child = self.command(line).spawn().unwrap();
        drop(child.stdin.take());
        child.wait_with_output().unwrap();
    }

    /// The same, with other settings.
    pub fn run_with(&self, line: &str, input: &str, variables: &[(&str, &str)]) -> String {
        let mut child = self.command(line).envs(variables.iter().copied()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{line}: {}", fs::read_to_string(self.said()).unwrap());
        String::from_utf8(ended.stdout).unwrap()
    }

    /// Starts the server and waits until it has said where it listens.
    pub fn serve(&self, variables: &[(&str, &str)]) -> Server {
        let before = fs::read_to_string(self.said()).unwrap().len();
        let mut command = self.command("serve --listen 127.0.0.1:0 --public-url http://localhost:9");
        let child = command.envs(variables.iter().copied()).stdout(Stdio::null()).spawn().unwrap();
        let mut server = Server { child, address: String::new(), setup: None };
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(50));
            let said = fs::read_to_string(self.said()).unwrap();
            let fact = |name: &str| {
                said[before..].lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
            };
            if let Some(address) = fact("Listening") {
                server.address = address;
                server.setup = fact("Set up").map(|url| url.replace("http://localhost:9", ""));
                return server;
            }
        }
        panic!("never listened: {}", fs::read_to_string(self.said()).unwrap());
    }

    /// The lines of the log that show statements.
    pub fn log(&self) -> Vec<String> {
        let said = fs::read_to_string(self.said()).unwrap();
        said.lines()
            .filter_map(|line| Some(line.split_once(" TRACE vestibule::sql ")?.1.to_owned()))
            .collect()
    }

    /// Waits until a mail with such a link has become a file; what follows in the link, unless that is `known`.
    pub fn wait_for_mail(&self, start: &str, known: &str) -> String {
        for _ in 0..200 {
            let mails = fs::read_dir(self.data().join("mail")).into_iter().flatten();
            let mails = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap_or_default());
            let text = mails.collect::<String>().replace("=\r\n", "");
            let mut words = text.split(start).skip(1).filter_map(|rest| rest.split_whitespace().next());
            // In the other half of the mail a quotation mark ends it.
            let new = words.find(|word| !word.contains('"') && (known.is_empty() || *word != known));
            if let Some(word) = new {
                return word.to_owned();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no mail with {start}");
    }

    /// Waits until such a statement, in PostgreSQL's quotes, was made: some are made beside the requests.
    pub fn wait_for(&self, is_it: impl Fn(&str) -> bool) {
        for _ in 0..200 {
            if self.log().iter().any(|sql| is_it(&sql.replace('`', "\""))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it was never made: {:#?}", self.log());
    }

    /// The statements that read or write rows, each once.
    pub fn statements(&self) -> BTreeSet<String> {
        let kinds = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
        let is_row =
            |sql: &String| kinds.iter().any(|kind| sql.starts_with(kind)) && !sql.contains("pg_advisory");
        self.log().into_iter().filter(is_row).collect()
    }

    /// A connection of ours beside the program's. PostgreSQL is to plan for any value, and must not take the whole of
    /// a table for short because it is empty.
    pub fn connect(&self) -> AnyConnection {
        match self.place.database_url() {
            None => {
                let file = self.data().join("vestibule.db").display().to_string();
                AnyConnection::Sqlite(SqliteConnection::establish(&file).unwrap())
            }
            Some(url) => {
                let mut conn = PgConnection::establish(&url).unwrap();
                conn.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
                    .unwrap();
                AnyConnection::Postgres(conn)
            }
        }
    }
}
