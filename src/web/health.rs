//! For whatever watches over the process.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::rt::time::timeout;
use actix_web::web::Data;

use super::error::Error;
use crate::db;
use crate::models::User;
use crate::vestibule::Vestibule;

/// `GET /healthz`: the process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Whoever watches over us is told before they stop to listen.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /readyz`: the process can do its work; the database was asked.
pub(super) async fn ready(vestibule: Data<Vestibule>) -> Result<HttpResponse, Error> {
    let asked = vestibule.db.read(|conn| Ok::<_, db::Error>(User::has_admin(conn)?));
    let silent = |_| Error::Unavailable { cause: "the database does not answer".to_owned() };
    timeout(PATIENCE, asked).await.map_err(silent)??;
    Ok(live().await)
}
