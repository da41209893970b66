//! `GET /metrics`: figures for whoever watches over the server, at a door of its own. `docs/metrics.md` names them all.
//!
//! ```text
//! token? ──> what the tables hold, from memory for a while ──> what is counted in memory ──> text
//!                └── not within a second: left out, and `vestibule_scrape_complete` is 0
//! ```

mod families;
mod scrape;
mod sheet;
mod usage;

use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, guard, http::Method};

pub(super) use self::scrape::Scrape;
use super::error::Error;
use super::extract::Context;
use super::frame::frame;
use crate::secret;
use crate::vestibule::Vestibule;

const PATH: &str = "/metrics";

/// OpenMetrics 1.0, which Prometheus reads since 2.5.
const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Mounts the only path of this door.
pub(super) fn configure(config: &mut web::ServiceConfig, vestibule: &Vestibule, scrape: Data<Scrape>) {
    let either = guard::Any(guard::Get()).or(guard::Head());
    let other = web::to(|| async {
        Err::<HttpResponse, _>(Error::MethodNotAllowed(vec![Method::GET, Method::HEAD]))
    });
    let path = web::resource(PATH)
        .app_data(vestibule.measures.route(PATH))
        .app_data(scrape)
        .route(web::route().guard(either).to(show))
        .default_service(other);
    config.service(path.wrap(from_fn(frame)));
}

async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
    scrape: Data<Scrape>,
) -> Result<HttpResponse, Error> {
    if !may_see(request.headers(), &vestibule) {
        // Not our usual 401: nobody can sign in here.
        return Ok(HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"metrics\""))
            .content_type("text/plain; charset=utf-8")
            .body("Show the token of `metrics.token` as `Authorization: Bearer`.\n"));
    }
    let stock = scrape.stock(&vestibule, context.now).await;
    let text = families::text(&vestibule, stock.as_ref(), context.now)
        .map_err(|error| Error::Internal { cause: format!("the figures could not be written: {error}") })?;
    Ok(HttpResponse::Ok().content_type(CONTENT).body(text))
}

/// Whether they show the token, if there is one. Digests are compared, so that not even its length can be measured.
fn may_see(headers: &HeaderMap, vestibule: &Vestibule) -> bool {
    let Some(token) = &vestibule.config.metrics.token else { return true };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    let shown =
        shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, shown)| shown.trim());
    let digest = |text: &str| secret::sha256(text.as_bytes());
    shown.is_some_and(|shown| secret::equal(&digest(shown), &digest(token.expose())))
}
