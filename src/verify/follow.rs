//! The thread that fetches: keys as long as they may be kept, the list every second, or less often while the stream of
//! changes tells us what becomes of it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::board::{Board, Call, Want};
use super::fetch::{FetchError, Fetcher};
use super::memory::Memory;
use super::moment;
use super::origin::Origin;
use super::status_list::{ListClaims, StatusList};
use super::{events, keys, signed};

/// What a verifier is to know.
pub(super) struct Settings {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) origin: Origin,
    pub(super) leeway: i64,
    pub(super) fresh_for: Duration,
    pub(super) accepts_without_status: bool,
}

/// What all who have to do with one issuer share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) memory: Memory,
    pub(super) board: Board,
    pub(super) fetcher: Fetcher,
}

/// What of RFC 8414 §2 counts, and where our own two documents are.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    token_status_uri: Option<String>,
    token_status_events_uri: Option<String>,
}

impl Shared {
    const MOST_DOCUMENT: u64 = 256 * 1024;
    const METADATA: &str = "/.well-known/oauth-authorization-server";

    /// Of a failed try within the time that the list counts, two more are made.
    pub(super) fn patience(fresh_for: Duration) -> Duration {
        (fresh_for / 3).clamp(Duration::from_secs(1), Duration::from_secs(5))
    }

    fn fetch_metadata(&self) -> Result<Metadata, FetchError> {
        let url = self.settings.origin.join(Self::METADATA);
        let document = self.fetcher.get(&url, &["application/json"], Self::MOST_DOCUMENT, None)?;
        let bytes = document.map(|document| document.bytes).unwrap_or_default();
        let metadata: Metadata = serde_json::from_slice(&bytes).map_err(content)?;
        // RFC 8414 §3.3.
        if metadata.issuer != self.settings.issuer {
            return Err(FetchError::Content("of another issuer".to_owned()));
        }
        let uris = [
            Some(&metadata.jwks_uri),
            metadata.token_status_uri.as_ref(),
            metadata.token_status_events_uri.as_ref(),
        ];
        let is_ours = uris.into_iter().flatten().all(|uri| self.settings.origin.has(uri));
        is_ours.then_some(metadata).ok_or_else(|| FetchError::Content("it leads to another host".to_owned()))
    }

    /// Fetches the keys; how long they may be kept, and where the stream is.
    fn fetch_keys(&self) -> Result<(Duration, Option<String>), FetchError> {
        let metadata = self.fetch_metadata()?;
        let types = ["application/jwk-set+json", "application/json"];
        let document = self.fetcher.get(&metadata.jwks_uri, &types, Self::MOST_DOCUMENT, None)?;
        let Some(document) = document else { return Err(FetchError::Status(304)) };
        self.memory.learn_keys(keys::parse(&document.bytes).map_err(content)?, metadata.token_status_uri);
        let kept = document.max_age.unwrap_or(Duration::from_mins(5));
        let kept = kept.clamp(Duration::from_mins(1), Duration::from_hours(1));
        Ok((kept, metadata.token_status_events_uri))
    }

    /// Fetches the list, if there is another one than ours.
    fn fetch_list(&self) -> Result<(), ListError> {
        let Some(uri) = self.memory.list_uri() else { return Ok(()) };
        let (asked, etag) = (moment::now(), self.memory.etag(moment::unix()));
        let most = StatusList::MOST_SIGNED as u64;
        let list = match self.fetcher.get(&uri, &[StatusList::TYPE], most, etag.as_deref())? {
            None => None,
            Some(document) => {
                let text = std::str::from_utf8(&document.bytes).map_err(content)?.trim_end();
                Some(self.read_list(text, &uri)?.named(document.etag))
            }
        };
        self.memory.learn_list(list, asked);
        Ok(())
    }

    fn read_list(&self, text: &str, uri: &str) -> Result<StatusList, ListError> {
        let kid = signed::read_kid(text, StatusList::TYP, StatusList::MOST_SIGNED).map_err(content)?;
        let key = self.memory.key(&kid).ok_or(ListError::UnknownKey)?;
        let claims: ListClaims = signed::open(text, &key).map_err(content)?;
        let Settings { issuer, leeway, .. } = &self.settings;
        StatusList::read(&claims, uri, issuer, *leeway, moment::unix())
            .map_err(|words| FetchError::Content(words.to_owned()).into())
    }
}

/// Why there is no new list.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error("is signed with a key that is not published")]
    UnknownKey,
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl From<std::str::Utf8Error> for ListError {
    fn from(error: std::str::Utf8Error) -> Self {
        content(error).into()
    }
}

fn content(error: impl std::fmt::Display) -> FetchError {
    FetchError::Content(error.to_string())
}

/// The work of the thread, and when which part of it is due.
struct Follower {
    shared: Arc<Shared>,
    keys_due: Instant,
    keys_failed: u32,
    list_asked: Option<Instant>,
    /// When the list was signed with a key that we did not know.
    list_key_missed: Option<Instant>,
    is_list_failing: bool,
    has_stream: bool,
}

/// Begins to fetch, in a thread of its own, until the board says that it is over.
pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<()> {
    let follower = Follower {
        shared,
        keys_due: moment::now(),
        keys_failed: 0,
        list_asked: None,
        list_key_missed: None,
        is_list_failing: false,
        has_stream: false,
    };
    thread::Builder::new().name("vestibule-verify".to_owned()).spawn(move || follower.run()).map(drop)
}

impl Follower {
    /// The list is asked for no more often, whoever wants it.
    const BETWEEN_LISTS: Duration = Duration::from_secs(1);
    /// The stream says something every ten seconds.
    const STREAM_IS_SILENT_AFTER: Duration = Duration::from_secs(15);

    fn run(mut self) {
        let mut wake = Duration::ZERO;
        while let Call::Fetch { keys, list } = self.shared.board.next_call(wake) {
            if keys || moment::now() >= self.keys_due {
                self.fetch_keys();
                self.shared.board.answered(Want::Keys);
            }
            let due = self.list_due();
            let earliest = self.list_asked.map_or(moment::now(), |asked| asked + Self::BETWEEN_LISTS);
            if moment::now() >= due
                || (list && self.shared.board.sleep(earliest.saturating_duration_since(moment::now())))
            {
                self.fetch_list();
                self.shared.board.answered(Want::List);
            }
            wake = self.list_due().min(self.keys_due).saturating_duration_since(moment::now());
        }
    }

    fn list_due(&self) -> Instant {
        let now = moment::now();
        let is_told = self
            .shared
            .board
            .heard()
            .is_some_and(|heard| now.saturating_duration_since(heard) < Self::STREAM_IS_SILENT_AFTER);
        let every = match is_told {
            true => Shared::patience(self.shared.settings.fresh_for),
            false => Self::BETWEEN_LISTS,
        };
        self.list_asked.map_or(now, |asked| asked + every)
    }

    fn fetch_keys(&mut self) {
        let next = match self.shared.fetch_keys() {
            Ok((kept, stream)) => {
                self.keys_failed = 0;
                self.open_stream(stream);
                kept
            }
            Err(error) => {
                // Those we have still count: without a fresh list no token does.
                log::warn!("the keys of {} could not be fetched: {error}", self.shared.settings.issuer);
                self.keys_failed = (self.keys_failed + 1).min(6);
                Duration::from_secs(1 << (self.keys_failed - 1))
            }
        };
        self.keys_due = moment::now() + next;
    }

    fn fetch_list(&mut self) {
        self.list_asked = Some(moment::now());
        let mut done = self.shared.fetch_list();
        let is_early = |missed| moment::now().saturating_duration_since(missed) < Duration::from_mins(1);
        if matches!(done, Err(ListError::UnknownKey)) && !self.list_key_missed.is_some_and(is_early) {
            self.list_key_missed = Some(moment::now());
            self.fetch_keys();
            done = self.shared.fetch_list();
        }
        // Once, not every second.
        if let (Err(error), false) = (&done, self.is_list_failing) {
            log::warn!("the token status of {} could not be fetched: {error}", self.shared.settings.issuer);
        }
        self.is_list_failing = done.is_err();
    }

    fn open_stream(&mut self, url: Option<String>) {
        let Some(url) = url.filter(|_| !self.has_stream) else { return };
        match events::start(Arc::clone(&self.shared), url) {
            Ok(()) => self.has_stream = true,
            Err(error) => log::warn!("no thread for the stream of changes: {error}"),
        }
    }
}
