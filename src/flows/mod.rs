//! Verbs: a file a deed. They know no HTTP, so that pages, the JSON API and the command line do the same deed and
//! none of them can forget a step.
//!
//! Each deed is one transaction, with its audit event in it. Each says in its own error enum what may go wrong, in
//! words for whoever reads them; the edges decide which of them a stranger may be told.

pub mod add_passkey;
pub mod administer_user;
mod admit;
pub mod authenticate;
pub mod caller;
pub mod change_email;
mod change_factors;
pub mod change_password;
pub mod change_settings;
pub mod check_code;
pub mod check_passkey;
pub mod close_account;
pub mod decline_second_passkey;
pub mod delete_account;
pub mod deliver_mail;
pub mod disown_login;
pub mod drop_factors;
pub mod end_session;
pub mod enrol_totp;
pub mod export_data;
mod export_factors;
pub mod factors;
pub mod forgot_password;
pub mod groups;
pub mod housekeeping;
pub mod issue_token;
pub mod keep;
pub mod last_way_in;
pub mod log_out;
pub mod login;
pub mod login_with_passkey;
pub mod look_back;
mod mail_budget;
mod mail_code;
mod new_device;
mod new_password;
pub mod overview;
pub mod passkey_ceremony;
mod queue_mail;
pub mod reauthenticate;
pub mod reauthenticate_with_passkey;
pub mod recovery_codes;
pub mod refresh;
pub mod register;
pub mod remove_passkey;
pub mod remove_password;
pub mod remove_totp;
pub mod rename_passkey;
pub mod reset_factors;
pub mod reset_password;
pub mod restore_email;
pub mod rotate_keys;
pub mod second_factor;
pub mod set_password;
pub mod set_up;
pub mod signing_keys;
mod start_session;
pub mod stay;
mod tell_of_factors;
pub mod throttle;
pub mod trusted_browser;
pub mod verify_email;
mod warn_of_abandoned;
