//! Which addresses are ours. All others are those of the app that we are part of, with its own words for "not found".

use std::collections::HashSet;

use actix_web::dev::{ResourceDef, Url};
use actix_web::guard::{Guard, GuardContext};

/// Passes every address that a line of our table may answer to, whatever the method.
pub(super) struct Ours {
    whole: HashSet<&'static str>,
    /// Those with a part to fill in: `/sessions/{id}/end`.
    with_parts: Vec<ResourceDef>,
}

impl Ours {
    pub(super) fn new(paths: impl Iterator<Item = &'static str>) -> Self {
        let (with_parts, whole): (Vec<_>, Vec<_>) = paths.partition(|path| path.contains('{'));
        Self {
            whole: whole.into_iter().collect(),
            with_parts: with_parts.into_iter().map(ResourceDef::new).collect(),
        }
    }

    fn has(&self, path: &str) -> bool {
        self.whole.contains(path) || self.with_parts.iter().any(|pattern| pattern.is_match(path))
    }
}

impl Guard for Ours {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        let uri = &context.head().uri;
        // The router decodes before it compares, so that `/%6Cogin` is ours as well.
        self.has(uri.path()) || (uri.path().contains('%') && self.has(Url::new(uri.clone()).path()))
    }
}

#[cfg(test)]
mod tests {
    use super::Ours;

    #[test]
    fn an_address_is_ours_by_its_whole_and_by_its_form() {
        let ours = Ours::new(["/", "/login", "/sessions/{id}/end"].into_iter());

        for path in ["/", "/login", "/sessions/1/end"] {
            assert!(ours.has(path), "{path}");
        }
        for path in ["", "*", "/logins", "/login/", "//login", "/sessions/end", "/sessions/1/2/end"] {
            assert!(!ours.has(path), "{path}");
        }
    }
}
