//! For whatever watches over the process.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::error::Error;
use super::server::State;
use crate::db;
use crate::models::User;

/// `GET /healthz`: the process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: the process can do its work; the database was asked.
pub(super) async fn ready(state: Data<State>) -> Result<HttpResponse, Error> {
    state.vestibule.db.read(|conn| Ok::<_, db::Error>(User::has_admin(conn)?)).await?;
    Ok(live().await)
}
