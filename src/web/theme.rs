//! Light, dark, or as the system has it: a choice of this browser, kept in a cookie and applied by the server, so that no
//! page is shown in the wrong colours first.

use actix_web::HttpRequest;

use super::cookies::{self, Purpose};
use super::extract;

/// What somebody chose instead of what their system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The theme that a browser asks for, if it asks for one.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let vestibule = extract::instance(request).ok()?;
        Self::named(cookies::read(request.headers(), Purpose::Theme, &vestibule.config)?)
    }

    /// The theme of this name. Nothing else of what a cookie may say comes into a page.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }

    /// As cookies and stylesheets call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
