//! The server: sockets, limits, signals.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactoryExt as _, map_config};
use actix_web::dev::{AppConfig, HttpServiceFactory, Server, ServiceFactory, fn_service};
use actix_web::middleware::from_fn;
use actix_web::rt::net::{TcpSocket, TcpStream};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};

use super::connection::{Connection, LINGER};
use super::error::Error;
use super::frame::frame;
use super::places::{self, Places};
use super::routes;
use crate::config::ServerConfig;
use crate::flows::keep;
use crate::vestibule::Vestibule;

/// The most connections that wait in the kernel for a place among `server.max_connections`.
const MOST_WAITING: u32 = 1024;

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
    let listener = listen(config.listen)?;
    let address = listener.local_addr()?;
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(config.max_connections.div_ceil(workers))
        .shutdown_timeout(config.shutdown_timeout.as_secs());
    let (places, stop) = (Places::new(&config), server.graceful_shutdown_signal());
    let server = server.listen("vestibule", listener, move || {
        let stop = stop.clone();
        let stopping = move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        };
        answer(vestibule.clone(), places.clone(), address, stopping)
    })?;
    announce(address);
    server.run().await
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart need not wait until the kernel has forgotten the connections of before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MOST_WAITING)?.into_std()
}

/// What a worker does with a connection: finds it a place, and answers its requests.
fn answer<Stopping: Future<Output = ()> + 'static>(
    vestibule: Vestibule,
    places: Places,
    address: SocketAddr,
    stopping: impl Fn() -> Stopping + 'static,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let config = vestibule.config.server.clone();
    let http = HttpService::build()
        .keep_alive(config.keep_alive)
        .client_request_timeout(config.request_timeout)
        .client_disconnect_timeout(LINGER)
        .graceful_shutdown_signal(stopping)
        .local_addr(address)
        .on_connect_ext(|connection: &Connection, data| connection.introduce(data));
    // `OPTIONS *` is no path, and in no scope.
    let nowhere = web::to(|| async { Err::<HttpResponse, _>(Error::NotFound) });
    let nowhere = nowhere.wrap(from_fn(frame));
    let app = App::new().app_data(Data::new(vestibule.clone()));
    let app = app.service(service(&vestibule)).default_service(nowhere);
    fn_service(move |stream: TcpStream| {
        let seated = seat(stream, &places, &config);
        async move { seated }
    })
    .and_then(http.h1(map_config(app, |()| AppConfig::default())))
}

/// A connection with a place, and whose it is.
fn seat(
    stream: TcpStream,
    places: &Places,
    config: &ServerConfig,
) -> Result<(Connection, Option<SocketAddr>), DispatchError> {
    let peer = stream.peer_addr().map_err(DispatchError::Io)?;
    match places.take(peer.ip()) {
        Ok(place) => Ok((Connection::new(stream, place, config), Some(peer))),
        Err(places::Full) => {
            places::refuse(stream);
            Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()))
        }
    }
}
