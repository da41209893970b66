//! Whoever listens for changes: how many they may be, and what they hear.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

/// Listeners at once.
const MOST_LISTENERS: usize = 1000;
/// Listeners at once from one network.
const MOST_LISTENERS_PER_NETWORK: usize = 100;
/// Changes that a slow listener may be behind; who is further behind is told to fetch the list.
const MOST_BEHIND: usize = 256;

/// All of them.
#[derive(Debug)]
pub struct Listeners {
    by_network: Arc<Mutex<HashMap<String, usize>>>,
    changes: broadcast::Sender<Change>,
    closing: watch::Sender<bool>,
}

/// Bits that have been set.
#[derive(Clone, Debug)]
pub struct Change {
    /// Counts the changes that this process knows of.
    pub version: u64,
    /// Which.
    pub indices: Arc<[u64]>,
}

/// One of them. Its place is given back when it is dropped.
#[derive(Debug)]
pub struct Listener {
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    network: String,
    by_network: Arc<Mutex<HashMap<String, usize>>>,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// These have been set.
    Change(Change),
    /// More than it could follow.
    TooMuch,
    /// Nobody is to listen any longer.
    Close,
}

/// There are as many as there may be.
#[derive(Debug)]
pub struct Full;

impl Default for Listeners {
    fn default() -> Self {
        Self {
            by_network: Arc::default(),
            changes: broadcast::Sender::new(MOST_BEHIND),
            closing: watch::Sender::new(false),
        }
    }
}

impl Listeners {
    /// Listens, from `network`, to all changes from here on.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn add(&self, network: String) -> Result<Listener, Full> {
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = by_network.values().sum();
        let of_network = by_network.get(&network).copied().unwrap_or(0);
        if all >= MOST_LISTENERS || of_network >= MOST_LISTENERS_PER_NETWORK || *self.closing.borrow() {
            return Err(Full);
        }
        by_network.insert(network.clone(), of_network + 1);
        Ok(Listener {
            changes: self.changes.subscribe(),
            closing: self.closing.subscribe(),
            network,
            by_network: Arc::clone(&self.by_network),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells them. That nobody listens is no error.
    pub(super) fn tell(&self, change: Change) {
        let _ = self.changes.send(change);
    }

    /// Has them hang up, for good: a server that is about to end would wait for them.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

impl Listener {
    /// Waits for what comes next. Given up half way, nothing of it is lost.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            change = self.changes.recv() => match change {
                Ok(change) => Heard::Change(change),
                Err(RecvError::Lagged(_)) => Heard::TooMuch,
                Err(RecvError::Closed) => Heard::Close,
            },
            _ = self.closing.wait_for(|closing| *closing) => Heard::Close,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                by_network.remove(&self.network);
            }
        }
    }
}
