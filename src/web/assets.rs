//! What is in `static/`, in the binary: served under a name with its digest in it, so that it can be kept for ever.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use super::error::Error;

#[derive(Embed)]
#[folder = "static/"]
struct Static;

/// The address of a file: `vestibule.css` is at `/static/vestibule.0f3a….css`.
pub(super) fn address(name: &str) -> String {
    match (Static::get(name), name.rsplit_once('.')) {
        (Some(file), Some((stem, ending))) => {
            format!("/static/{stem}.{}.{ending}", digest(&file.metadata.sha256_hash()))
        }
        _ => format!("/static/{name}"),
    }
}

/// `GET /static/{name}`: the file if the digest is today's; an old address is not an address any more.
pub(super) async fn show(name: Path<String>) -> Result<HttpResponse, Error> {
    let (rest, ending) = name.rsplit_once('.').ok_or(Error::NotFound)?;
    let (stem, wanted) = rest.rsplit_once('.').ok_or(Error::NotFound)?;
    let file = Static::get(&format!("{stem}.{ending}")).ok_or(Error::NotFound)?;
    if digest(&file.metadata.sha256_hash()) != wanted {
        return Err(Error::NotFound);
    }
    Ok(HttpResponse::Ok()
        .content_type(content_type(ending))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(file.data.into_owned()))
}

/// The few files that are asked for by a name of their own.
pub(super) async fn well_known(request: HttpRequest) -> Result<HttpResponse, Error> {
    let name = match request.path() {
        "/favicon.ico" => "favicon-180.png",
        path => path.trim_start_matches('/'),
    };
    let file = Static::get(name).ok_or(Error::NotFound)?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    Ok(HttpResponse::Ok()
        .content_type(content_type(ending))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(file.data.into_owned()))
}

fn digest(sha256: &[u8; 32]) -> String {
    sha256.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(ending: &str) -> &'static str {
    match ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}
