//! The stream of changes (server-sent events), read in a thread of its own: it waits for the next line most of the time.
//!
//! What it says is not signed, so it is heard only where it can do no harm: it may revoke, and it may make us fetch the
//! list, and nothing else.

use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::fetch::FetchError;
use super::follow::Shared;
use super::moment;

#[derive(Deserialize)]
struct ListChanged {
    etag: Option<String>,
}

#[derive(Deserialize)]
struct Revoked {
    idx: Vec<u64>,
}

/// One event as it is put together from its lines.
#[derive(Default)]
struct Event {
    name: String,
    data: String,
}

/// Begins to read the stream at `url`.
pub(super) fn start(shared: Arc<Shared>, url: String) -> std::io::Result<()> {
    let run = move || {
        let mut failed = 0;
        while !shared.board.is_stopping() {
            let done = follow(&shared, &url);
            // Whoever was heard is asked again at once; whoever was not is left alone for longer each time.
            failed = if shared.board.heard().is_some() { 0 } else { (failed + 1).min(6) };
            shared.board.hear(None);
            if let Err(error) = done {
                log::info!("the stream of changes of {} ended: {error}", shared.settings.issuer);
            }
            if !shared.board.sleep(Duration::from_millis(500) * (1 << failed)) {
                break;
            }
        }
    };
    thread::Builder::new().name("vestibule-events".to_owned()).spawn(run).map(drop)
}

/// The longest line: a thousand revocations at once are less.
const MOST_LINE: u64 = 256 * 1024;

fn follow(shared: &Shared, url: &str) -> Result<(), FetchError> {
    let ended = |words: &str| FetchError::Content(words.to_owned());
    let mut stream = BufReader::new(shared.fetcher.stream(url)?);
    let (mut event, mut line) = (Event::default(), Vec::new());
    while !shared.board.is_stopping() {
        line.clear();
        let read = stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| ended(&error.to_string()))?;
        let Some(text) = line.strip_suffix(b"\n") else {
            return Err(ended(if line.is_empty() { "it is over" } else { "a line without an end" }));
        };
        shared.board.hear(Some(moment::now()));
        let text = std::str::from_utf8(text).map_err(|error| ended(&error.to_string()))?;
        match take_line(&mut event, text.trim_end_matches('\r')) {
            Some(event) => hear(shared, &event)?,
            None if event.data.len() as u64 > MOST_LINE => return Err(ended("an event without an end")),
            None => {}
        }
    }
    Ok(())
}

/// Adds a line to the event; gives the event, when that was its end.
fn take_line(event: &mut Event, line: &str) -> Option<Event> {
    if line.is_empty() {
        return Some(std::mem::take(event));
    }
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match field {
        "event" => value.clone_into(&mut event.name),
        "data" => event.data.push_str(value),
        // Comments, ids, and what later servers may say.
        _ => {}
    }
    None
}

fn hear(shared: &Shared, event: &Event) -> Result<(), FetchError> {
    let nonsense = |error: serde_json::Error| FetchError::Content(error.to_string());
    match event.name.as_str() {
        "list" => {
            let ListChanged { etag } = serde_json::from_str(&event.data).map_err(nonsense)?;
            let bare = |etag: String| etag.trim_start_matches("W/").trim_matches('"').to_owned();
            let ours = shared.memory.etag(moment::unix()).map(bare);
            if etag.map(bare).is_none_or(|theirs| ours != Some(theirs)) {
                shared.board.call_for_list();
            }
        }
        "revoked" => {
            let Revoked { idx } = serde_json::from_str(&event.data).map_err(nonsense)?;
            if !shared.memory.learn_revoked(&idx, moment::now()) {
                return Err(FetchError::Content("more revocations than anybody makes".to_owned()));
            }
        }
        _ => {}
    }
    Ok(())
}
