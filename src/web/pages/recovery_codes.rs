//! `/account/recovery-codes`: shown once, copied, saved, printed; later only how many are left.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::flows::{factors, recovery_codes};
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields, Reauthenticated};
use crate::web::flow_state::FlowState;
use crate::web::page::{Moment, Moments, Shell, answer, see_other};

const PAGE: &str = "/account/recovery-codes";

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage {
    shell: Shell,
    username: String,
    host: String,
    today: Moment,
    /// The codes themselves, right after they were made.
    codes: Vec<String>,
    left: usize,
    made: Option<Moment>,
}

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;

    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// `GET /account/recovery-codes`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (user, moments) = (&current.user, Moments::of(&current.user, context.now));
    let set = factors::of(&vestibule, &user.id).await?.recovery;
    if set.is_none() {
        return Ok(see_other("/account/totp").finish());
    }
    let flow = FlowState::of(&request);
    let page = RecoveryCodesPage {
        shell: Shell::signed_in(&request, current.user()).saying(flow.take_flash()),
        username: user.username.clone(),
        host: vestibule.config.public_url(),
        today: moments.show(context.now),
        codes: flow.codes(&user.id),
        left: set.map_or(0, |set| set.left),
        made: set.map(|set| moments.show(set.made_at)),
    };
    answer(StatusCode::OK, &page)
}

/// `POST /account/recovery-codes`: a new set; the old one is void.
pub(in crate::web) async fn make(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let user = &form.current.user.id;
    let codes = recovery_codes::make_new(&vestibule, user, &context.caller(), context.now).await?;
    if !codes.is_empty() {
        FlowState::of(&request).set_codes(user, codes.iter().map(|code| code.expose()).collect());
        FlowState::of(&request).say("Here are your new codes. The old ones are void.");
    }
    Ok(see_other(PAGE).finish())
}

/// `POST /account/recovery-codes/download`: the codes that are on the page, as a file.
pub(in crate::web) async fn download(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let user = &form.current.user;
    let codes = FlowState::of(&request).codes(&user.id);
    if codes.is_empty() {
        return Ok(see_other(PAGE).finish());
    }
    let text = format!(
        "Recovery codes for {} at {}\r\nMade on {}. Each works once.\r\n\r\n{}\r\n",
        user.username,
        vestibule.config.public_url(),
        Moments::of(user, context.now).show(context.now).exact,
        codes.join("\r\n")
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"vestibule-recovery-codes.txt\""))
        .body(text))
}

/// `POST /account/recovery-codes/saved`: they are on paper, and shown no more.
pub(in crate::web) async fn saved(
    request: HttpRequest,
    _form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    flow.forget_codes();
    flow.say("Good. Keep them where you find them without your phone.");
    Ok(see_other("/account/totp").finish())
}
