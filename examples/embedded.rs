//! Somebody else's Actix app with our front door: sign in at `/login`, then read `/notes`.

use actix_web::{App, HttpServer, Responder, get, web::Data};
use vestibule::web::{self, extract::CurrentUser};
use vestibule::{Config, Vestibule};

#[get("/notes")]
async fn notes(who: CurrentUser) -> impl Responder {
    format!("The notes of {}", who.user.username)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let door = Vestibule::open(Config::default())?;
    let app =
        move || App::new().app_data(Data::new(door.clone())).service(notes).service(web::service(&door));
    Ok(HttpServer::new(app).bind("127.0.0.1:8080")?.run().await?)
}
