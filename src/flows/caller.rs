//! Who asks, as far as the network tells: for the audit trail and for throttles.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::id::{EventId, RequestId, SessionId, UserId};
use crate::models::{Event, EventKind};

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// By whom the deed is done.
    pub actor: Actor,
    /// The client's address (D15); none for an operator at the command line.
    pub address: Option<IpAddr>,
    /// What the client calls itself, at most 256 characters and none of them a control character.
    pub user_agent: String,
    /// Names the request in the log.
    pub request_id: RequestId,
    /// The device cookie, unchecked (D16).
    pub device_cookie: Option<String>,
}

/// By whom a deed is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody we know.
    Stranger,
    /// Somebody signed in.
    User(UserId),
    /// Whoever may run the command line on the machine.
    Operator,
    /// Nobody: its time had come.
    Housekeeping,
}

impl Caller {
    /// The operator at the command line.
    pub fn operator() -> Self {
        Self {
            actor: Actor::Operator,
            address: None,
            user_agent: "vestibule command line".to_owned(),
            request_id: RequestId::new(),
            device_cookie: None,
        }
    }

    /// Nobody at all, for what happens by itself.
    pub fn housekeeping() -> Self {
        Self { actor: Actor::Housekeeping, user_agent: String::new(), ..Self::operator() }
    }

    /// The same caller, now that we know who it is.
    #[must_use]
    pub fn known_as(&self, user: &UserId) -> Self {
        Self { actor: Actor::User(user.clone()), ..self.clone() }
    }

    /// The address as text; empty for an operator.
    pub fn address(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }

    /// What throttles count as one place; see [`network`].
    pub fn network(&self) -> String {
        network(self.address)
    }

    /// A line for the audit trail about `user`.
    pub fn event(&self, kind: EventKind, user: Option<&UserId>, now: Timestamp) -> Event {
        Event {
            id: EventId::new(),
            at: now,
            kind,
            user_id: user.cloned(),
            actor: match &self.actor {
                Actor::Stranger => "stranger".to_owned(),
                Actor::Operator => "operator".to_owned(),
                Actor::Housekeeping => "housekeeping".to_owned(),
                Actor::User(id) => id.to_string(),
            },
            session_id: None,
            request_id: self.request_id.to_string(),
            address: self.address(),
            user_agent: self.user_agent.clone(),
            detail: None,
        }
    }
}

/// What throttles count as one place: an IPv4 address, or the /64 of an IPv6 one, of which a single home has 2^64.
pub fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "operator".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

impl Event {
    /// The line, with the session it happened in.
    #[must_use]
    pub(super) fn in_session(self, session: &SessionId) -> Self {
        Self { session_id: Some(session.clone()), ..self }
    }

    /// The line, with what else is to be known.
    #[must_use]
    pub(super) fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}
