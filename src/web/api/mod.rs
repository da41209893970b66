//! The JSON API: the same deeds for programs (D9).
//!
//! `POST /register`, `POST /login` and `GET /protected` keep the statuses and members that clients of simple JSON APIs
//! expect; what is newer lies under `/api/` with the statuses of RFC 6750.

pub(super) mod challenge;
pub(super) mod login;
pub(super) mod login_second_factor;
pub(super) mod passkey;
pub(super) mod protected;
pub(super) mod register;
pub(super) mod session;
pub(super) mod token;
