//! The integration tests: one binary, the tree of `src/web`; people at the front door, not mocks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]
#![allow(clippy::type_complexity, reason = "tables of cases name their columns")]
#![allow(missing_docs, unreachable_pub, reason = "tests are sentences already")]

mod abandoned_logins;
mod access;
mod account_sessions;
mod activity;
mod api;
mod architecture;
mod asvs;
mod bad_tokens;
mod blocklist;
mod change_email;
mod change_password;
mod checklist;
mod claimed_addresses;
mod cli;
mod client_address;
mod close_account;
mod connections;
mod dashboard;
mod documents;
mod doorway;
mod drop_factors;
mod embed;
mod encoding;
mod ended_everywhere;
mod enrolment;
mod enumeration;
mod errors;
mod examples;
mod export;
mod fetches;
mod forged_requests;
mod forgot;
mod forward_auth;
mod groups;
mod guards;
mod guessing;
mod half_states;
mod headers;
mod housekeeping;
mod inventories;
mod kept_account;
mod kept_fields;
mod leaving_at_once;
mod lengths;
mod limits;
mod limits_table;
mod login;
mod logout;
mod mail;
mod mailbox;
mod mailed_links;
mod metrics;
mod mounted;
mod new_device;
mod nodes;
mod not_me;
mod outages;
mod passkeys;
mod passkeys_lies;
mod passkeys_once;
mod passkeys_second;
mod passwordless;
mod queries;
mod races_account;
mod races_codes;
mod reauth;
mod reauth_twice;
mod recovery_codes;
mod refresh;
mod register;
mod reset;
mod reset_factors;
mod restore_email;
mod rotation;
mod routes;
mod schema;
mod scripts;
mod second_factor;
mod second_factor_api;
mod second_factor_budget;
mod secrets;
mod sessions;
mod settings;
mod setup;
mod slow_clients;
mod socket;
mod stay;
mod support;
mod theme;
mod throttle;
mod token_status;
mod tokens;
mod totp;
mod trusted_browsers;
mod verified_tokens;
mod verify_email;
mod whole_life;
mod writing;
