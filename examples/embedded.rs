//! Somebody else's Actix app with our front door: sign in at `/login`, then read `/notes`.

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
    let door = Vestibule::open(Config::default())?;
    let app = move || App::new().app_data(Data::new(door.clone())).service(notes).service(service(&door));
    Ok(HttpServer::new(app).bind("127.0.0.1:8080")?.run().await?)
}
