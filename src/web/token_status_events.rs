//! The stream of changes to the token status list (server-sent events).
//!
//! ```text
//! event: list      which list there is: fetch it, if you have another
//! event: revoked   bits that have been set since
//! : …              nothing new; every ten seconds
//! ```
//! A stream ends after an hour, when we stop, and as soon as we do not know any longer what other nodes revoke: silence
//! never means that all is well. Whoever loses it fetches the list.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::connection::{self, Streaming};
use super::error::Error;
use super::extract::Context;
use super::well_known;
use crate::flows::token_status;
use crate::token_status::{Heard, Listener};
use crate::vestibule::Vestibule;

/// How often something is said when there is nothing to say.
const BEAT: Duration = Duration::from_secs(10);
/// Beats in the life of a stream: an hour.
const MOST_BEATS: u32 = 360;
/// More bits at once are fetched sooner than told.
const MOST_TOLD: usize = 1000;

/// A stream that somebody reads.
struct Events {
    listener: Listener,
    vestibule: Data<Vestibule>,
    beats: Interval,
    left: u32,
    /// Its connection waits for us, not for its client.
    _streaming: Option<Streaming>,
}

/// `GET /.well-known/token-status/events`: what changes, as it does.
pub(super) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let mut head = HttpResponse::Ok();
    head.content_type("text/event-stream").insert_header((header::CACHE_CONTROL, "no-store"));
    // A proxy that gathers what we say makes seconds of it.
    head.insert_header(("x-accel-buffering", "no")).insert_header(well_known::FOR_ALL);
    if request.method() == Method::HEAD {
        return Ok(head.finish());
    }
    let full = |_| Error::Unavailable { cause: "as many streams are open as there may be".to_owned() };
    // First this, then the list: what happens in between is told.
    let listener = vestibule.status.listeners.add(context.caller().network()).map_err(full)?;
    let mut beats = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events =
        Events { listener, vestibule, beats, left: MOST_BEATS, _streaming: connection::stream(&request) };
    let first = events.list().await?;
    let rest =
        stream::unfold(events, |mut events| async move { events.next().await.map(|event| (event, events)) });
    let all = stream::once(async { first }).chain(rest).map(|event| Ok::<_, Infallible>(Bytes::from(event)));
    Ok(head.streaming(all))
}

impl Events {
    /// What is said next; nothing, when it is over.
    async fn next(&mut self) -> Option<String> {
        tokio::select! {
            heard = self.listener.next() => match heard {
                Heard::Change(change) if change.indices.len() <= MOST_TOLD => {
                    Some(event("revoked", change.version, &json!({ "idx": &*change.indices })))
                }
                Heard::Change(_) | Heard::TooMuch => self.list().await.ok(),
                Heard::Close => None,
            },
            _ = self.beats.tick() => {
                self.left = self.left.checked_sub(1)?;
                token_status::is_current(&self.vestibule).then(|| ": nothing new\n\n".to_owned())
            }
        }
    }

    async fn list(&self) -> Result<String, Error> {
        let list = token_status::list(&self.vestibule, self.vestibule.clock.now()).await?;
        let uri = self.vestibule.config.token_status_uri();
        let etag = well_known::tag(&list.tag).to_string();
        Ok(event("list", list.version, &json!({ "uri": uri, "etag": etag })))
    }
}

fn event(name: &str, id: u64, data: &serde_json::Value) -> String {
    format!("event: {name}\nid: {id}\ndata: {data}\n\n")
}
