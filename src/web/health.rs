//! For whatever watches over the process.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::error::Error;
use crate::db;
use crate::models::User;
use crate::vestibule::Vestibule;

/// `GET /healthz`: the process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: the process can do its work; the database was asked.
pub(super) async fn ready(vestibule: Data<Vestibule>) -> Result<HttpResponse, Error> {
    vestibule.db.read(|conn| Ok::<_, db::Error>(User::has_admin(conn)?)).await?;
    Ok(live().await)
}
