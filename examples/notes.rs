//! What the README prints: a page of one's own behind our sign-in.

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, Responder, get, web::Data};
use vestibule::web::{doorway, extract::CurrentUser, service};
use vestibule::{Config, Vestibule};

#[get("/notes", wrap = "from_fn(doorway)")]
async fn notes(who: CurrentUser) -> impl Responder {
    format!("The notes of {}", who.user.username)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let door = Vestibule::open(Config::load()?)?;
    let listen = door.config.server.listen;
    let app = move || App::new().app_data(Data::new(door.clone())).service(notes).service(service(&door));
    Ok(HttpServer::new(app).bind(listen)?.run().await?)
}
