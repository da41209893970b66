//! What is known of the issuer: keys, the list, what the stream told since; everything a check needs.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::claims::StatusReference;
use super::keys::{Keys, PublicKey};
use super::status_list::StatusList;

/// The knowledge of one verifier.
#[derive(Default)]
pub(super) struct Memory {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    keys: Keys,
    list_uri: Option<String>,
    list: Option<StatusList>,
    /// When the list was asked for the last time that the issuer said that it is the newest.
    confirmed: Option<Instant>,
    /// Bits that the stream told of, and when: the list that we have may be older.
    told: HashMap<u64, Instant>,
}

/// What is known of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    Revoked,
    /// The list ends before it: it may be younger than the list.
    Beyond,
    /// Nothing has been heard for too long.
    Unknown,
}

impl Memory {
    /// By then a list that was fetched anew has the bits that the stream told of.
    const TOLD_FOR: Duration = Duration::from_mins(1);
    /// More revocations within a minute are nobody's; the stream is given up then.
    const MOST_TOLD: usize = 100_000;

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn key(&self, kid: &str) -> Option<PublicKey> {
        self.read(|known| known.keys.get(kid).cloned())
    }

    /// Takes these keys in place of those it had, and the address of the list.
    pub(super) fn learn_keys(&self, keys: Keys, list_uri: Option<String>) {
        self.write(|known| {
            if known.list_uri != list_uri {
                (known.list, known.confirmed) = (None, None);
            }
            (known.keys, known.list_uri) = (keys, list_uri);
        });
    }

    pub(super) fn list_uri(&self) -> Option<String> {
        self.read(|known| known.list_uri.clone())
    }

    /// The name of the list that it has, if that one still counts.
    pub(super) fn etag(&self, now: i64) -> Option<String> {
        self.read(|known| known.list.as_ref()?.etag(now).map(str::to_owned))
    }

    /// A list that was asked for at `asked`; none, if the one it has is still the newest.
    pub(super) fn learn_list(&self, list: Option<StatusList>, asked: Instant) {
        self.write(|known| {
            if list.is_some() {
                known.list = list;
            }
            known.confirmed = Some(asked);
        });
    }

    /// What the stream said; whether it may go on.
    pub(super) fn learn_revoked(&self, indices: &[u64], now: Instant) -> bool {
        self.write(|known| {
            known.told.retain(|_, told| now.saturating_duration_since(*told) < Self::TOLD_FOR);
            if known.told.len() + indices.len() > Self::MOST_TOLD {
                return false;
            }
            known.told.extend(indices.iter().map(|index| (*index, now)));
            true
        })
    }

    /// How the token at `reference` stands, if the list must have been confirmed within `fresh_for`.
    pub(super) fn standing(
        &self,
        reference: &StatusReference,
        fresh_for: Duration,
        (now, unix): (Instant, i64),
    ) -> Standing {
        self.read(|known| {
            let is_the_list = known.list_uri.as_ref() == Some(&reference.uri);
            if is_the_list && known.told.contains_key(&reference.idx) {
                return Standing::Revoked;
            }
            let is_fresh =
                known.confirmed.is_some_and(|asked| now.saturating_duration_since(asked) < fresh_for);
            let list = known.list.as_ref().filter(|list| is_the_list && is_fresh && list.counts(unix));
            match list.map(|list| list.status(reference.idx)) {
                None => Standing::Unknown,
                Some(None) => Standing::Beyond,
                Some(Some(0)) => Standing::Valid,
                Some(Some(_)) => Standing::Revoked,
            }
        })
    }

    /// Whether the first keys and the first list are there.
    pub(super) fn is_ready(&self) -> bool {
        self.read(|known| !known.keys.is_empty() && (known.list.is_some() || known.list_uri.is_none()))
    }
}
