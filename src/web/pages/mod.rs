//! Pages: a file each, with the struct behind its template.

pub(super) mod account_sessions;
pub(super) mod activity;
pub(super) mod activity_csv;
pub(super) mod api_docs;
pub(super) mod api_key_changes;
pub(super) mod api_keys;
pub(super) mod change_password;
pub(super) mod close;
pub(super) mod dashboard;
pub(super) mod email;
pub(super) mod email_change;
pub(super) mod email_code;
pub(super) mod export;
pub(super) mod forgot;
pub(super) mod home;
pub(super) mod login;
pub(super) mod login_code;
pub(super) mod login_passkey;
pub(super) mod login_waiting;
pub(super) mod logout;
pub(super) mod mailbox;
pub(super) mod not_me;
pub(super) mod passkey_changes;
pub(super) mod passkeys;
pub(super) mod reauth;
pub(super) mod reauth_passkey;
pub(super) mod recovery_codes;
pub(super) mod register;
pub(super) mod remove_password;
pub(super) mod reset;
pub(super) mod restore_email;
pub(super) mod second_passkey;
pub(super) mod sessions;
pub(super) mod set_password;
pub(super) mod settings;
pub(super) mod setup;
pub(super) mod totp;
pub(super) mod totp_code;
pub(super) mod trusted_browsers;
pub(super) mod verify_email;

use actix_web::HttpResponse;
use serde::Deserialize;

use super::cookies;
use super::error::Error;
use super::forward_auth;
use super::page::see_other;
use crate::flows::login::SignedIn;
use crate::flows::{issue_token, throttle};
use crate::vestibule::Vestibule;

/// `?next=`: where somebody was going.
#[derive(Debug, Deserialize)]
pub(super) struct NextQuery {
    pub(super) next: Option<String>,
}

/// On to `location`, signed in: with a new token, and as a device that is known from now on (D16).
fn signed_in(vestibule: &Vestibule, signed_in: &SignedIn, location: &str) -> Result<HttpResponse, Error> {
    let SignedIn { user, session, refresh } = signed_in;
    let (config, now) = (&vestibule.config, session.last_seen_at);
    let token = issue_token::for_session(vestibule, user, session, now)?;
    let device = throttle::device_cookie(vestibule, &user.id, now);
    let refresh = match refresh {
        Some(token) => cookies::refresh(config, token, session.expires_at.since(now)),
        // One from before would carry on a session that has just ended.
        None => cookies::no_refresh(config),
    };
    let mut head = see_other(location);
    head.cookie(cookies::token(config, &token)).cookie(refresh).cookie(cookies::device(config, device));
    if let Some(door) = forward_auth::cookie_for(vestibule, session, now) {
        head.cookie(door);
    }
    Ok(head.finish())
}
