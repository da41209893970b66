//! Where the database is, for people: never with its password.

use std::path::Path;

/// The file of a database that is one; nothing if it is a server.
pub(super) fn file(url: &str) -> Option<&Path> {
    if is_postgres(url) {
        return None;
    }
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// The database in a few words.
pub(super) fn describe(url: &str) -> String {
    if is_postgres(url) {
        return place_of_server(url).map_or("PostgreSQL".to_owned(), |place| format!("PostgreSQL, {place}"));
    }
    format!("SQLite, {}", file(url).map(absolute).unwrap_or_default())
}

/// `path` from the root on, if there is a working directory to start from.
pub(super) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Host and name. Nothing where an `@` or `:` leaves doubt about what is a password.
fn place_of_server(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    (!query.contains('@')).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_part_of_the_description() {
        for url in [
            "postgres://ada:hunter2@db:5432/people?sslmode=require",
            "postgresql://ada:hunt/er2@db:5432/people",
            "postgres://db:5432/people?user=ada&password=hunter2",
        ] {
            assert_eq!(describe(url), "PostgreSQL, db:5432/people");
        }
        for url in ["postgres://ada:hunter2?@db/people", "postgres://db/people?password=hunt@er2"] {
            assert_eq!(describe(url), "PostgreSQL");
        }
    }

    #[test]
    fn the_file_is_found_however_the_url_is_written() {
        for url in ["sqlite:/var/v.db", "sqlite:///var/v.db", "/var/v.db"] {
            assert_eq!(file(url), Some(Path::new("/var/v.db")));
        }
        assert_eq!(file("postgres:///var/v.db"), None);
    }
}
