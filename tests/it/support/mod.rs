//! The stage: an application of our own for each test, and the people who come to its door.

mod answer;
mod app;
mod authenticator;
mod browser;
mod gate;
mod mail_server;
mod place;
mod program;

pub use answer::Answer;
pub use app::TestApp;
pub use authenticator::Authenticator;
pub use browser::Browser;
pub use gate::Gate;
pub use mail_server::{MAIL_PASSWORD, MailServer};
pub use place::Place;
pub use program::Program;

/// A password that the policy likes.
pub const PASSWORD: &str = "correct horse battery staple";
/// And another.
pub const OTHER_PASSWORD: &str = "seven purple lanterns drift north";

/// How often a race is run: a few times, or as often as `VESTIBULE_TEST_ROUNDS` says.
pub fn rounds() -> usize {
    std::env::var("VESTIBULE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}
