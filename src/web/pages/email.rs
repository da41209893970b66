//! `/account/email`: the address of one's account, whether it is proven, and another one instead.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::mailbox;
use crate::flows::{change_email, verify_email};
use crate::models::EmailProof;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer};

/// Where the page is.
pub(super) const PAGE: &str = "/account/email";

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage {
    shell: Shell,
    present: Option<Present>,
    pending: Option<Pending>,
    email: String,
    minutes: u64,
    has_mailbox: bool,
    errors: Vec<FieldError>,
}

/// The address that the account has.
struct Present {
    address: String,
    verified: bool,
}

/// The one that waits to be proven.
struct Pending {
    address: String,
    asked: Moment,
    is_change: bool,
    is_spent: bool,
}

/// `GET /account/email`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&vestibule)?;
    let mut kept = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    let typed = kept.remove("email").unwrap_or_default();
    page(&request, &context, &vestibule, &current, StatusCode::OK, typed, Vec::new()).await
}

/// Where no mail arrives, there is no such page.
pub(super) fn check_open(vestibule: &Vestibule) -> Result<(), Error> {
    if vestibule.can_reset_by_mail() { Ok(()) } else { Err(Error::NotFound) }
}

/// The page, with what was typed and what is wrong with it.
pub(super) async fn page(
    request: &HttpRequest,
    context: &Context,
    vestibule: &Vestibule,
    current: &CurrentUser,
    status: StatusCode,
    email: String,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let user = &current.user;
    let moments = Moments::of(user, context.now);
    let verified = user.email_verified_at.is_some();
    let pending = change_email::find_pending(vestibule, &user.id).await?;
    // It may have been proven in another way meanwhile: by a link for a new password.
    let is_open = |proof: &EmailProof| !(verified && user.email_folded.as_ref() == Some(&proof.email_folded));
    let page = EmailPage {
        shell: Shell::signed_in(request, current).saying(FlowState::of(request).take_flash()),
        present: user.email.clone().map(|address| Present { address, verified }),
        pending: pending.filter(is_open).map(|proof| Pending {
            asked: moments.show(proof.created_at),
            is_change: user.email_folded.as_ref() != Some(&proof.email_folded),
            is_spent: verify_email::is_spent(&proof),
            address: proof.email,
        }),
        email,
        minutes: vestibule.config.mail.link_lifetime.as_secs() / 60,
        has_mailbox: mailbox::is_open(request, context, vestibule),
        errors,
    };
    answer(status, &page)
}
