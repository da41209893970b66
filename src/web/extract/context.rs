//! One request: its name, its moment, and where it came from.

use std::cell::{Cell, OnceCell};
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use ipnet::IpNet;

use super::instance;
use crate::clock::Timestamp;
use crate::flows::caller::{Actor, Caller};
use crate::id::RequestId;
use crate::secret;
use crate::vestibule::Vestibule;
use crate::web::cookies::{self, Purpose};
use crate::web::error::Error;

/// What is known of a request before anybody looks at who sends it. Clones are one context.
#[derive(Clone, Debug)]
pub struct Context(Rc<Facts>);

/// The facts of a [`Context`].
#[derive(Debug)]
pub struct Facts {
    /// Names the request in the answer, in the log and in the audit trail.
    pub request_id: RequestId,
    /// When it came; for all that is decided in it.
    pub now: Timestamp,
    /// The client's address (D15).
    pub address: Option<IpAddr>,
    /// Made for the first who asks: most answers are no pages.
    nonce: OnceCell<String>,
    /// Whether somebody around the handler gives the browser what guards leave for it.
    gives_cookies: Cell<bool>,
    user_agent: Option<HeaderValue>,
    device_cookie: Option<String>,
}

impl Deref for Context {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

/// Longer user agents are cut.
const MOST_USER_AGENT: usize = 256;

impl Context {
    /// The context of this request; the first who asks makes it.
    pub(in crate::web) fn of(request: &HttpRequest) -> Result<Self, Error> {
        if let Some(context) = request.extensions().get::<Self>() {
            return Ok(context.clone());
        }
        let context = Self::read(request, &*instance(request)?);
        request.extensions_mut().insert(context.clone());
        Ok(context)
    }

    fn read(request: &HttpRequest, vestibule: &Vestibule) -> Self {
        let headers = request.headers();
        Self(Rc::new(Facts {
            request_id: vestibule.request_ids.next(),
            now: vestibule.clock.now(),
            address: client_address(request, &vestibule.config.server.trusted_proxies),
            nonce: OnceCell::new(),
            gives_cookies: Cell::new(false),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            device_cookie: cookies::read(headers, Purpose::Device, &vestibule.config).map(str::to_owned),
        }))
    }

    /// What the scripts of this answer bear, so that no other may run.
    pub(in crate::web) fn nonce(&self) -> &str {
        self.nonce.get_or_init(|| secret::to_base64url(&secret::random::<16>()))
    }

    /// Promises that cookies which guards leave reach the browser.
    pub(in crate::web) fn promise_cookies(&self) {
        self.gives_cookies.set(true);
    }

    /// Whether they do. In an app that has no [`doorway`](crate::web::doorway) around its routes, nobody sees to it.
    pub(in crate::web) fn gives_cookies(&self) -> bool {
        self.gives_cookies.get()
    }

    /// The caller, for a deed.
    pub fn caller(&self) -> Caller {
        let user_agent = self.user_agent.as_ref().map(HeaderValue::as_bytes).unwrap_or_default();
        let user_agent = String::from_utf8_lossy(user_agent);
        Caller {
            actor: Actor::Stranger,
            address: self.address,
            user_agent: user_agent.chars().filter(|c| !is_disturbing(*c)).take(MOST_USER_AGENT).collect(),
            request_id: self.request_id.clone(),
            device_cookie: self.device_cookie.clone(),
        }
    }
}

impl FromRequest for Context {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// Whether a character could break a line of the log, or turn the direction of one on the dashboard.
fn is_disturbing(letter: char) -> bool {
    let turns = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter.is_control() || turns
}

/// Whether the socket's other end is one of these: what it says about others is believed.
pub(in crate::web) fn is_from_trusted_proxy(request: &HttpRequest, trusted: &[IpNet]) -> bool {
    request.peer_addr().is_some_and(|peer| is_among(&peer.ip(), trusted))
}

fn is_among(address: &IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}

/// The socket's address, unless that is a trusted proxy: then the right-most address of the chain that is none.
///
/// Everything further left was written by whoever sent the request, and proves nothing.
fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| is_among(address, trusted);
    let peer = request.peer_addr()?.ip().to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let mut last = peer;
    for hop in hops(request).iter().rev() {
        // A hop that cannot be read ends the chain: what is left of it may be anything.
        let Some(address) = parse_hop(hop) else { break };
        last = address;
        if !is_trusted(&address) {
            break;
        }
    }
    Some(last)
}

/// The chain of `X-Forwarded-For`, or else of `Forwarded` (RFC 7239), left to right.
fn hops(request: &HttpRequest) -> Vec<String> {
    let values = |name: &str| -> Vec<String> {
        let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|hop| hop.trim().to_owned()).collect()
    };
    let chain = values("x-forwarded-for");
    if !chain.is_empty() {
        return chain;
    }
    let is_for = |pair: &&str| pair.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("for="));
    let forwarded = values("forwarded").into_iter();
    forwarded
        .map(|element| {
            let pair = element.split(';').map(str::trim).find(is_for).unwrap_or_default();
            pair.get(4..).unwrap_or_default().trim_matches('"').to_owned()
        })
        .collect()
}

fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|at| at.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}
