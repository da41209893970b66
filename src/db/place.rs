//! Where the database is, as its URL says.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::Error;

/// A file of SQLite's, or a PostgreSQL server. Shown to people without its password.
#[derive(Clone, Debug)]
pub enum Place {
    /// The path of a file.
    Sqlite(String),
    /// The whole URL.
    Postgres(SecretString),
}

impl Place {
    /// Reads `postgres://…`, or else the path of a file, with or without `sqlite:` before it.
    ///
    /// # Errors
    ///
    /// For a database in memory: each of our connections would have another.
    pub fn parse(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.into()));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains(":memory:") {
            return Err(Error::unreachable(
                "SQLite needs a file; name one, such as sqlite:data/vestibule.db",
            ));
        }
        Ok(Self::Sqlite(path.to_owned()))
    }

    /// Whether nobody has made it yet: to open it would be to make it. Of a server we cannot tell without asking.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Sqlite(path) => Path::new(path).metadata().map_or(true, |file| file.len() == 0),
            Self::Postgres(_) => false,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => {
                let path = Path::new(path);
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                write!(f, "SQLite, {}", whole.display())
            }
            Self::Postgres(url) => match host_and_name(url.expose_secret()) {
                Some(place) => write!(f, "PostgreSQL, {place}"),
                None => f.write_str("PostgreSQL"),
            },
        }
    }
}

/// Nothing where an `@` leaves doubt about what is a password.
fn host_and_name(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    (!query.contains('@')).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Place::parse(url).unwrap().to_string()
    }

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://ada:hunter2@db:5432/people?sslmode=require",
            "postgresql://ada:hunt/er2@db:5432/people",
            "postgres://db:5432/people?user=ada&password=hunter2",
        ] {
            assert_eq!(shown(url), "PostgreSQL, db:5432/people");
        }
        for url in ["postgres://ada:hunter2?@db/people", "postgres://db/people?password=hunt@er2"] {
            assert_eq!(shown(url), "PostgreSQL");
        }
    }

    #[test]
    fn the_file_is_found_however_the_url_is_written() {
        for url in ["sqlite:/var/v.db", "sqlite:///var/v.db", "/var/v.db"] {
            assert_eq!(shown(url), "SQLite, /var/v.db");
        }
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for url in ["sqlite::memory:", ":memory:", "sqlite:", "file::memory:?cache=shared"] {
            assert!(Place::parse(url).is_err());
        }
    }
}
