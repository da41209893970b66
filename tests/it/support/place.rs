//! Where a test keeps its things: a directory of its own, and with `VESTIBULE_TEST_DATABASE=postgres://…` a schema of
//! its own in that database. Both are gone afterwards.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use vestibule::secret;

/// A place for one test.
pub struct Place {
    dir: PathBuf,
    schema: Option<(String, String)>,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        let name: String = secret::random::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let dir = std::env::temp_dir().join(format!("vestibule-test-{name}"));
        let schema = std::env::var("VESTIBULE_TEST_DATABASE").ok().map(|url| {
            let schema = format!("test_{name}");
            let mut conn = PgConnection::establish(&url).expect("the test database answers");
            conn.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
            (url, schema)
        });
        Self { dir, schema }
    }

    /// Its directory; made by whoever opens it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The URL of its database, if it is not the one in the directory.
    pub fn database_url(&self) -> Option<String> {
        let (url, schema) = self.schema.as_ref()?;
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(format!("{url}{separator}options=-csearch_path%3D{schema}"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
        if let Some((url, schema)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(url)
        {
            let _ = conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}
