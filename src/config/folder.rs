//! For tests: a directory of its own to load a configuration in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::load::load_in;
use super::{Loaded, Overrides, Problems};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A directory that is gone with the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let name =
            format!("vestibule-config-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn with(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A file that only its owner can read, or that others can read too.
    #[cfg(unix)]
    pub(super) fn with_mode(self, name: &str, text: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.with(name, text);
        std::fs::set_permissions(folder.0.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    pub(super) fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
        self.load_with(Overrides::default(), variables)
    }

    pub(super) fn load_with(&self, flags: Overrides, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
        load_in(
            &self.0,
            flags,
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    /// What is wrong, without the name of this directory.
    pub(super) fn problems(&self, variables: &[(&str, &str)]) -> Vec<String> {
        self.problems_with(Overrides::default(), variables)
    }

    pub(super) fn problems_with(&self, flags: Overrides, variables: &[(&str, &str)]) -> Vec<String> {
        let problems = self.load_with(flags, variables).unwrap_err().to_string();
        problems.replace(&format!("{}/", self.0.display()), "").lines().map(str::to_owned).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
