//! `/account/passkeys`: what one signs in with instead of a password. Its buttons are in `passkey_changes`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::credentials::passkey;
use crate::flows::add_passkey::MOST_PASSKEYS;
use crate::flows::factors;
use crate::flows::last_way_in::{self, Kept, Loss};
use crate::models::Passkey;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer};

/// Its address.
pub(super) const PAGE: &str = "/account/passkeys";

#[derive(Template)]
#[template(path = "passkeys.html")]
struct PasskeysPage {
    shell: Shell,
    rows: Vec<Row>,
    errors: Vec<FieldError>,
    /// The host that new ones are for; none, if there can be none.
    rp_id: Option<String>,
    /// What devices know its owner by, for the Signal API.
    user_handle: String,
    /// All of them that work here, as their devices call them.
    credentials: String,
    has_room: bool,
}

/// A passkey, as the page shows it.
struct Row {
    id: String,
    name: String,
    /// What was typed in place of the name, if that was refused.
    typed: Option<String>,
    added: Moment,
    last_used: Option<Moment>,
    is_synced: bool,
    cloned: Option<Moment>,
    /// The host that it is for, if that is not ours.
    elsewhere: Option<String>,
    /// Why it cannot be removed, if so.
    stays: Option<Kept>,
}

/// A name that was refused, and for which passkey.
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) typed: String,
}

/// `GET /account/passkeys`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    page(&request, &context, current.user(), &vestibule, (StatusCode::OK, Vec::new()), None).await
}

/// The page, with what is wrong.
pub(super) async fn page(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    (status, errors): (StatusCode, Vec<FieldError>),
    refused: Option<Refused>,
) -> Result<HttpResponse, Error> {
    let (user, moments) = (&current.user, Moments::of(&current.user, context.now));
    let factors = factors::of(vestibule, &user.id).await?;
    let passkeys = &factors.passkeys;
    let rp_id = vestibule.passkeys.as_ref().map(|party| party.id().to_owned());
    let ours = passkeys.iter().filter(|passkey| factors::works_here(vestibule, passkey));
    let credentials: Vec<_> = ours.map(|passkey| passkey.credential_id.as_str()).collect();
    let typed = |passkey: &Passkey| {
        let refused = refused.as_ref().filter(|refused| refused.id == passkey.id.as_str());
        refused.map(|refused| refused.typed.clone())
    };
    let row = |passkey: &Passkey| Row {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        typed: typed(passkey),
        added: moments.show(passkey.created_at),
        last_used: passkey.last_used_at.map(|at| moments.show(at)),
        is_synced: passkey.is_synced,
        cloned: passkey.cloned_at.map(|at| moments.show(at)),
        elsewhere: (rp_id.as_ref() != Some(&passkey.rp_id)).then(|| passkey.rp_id.clone()),
        stays: {
            let loss = Loss::Passkey(passkey.id.clone());
            last_way_in::may_lose_factor(vestibule, user, &factors, loss).err()
        },
    };
    let mut shell = Shell::signed_in(request, current).saying(FlowState::of(request).take_flash());
    shell.section = "settings";
    let page = PasskeysPage {
        shell,
        rows: passkeys.iter().map(row).collect(),
        errors,
        credentials: credentials.join(" "),
        rp_id,
        user_handle: passkey::user_handle(user.id.as_str()).unwrap_or_default(),
        has_room: passkeys.len() < MOST_PASSKEYS,
    };
    answer(status, &page)
}
