//! The server: sockets, limits, signals.

use std::io;
use std::net::SocketAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use super::{cookies, flow_state, headers, observe, render, routes, same_origin};
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
    let flow = flow_state::middleware(vestibule);
    // The last one wrapped is the first one asked.
    web::scope("")
        .app_data(Data::new(vestibule.clone()))
        .configure(routes::configure)
        .wrap(from_fn(same_origin::check))
        .wrap(flow)
        .wrap(from_fn(set_pending_cookies))
        .wrap(from_fn(render::render))
        .wrap(from_fn(headers::add))
        .wrap(from_fn(observe::observe))
}

/// Middleware for routes of an app's own that browsers visit: `.wrap(from_fn(vestibule::web::doorway))`. Around them
/// our guards do what they do around our pages: whoever is not signed in is led to `/login` and back, a token is
/// renewed half way, and what another site makes a browser send is refused. Headers and log stay the app's.
pub async fn doorway(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = same_origin::check(request, next).await?;
    Ok(render::tell(give_pending_cookies(response)))
}

/// Middleware: gives the browser what guards left for it, a renewed token above all.
async fn set_pending_cookies(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    Ok(give_pending_cookies(next.call(request).await?))
}

fn give_pending_cookies<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    let (request, answer) = (response.request().clone(), response.response_mut());
    for cookie in cookies::take_pending(&request) {
        // A handler that set this cookie itself, at sign-out, knows better.
        if !answer.cookies().any(|set| set.name() == cookie.name())
            && let Err(error) = answer.add_cookie(&cookie)
        {
            log::error!("a cookie could not be set: {error}");
        }
    }
    response
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
