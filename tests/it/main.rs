//! The integration tests: one binary, the tree of `src/web`; people at the front door, not mocks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests are sentences already")]

mod cli;
mod login;
mod support;
