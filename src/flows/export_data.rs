//! Export: everything that we hold about somebody, for themselves.
//!
//! One JSON document, written piece by piece: what can be long is read a page at a time, so that neither a connection
//! nor memory is held for long. `docs/retention.md` says what its parts are. Secrets stay out of it: of the password
//! only since when there is one, of links only what they are for, of mails only that they were written.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection};
use crate::flows::caller::Caller;
use crate::flows::{delete_account, export_factors, throttle};
use crate::models::{
    EmailProof, Event, EventKind, Membership, OneTimeToken, OutboxMail, ResetRequest, Revocation, Session,
    User,
};
use crate::vestibule::Vestibule;

/// Rows that are read at once.
const MOST_TOGETHER: i64 = 500;

/// A document on its way.
#[derive(Debug)]
pub struct Export {
    vestibule: Vestibule,
    user: User,
    now: Timestamp,
    ready: VecDeque<String>,
    next: Option<Part>,
}

/// What comes next.
#[derive(Clone, Debug)]
enum Part {
    Sessions(Option<Session>),
    Events(Option<Event>),
    Rest,
}

/// Begins the export of what we hold about the owner of `session`, and notes that it was taken.
///
/// # Errors
///
/// The database's.
pub async fn begin(
    vestibule: &Vestibule,
    user: &User,
    session: &Session,
    caller: &Caller,
    now: Timestamp,
) -> Result<Export, db::Error> {
    let event = caller.known_as(&user.id).event(EventKind::DataExported, Some(&user.id), now);
    let event = event.in_session(&session.id);
    vestibule.db.write(move |conn| Ok::<_, db::Error>(event.insert(conn)?)).await?;
    let head = json!({ "format": "vestibule-export", "version": 1, "exported_at": now.to_string() });
    let mut head = head.to_string();
    head.truncate(head.len() - 1);
    let ready = VecDeque::from([format!("{head},\n{}:{}", key("user"), of_user(user))]);
    let next = Some(Part::Sessions(None));
    Ok(Export { vestibule: vestibule.clone(), user: user.clone(), now, ready, next })
}

impl Export {
    /// The next piece, until there is none.
    ///
    /// # Errors
    ///
    /// The database's: then the document is not whole, and whoever reads it is to be told so.
    pub async fn next(&mut self) -> Result<Option<String>, db::Error> {
        if self.ready.is_empty()
            && let Some(part) = self.next.take()
        {
            let (here, user, now) = (self.vestibule.clone(), self.user.clone(), self.now);
            let (piece, next) =
                self.vestibule.db.read(move |conn| piece(&here, conn, &user, part, now)).await?;
            self.ready.push_back(piece);
            self.next = next;
        }
        Ok(self.ready.pop_front())
    }
}

fn piece(
    here: &Vestibule,
    conn: &mut AnyConnection,
    user: &User,
    part: Part,
    now: Timestamp,
) -> Result<(String, Option<Part>), db::Error> {
    let start = Timestamp::from_seconds(i64::MIN);
    Ok(match part {
        Part::Sessions(last) => {
            let none = String::new().as_str().into();
            let after = last.as_ref().map_or((start, &none), |last| (last.created_at, &last.id));
            let page = Session::list_after(conn, &user.id, after, MOST_TOGETHER)?;
            let rows = page.iter().map(of_session).collect();
            list(
                "sessions",
                last.is_none(),
                rows,
                page.last().cloned().map(|row| Part::Sessions(Some(row))),
                Part::Events(None),
            )
        }
        Part::Events(last) => {
            let none = String::new().as_str().into();
            let after = last.as_ref().map_or((start, &none), |last| (last.at, &last.id));
            let page = Event::list_after(conn, &user.id, after, MOST_TOGETHER)?;
            let rows = page.iter().map(|event| of_event(event, user)).collect();
            list(
                "events",
                last.is_none(),
                rows,
                page.last().cloned().map(|row| Part::Events(Some(row))),
                Part::Rest,
            )
        }
        Part::Rest => (rest(here, conn, user, now)?, None),
    })
}

/// The name of a part, as JSON writes it.
fn key(name: &str) -> Value {
    Value::from(name)
}

/// A page of a list: its beginning, if it is the first, and its end, if it is the last.
fn list(
    name: &str,
    is_first: bool,
    rows: Vec<Value>,
    last: Option<Part>,
    then: Part,
) -> (String, Option<Part>) {
    let is_last = rows.len() < MOST_TOGETHER as usize;
    let mut text = if is_first { format!(",\n{}:[", key(name)) } else { String::new() };
    for (index, row) in rows.iter().enumerate() {
        text.push_str(if is_first && index == 0 { "\n" } else { ",\n" });
        text.push_str(&row.to_string());
    }
    if is_last {
        text.push(']');
    }
    (text, if is_last { Some(then) } else { last })
}

fn words(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn of_user(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "username_as_compared": [user.username_folded, user.username_skeleton],
        "display_name": user.display_name,
        "time_zone": user.time_zone,
        "email": user.email,
        "email_as_compared": user.email_folded,
        "email_verified_at": words(user.email_verified_at),
        "role": user.role,
        "has_password": user.password_hash.is_some(),
        "password_changed_at": words(user.password_changed_at),
        "created_at": user.created_at.to_string(),
        "disabled_at": words(user.disabled_at),
        "closed_at": words(user.closed_at),
        "second_factor_since": words(user.second_factor_since),
        "factors_changed_at": words(user.factors_changed_at),
        "second_passkey_declined_at": words(user.second_passkey_declined_at),
        "groups": user.groups().collect::<Vec<_>>(),
    })
}

fn of_session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "created_at": session.created_at.to_string(),
        "authenticated_at": session.authenticated_at.to_string(),
        "last_seen_at": session.last_seen_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "how": session.amr,
        "address": session.address,
        "network": session.network,
        "user_agent": session.user_agent,
        "revoked_at": words(session.revoked_at),
        "revoked_because": session.revoked_because,
        "renewable_since": words(session.renewable_since),
    })
}

/// What happened. Who did it, if it was another user, is nothing about this one.
fn of_event(event: &Event, user: &User) -> Value {
    let is_told = [user.id.as_str(), "stranger", "operator", "housekeeping"].contains(&event.actor.as_str());
    json!({
        "id": event.id,
        "at": event.at.to_string(),
        "kind": event.kind,
        "actor": if is_told { &event.actor } else { "another user" },
        "session_id": event.session_id,
        "request_id": event.request_id,
        "address": event.address,
        "user_agent": event.user_agent,
        "detail": event.detail,
    })
}

/// What is never long, and the end of the document.
fn rest(
    here: &Vestibule,
    conn: &mut AnyConnection,
    user: &User,
    now: Timestamp,
) -> Result<String, db::Error> {
    let owned = delete_account::own_address(user);
    let links = OneTimeToken::list(conn, &user.id)?;
    let proof = EmailProof::find_of(conn, &user.id)?;
    let (mails, questions) = match owned {
        None => (Vec::new(), Vec::new()),
        Some(folded) => {
            let address = user.email.as_deref().unwrap_or_default();
            (OutboxMail::list_to(conn, address)?, ResetRequest::list_of(conn, folded)?)
        }
    };
    let notices = Revocation::list_of(conn, &user.id, Timestamp::from_seconds(i64::MIN))?;
    let counters = throttle::counters_of(here, conn, user, owned)?;
    let mut text = String::new();
    let mut part = |name: &str, rows: Vec<Value>| {
        text.push_str(&format!(",\n{}:{}", key(name), Value::Array(rows)));
    };
    for (name, rows) in export_factors::parts(conn, &user.id, MOST_TOGETHER)? {
        part(name, rows);
    }
    part("memberships", Membership::list_of(conn, &user.id)?.iter().map(of_membership).collect());
    part("links", links.iter().map(of_link).collect());
    part("address_to_be_proven", proof.iter().map(of_proof).collect());
    part("mails", mails.iter().map(of_mail).collect());
    part("reset_requests", questions.iter().map(of_question).collect());
    part("revocation_notices", notices.iter().map(of_notice).collect());
    part(
        "failed_tries",
        counters
            .iter()
            .map(|(what, counter)| {
                json!({
                    "what": what,
                    "failures": counter.failures,
                    "wait_until": words(Some(counter.blocked_until).filter(|until| *until > now)),
                    "last_used_at": counter.touched_at.to_string(),
                })
            })
            .collect(),
    );
    text.push_str("}\n");
    Ok(text)
}

fn of_membership(membership: &Membership) -> Value {
    json!({ "group_name": membership.group_name, "since": membership.since.to_string() })
}

fn of_link(link: &OneTimeToken) -> Value {
    json!({
        "purpose": link.purpose,
        "created_at": link.created_at.to_string(),
        "expires_at": link.expires_at.to_string(),
        "used_at": words(link.used_at),
        "mailed_to": link.email_folded,
        "about_address": link.email,
        "about_session": link.session_id,
    })
}

fn of_proof(proof: &EmailProof) -> Value {
    json!({
        "id": proof.id,
        "email": proof.email,
        "email_as_compared": proof.email_folded,
        "replaces": proof.replaces,
        "tries": proof.tries,
        "created_at": proof.created_at.to_string(),
        "expires_at": proof.expires_at.to_string(),
    })
}

fn of_mail(mail: &OutboxMail) -> Value {
    json!({
        "id": mail.id,
        "kind": mail.kind,
        "recipient": mail.recipient,
        "created_at": mail.created_at.to_string(),
        "attempts": mail.attempts,
        "sent_at": words(mail.sent_at),
        "given_up_at": words(mail.given_up_at),
    })
}

fn of_question(question: &ResetRequest) -> Value {
    json!({
        "id": question.id,
        "email": question.email_folded,
        "asked_at": question.asked_at.to_string(),
        "request_id": question.request_id,
        "address": question.address,
        "user_agent": question.user_agent,
    })
}

fn of_notice(notice: &Revocation) -> Value {
    json!({ "id": notice.id, "session_id": notice.session_id, "at": notice.revoked_at.to_string() })
}
