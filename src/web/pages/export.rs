//! `/account/export`: a copy of everything that we hold about oneself.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::stream;
use serde::Deserialize;

use crate::clock::Zone;
use crate::flows::export_data;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{AccountForm, Context, Fields, Reauthenticated};
use crate::web::page::{Shell, answer};

#[derive(Template)]
#[template(path = "export.html")]
struct ExportPage {
    shell: Shell,
}

/// What the form sends: nothing but that its button was pressed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ExportForm {}

impl Fields for ExportForm {
    const PAGE: &'static str = "/account/export";
    const NEEDS_PROOF: bool = true;
}

/// `GET /account/export`: the button.
pub(in crate::web) async fn show(
    request: HttpRequest,
    current: Reauthenticated,
) -> Result<HttpResponse, Error> {
    let mut shell = Shell::signed_in(&request, &current);
    shell.section = "settings";
    answer(StatusCode::OK, &ExportPage { shell })
}

/// `POST /account/export`: the document, as a file, while it is being written.
pub(in crate::web) async fn submit(
    context: Context,
    vestibule: Data<Vestibule>,
    form: AccountForm<ExportForm>,
) -> Result<HttpResponse, Error> {
    let (user, session) = (&form.current.user, &form.current.session);
    let export = export_data::begin(&vestibule, user, session, &context.caller(), context.now).await?;
    let pieces = stream::try_unfold(export, async |mut export| {
        let piece = export.next().await.map_err(|error| {
            log::warn!("an export was broken off: {error}");
            Error::from(error)
        })?;
        Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), export)))
    });
    let day = context.now.strftime("%Y-%m-%d", &Zone::default());
    let name = file_name(&user.username);
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"vestibule-{name}-{day}.json\""),
        ))
        .streaming(pieces))
}

/// A username in the name of a file: letters that every system knows, for others a hyphen.
fn file_name(username: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    username.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect()
}
