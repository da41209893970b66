//! `/account/recovery-codes`: shown once, copied, saved, printed; later only how many are left.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::credentials::recovery_code::CODES;
use crate::flows::check_code::FEW_CODES;
use crate::flows::{factors, recovery_codes};
use crate::id::UserId;
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
    /// The codes themselves, right after they were made.
    codes: Vec<String>,
    /// Whether there were some to be shown, that newer ones have voided since.
    is_void: bool,
    left: usize,
    made: Moment,
}

/// A button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Press {}

impl Fields for Press {
    const PAGE: &'static str = PAGE;
    const NEEDS_PROOF: bool = true;
}

/// `GET /account/recovery-codes`.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: Reauthenticated,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let (user, flow) = (&current.user, FlowState::of(&request));
    let Some(set) = factors::of(&vestibule, &user.id).await?.recovery else {
        return Ok(see_other("/account/totp").finish());
    };
    let kept = flow.codes(&user.id);
    let codes = recovery_codes::still_good(&vestibule, &user.id, kept.clone()).await?;
    let mut shell = Shell::signed_in(&request, current.user()).saying(flow.take_flash());
    shell.section = "settings";
    let page = RecoveryCodesPage {
        shell,
        username: user.username.clone(),
        host: host(&vestibule),
        is_void: codes.is_empty() && !kept.is_empty(),
        codes,
        left: set.left,
        made: Moments::of(user, context.now).show(set.made_at),
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
    let codes = on_the_page(&request, &vestibule, &user.id).await?;
    let set = factors::of(&vestibule, &user.id).await?.recovery.filter(|_| !codes.is_empty());
    let Some(set) = set else { return Ok(see_other(PAGE).finish()) };
    let text = format!(
        "Recovery codes of {} at {}\r\nMade on {}. Each works once.\r\n\r\n{}\r\n",
        user.username,
        host(&vestibule),
        Moments::of(user, context.now).show(set.made_at).exact,
        codes.join("\r\n")
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"vestibule-recovery-codes.txt\""))
        .body(text))
}

/// `POST /account/recovery-codes/saved`: they are on paper, and shown no more. On to the door that asked
/// for a second factor, if one did.
pub(in crate::web) async fn saved(
    request: HttpRequest,
    _form: AccountForm<Press>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    flow.forget_codes();
    if let Some(door) = flow.take_door() {
        return Ok(see_other(&door).finish());
    }
    flow.say("Good. Keep them where you find them without your phone.");
    Ok(see_other("/dashboard").finish())
}

/// Those that wait in this browser to be saved, and are good.
async fn on_the_page(
    request: &HttpRequest,
    vestibule: &Vestibule,
    user: &UserId,
) -> Result<Vec<String>, Error> {
    let kept = FlowState::of(request).codes(user);
    Ok(recovery_codes::still_good(vestibule, user, kept).await?)
}

/// Where they open something, as it stands on paper.
fn host(vestibule: &Vestibule) -> String {
    let url = vestibule.config.public_url();
    url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned()
}
