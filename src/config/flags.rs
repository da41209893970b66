//! What the command line sets.

use std::path::PathBuf;

use super::layer::Reading;
use super::source::Source;

/// The flags of the command line, as they were typed. Secrets are not among them: a command line can be read
/// by every user of the machine. No `Debug`, since the database's URL may hold a password all the same.
#[derive(Clone, Default)]
pub struct Overrides {
    /// `--config FILE`
    pub config: Option<PathBuf>,
    /// `--data-dir DIRECTORY`
    pub data_dir: Option<PathBuf>,
    /// `--database-url URL`
    pub database_url: Option<String>,
    /// `--listen ADDRESS:PORT`
    pub listen: Option<String>,
    /// `--public-url URL`
    pub public_url: Option<String>,
    /// `--log-level LEVEL`
    pub log_level: Option<String>,
}

impl Overrides {
    pub(super) fn read(self, reading: &mut Reading) {
        let data_dir = self.data_dir.map(|path| path.to_string_lossy().into_owned());
        for (key, flag, value) in [
            ("server.data_dir", "--data-dir", data_dir),
            ("database.url", "--database-url", self.database_url),
            ("server.listen", "--listen", self.listen),
            ("server.public_url", "--public-url", self.public_url),
            ("log.level", "--log-level", self.log_level),
        ] {
            if let Some(value) = value {
                reading.take(key.to_owned(), value.into(), Source::Flag { name: flag.to_owned() });
            }
        }
    }
}
