//! The server: sockets, limits, signals.

use std::io;
use std::net::SocketAddr;

use actix_web::dev::HttpServiceFactory;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use super::frame::frame;
use super::routes;
use crate::flows::keep;
use crate::vestibule::Vestibule;

/// Everything we serve, to be mounted into an Actix app: every URL of [`entries`](super::entries), with our headers,
/// our errors and our protection against forged requests.
///
/// The guards of [`extract`](super::extract) work on routes of the app's own too, if it has the instance:
/// `App::new().app_data(Data::new(vestibule.clone()))`. Mount this last: it answers to every path.
pub fn service(vestibule: &Vestibule) -> impl HttpServiceFactory + 'static {
    if let Err(error) = keep::start(vestibule) {
        log::error!("no thread that reads revocations could be started: {error}");
    }
    web::scope("")
        .app_data(Data::new(vestibule.clone()))
        .configure(|config| routes::configure(config, vestibule))
        .wrap(from_fn(frame))
}

/// Serves until told to stop; `announce` is called once the socket is open, with its address.
///
/// SIGTERM stops gracefully: no new connections, requests under way are finished for up to
/// `server.shutdown_timeout`. SIGINT stops at once.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(vestibule: Vestibule, announce: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let config = vestibule.config.server.clone();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = if config.workers == 0 { cores } else { config.workers };
    let server = HttpServer::new(move || App::new().service(service(&vestibule)))
        .workers(workers)
        .max_connections(config.max_connections.div_ceil(workers))
        .client_request_timeout(config.request_timeout)
        .keep_alive(config.keep_alive)
        .shutdown_timeout(config.shutdown_timeout.as_secs())
        .bind(config.listen)?;
    if let Some(address) = server.addrs().first() {
        announce(*address);
    }
    server.run().await
}
