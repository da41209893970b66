//! Somebody else's Actix app with our front door: pages, an administration and an API of its own, behind our guards.
//!
//! ```sh
//! cargo run --example embedded                    # prints its address: open it, and make an account
//! cargo run -- user create root --role admin      # somebody who may see /admin
//! ```
//! It is set up like the binary: by `vestibule.toml` and by variables such as `VESTIBULE_SERVER__LISTEN`.

#![expect(clippy::print_stdout, reason = "it says where to go")]

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, Responder, delete, get, post, web, web::Data};
use vestibule::flows::carry_mail;
use vestibule::web::extract::{Admin, BearerUser, CurrentUser, Reauthenticated};
use vestibule::web::{doorway, service};
use vestibule::{Config, Vestibule};

/// A page for everybody.
#[get("/welcome")]
async fn welcome() -> impl Responder {
    "Your notes are at /notes."
}

/// A page of one's own. The doorway leads strangers to sign in, and then back to it.
#[get("/notes", wrap = "from_fn(doorway)")]
async fn notes(who: CurrentUser) -> impl Responder {
    format!("The notes of {}", who.user.username)
}

/// For administrators; everybody else gets 403.
#[get("/admin", wrap = "from_fn(doorway)")]
async fn figures(who: Admin) -> impl Responder {
    format!("The figures, for {}", who.user.username)
}

/// For programs, which show a token; a browser's cookie does not open it.
#[post("/api/notes", wrap = "from_fn(doorway)")]
async fn add(who: BearerUser, text: String) -> impl Responder {
    HttpResponse::Created().body(format!("{} noted: {text}", who.user.username))
}

/// Nothing brings them back. Whoever signed in a while ago shows again that it is them.
#[delete("/api/notes", wrap = "from_fn(doorway)")]
async fn forget(_: Reauthenticated) -> impl Responder {
    HttpResponse::NoContent()
}

/// What this app says where there is nothing.
async fn nothing() -> impl Responder {
    HttpResponse::NotFound().body("There is no such note.")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let door = Vestibule::open(Config::load()?)?;
    carry_mail::start(&door)?;
    let (listen, home) = (door.config.server.listen, door.config.public_url());
    let app = move || {
        let app = App::new().app_data(Data::new(door.clone()));
        let app = app.service(welcome).service(notes).service(figures).service(add).service(forget);
        app.service(service(&door)).default_service(web::to(nothing))
    };
    let server = HttpServer::new(app).bind(listen)?;
    println!("Open {home}/notes");
    Ok(server.run().await?)
}
