//! The server: sockets, limits, signals.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactoryExt as _, map_config};
use actix_web::dev::{AppConfig, HttpServiceFactory, Server, ServiceFactory, fn_service};
use actix_web::middleware::from_fn;
use actix_web::rt::net::{TcpSocket, TcpStream};
use actix_web::rt::spawn;
use actix_web::rt::time::sleep;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, Route};

use super::connection::{Connection, LINGER};
use super::error::Error;
use super::frame::frame;
use super::metrics::{self, Scrape};
use super::openapi::Document;
use super::ours::Ours;
use super::places::{self, Places};
use super::routes;
use crate::config::ServerConfig;
use crate::flows::keep;
use crate::measures::{BEAT_EVERY, Pulse};
use crate::vestibule::Vestibule;

/// The most connections that wait in the kernel for a place among `server.max_connections`.
const MOST_WAITING: u32 = 1024;

/// The most connections of those who watch over us.
const MOST_WATCHING: usize = 16;

/// Everything we serve, to be mounted into an Actix app: every URL of [`entries`](super::entries), with our headers,
/// our errors and our protection against forged requests. All other URLs are the app's, and so is what it says where
/// there is nothing; a route of its own that stands before this one takes the place of ours.
///
/// At the root of the app: our pages lead to each other by whole paths, so that below a path of the app's they are not
/// there. The guards of [`extract`](super::extract) work on routes of the app's own too, if it has the instance:
/// `App::new().app_data(Data::new(vestibule.clone()))`.
pub fn service(vestibule: &Vestibule) -> impl HttpServiceFactory + 'static {
    if let Err(error) = keep::start(vestibule) {
        log::error!("no thread that reads revocations could be started: {error}");
    }
    web::scope("")
        .guard(Ours::new(routes::entries().into_iter().map(|entry| entry.path)))
        .app_data(Data::new(vestibule.clone()))
        .app_data(Data::new(Document::default()))
        .configure(|config| routes::configure(config, vestibule))
        .wrap(from_fn(frame))
}

/// Our words for an address where there is nothing, as a page or as a problem document: for an app that has none of its
/// own, `App::new().default_service(vestibule::web::not_found())`. It needs the instance as the guards do.
pub fn not_found() -> Route {
    web::to(|| async { Err::<HttpResponse, _>(Error::NotFound) }).wrap(from_fn(frame))
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
    let config = &vestibule.config.server;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = if config.workers == 0 { cores } else { config.workers };
    let most_connections = config.max_connections.div_ceil(workers);
    let door =
        Door { name: "vestibule", address: config.listen, workers, most_connections, hears_signals: true };
    let mount = |config: &mut web::ServiceConfig, vestibule: &Vestibule| {
        config.service(service(vestibule));
    };
    let (server, address) = door.open(&vestibule, mount)?;
    let beside = vestibule.config.metrics.listen.map(|address| watched(&vestibule, address)).transpose()?;
    announce(address);
    let beside = beside.map(|server| (server.handle(), spawn(server)).0);
    let ended = server.await;
    if let Some(beside) = beside {
        beside.stop(false).await;
    }
    ended
}

/// The door of those who watch over us: with a thread of its own, so that they are answered however many stand at
/// the other one. It stays open until that is closed, which hears the signals.
fn watched(vestibule: &Vestibule, address: SocketAddr) -> io::Result<Server> {
    let scrape = Data::new(Scrape::default());
    let mount = move |config: &mut web::ServiceConfig, vestibule: &Vestibule| {
        metrics::configure(config, vestibule, scrape.clone());
    };
    let most_connections = MOST_WATCHING;
    let door = Door { name: "metrics", address, workers: 1, most_connections, hears_signals: false };
    let (server, address) = door.open(vestibule, mount)?;
    log::info!("metrics are at http://{address}/metrics");
    Ok(server)
}

/// Where somebody can come in.
struct Door {
    name: &'static str,
    address: SocketAddr,
    workers: usize,
    /// For each of the workers.
    most_connections: usize,
    hears_signals: bool,
}

impl Door {
    /// Listens, and answers with what `mount` mounts once the server is waited for.
    fn open(
        self,
        vestibule: &Vestibule,
        mount: impl Fn(&mut web::ServiceConfig, &Vestibule) + Clone + Send + 'static,
    ) -> io::Result<(Server, SocketAddr)> {
        let wrong = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on {}: {error}", self.address))
        };
        let listener = listen(self.address).map_err(wrong)?;
        let (address, config) = (listener.local_addr()?, &vestibule.config.server);
        let server = Server::build()
            .workers(self.workers)
            .max_concurrent_connections(self.most_connections)
            .shutdown_timeout(config.shutdown_timeout.as_secs());
        let server = if self.hears_signals { server } else { server.disable_signals() };
        let (places, stop) = (Places::new(config), server.graceful_shutdown_signal());
        let vestibule = vestibule.clone();
        if self.hears_signals {
            // Streams would be waited for.
            let (ending, here) = (stop.clone(), vestibule.clone());
            spawn(async move {
                ending.notified().await;
                here.status.listeners.close();
            });
        }
        let server = server.listen(self.name, listener, move || {
            let stop = stop.clone();
            let stopping = move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            };
            answer(vestibule.clone(), places.clone(), address, stopping, mount.clone())
        })?;
        Ok((server.run(), address))
    }
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
    mount: impl Fn(&mut web::ServiceConfig, &Vestibule),
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let config = vestibule.config.server.clone();
    let http = HttpService::build()
        .keep_alive(config.keep_alive)
        .client_request_timeout(config.request_timeout)
        .client_disconnect_timeout(LINGER)
        .graceful_shutdown_signal(stopping)
        .local_addr(address)
        .on_connect_ext(|connection: &Connection, data| connection.introduce(data));
    let app = App::new().app_data(Data::new(vestibule.clone()));
    let app = app.configure(|config| mount(config, &vestibule)).default_service(not_found());
    spawn(beat(vestibule.measures.pulses.begin()));
    fn_service(move |stream: TcpStream| {
        let seated = seat(stream, &places, &config);
        async move { seated }
    })
    .and_then(http.h1(map_config(app, |()| AppConfig::default())))
}

/// Says again and again that this worker still works, for as long as it does.
async fn beat(pulse: Pulse) {
    loop {
        pulse.beat();
        sleep(BEAT_EVERY).await;
    }
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
