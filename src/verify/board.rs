//! The board between those who check tokens and the thread that fetches: what is wanted, and what has been done.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// The keys, when a token names one that is not known.
    Keys,
    /// The list, when a token lies beyond its end.
    List,
}

impl Want {
    /// How long after somebody asked nobody else is heard. Anybody can write a token with an unknown key: the issuer
    /// must not be asked for each of them.
    fn at_most_every(self) -> Duration {
        match self {
            Self::Keys => Duration::from_mins(1),
            Self::List => Duration::from_secs(1),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Wish {
    asked: Option<Instant>,
    /// Somebody waits, or soon will: the next answer is theirs.
    is_open: bool,
}

#[derive(Default)]
struct State {
    keys: Wish,
    list: Wish,
    is_stopping: bool,
    /// When the stream of changes last said something.
    heard: Option<Instant>,
    /// The stream said that there is another list, or fell silent.
    is_list_old: bool,
}

impl State {
    fn wish(&mut self, want: Want) -> &mut Wish {
        match want {
            Want::Keys => &mut self.keys,
            Want::List => &mut self.list,
        }
    }
}

/// The board.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

/// What the fetching thread finds on the board.
pub(super) enum Call {
    /// Fetch the keys now, fetch the list now.
    Fetch { keys: bool, list: bool },
    /// The last verifier is gone.
    Stop,
}

impl Board {
    /// The longest that a check waits for an answer.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// A board on which the first keys and the first list are asked for.
    pub(super) fn new() -> Self {
        let board = Self::default();
        let mut state = board.state();
        (state.keys.is_open, state.list.is_open) = (true, true);
        drop(state);
        board
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, unless that was done a moment ago, and waits for the answer. Whether there was one to wait for.
    pub(super) fn ask(&self, want: Want, now: Instant) -> bool {
        let mut state = self.state();
        let wish = state.wish(want);
        let is_early = |asked| now.saturating_duration_since(asked) < want.at_most_every();
        if !wish.is_open && wish.asked.is_some_and(is_early) {
            return false;
        }
        if !wish.is_open {
            *wish = Wish { asked: Some(now), is_open: true };
            self.changed.notify_all();
        }
        drop(state);
        self.wait(want);
        true
    }

    /// Waits for an answer that somebody asked for; whether there was one to wait for.
    pub(super) fn wait(&self, want: Want) -> bool {
        let mut state = self.state();
        let was_open = state.wish(want).is_open;
        let is_waited_for = |state: &mut State| state.wish(want).is_open && !state.is_stopping;
        drop(self.changed.wait_timeout_while(state, Self::PATIENCE, is_waited_for));
        was_open
    }

    /// Those who wait for it may look.
    pub(super) fn answered(&self, want: Want) {
        self.state().wish(want).is_open = false;
        self.changed.notify_all();
    }

    /// Sleeps until something is asked for, `most` at longest.
    pub(super) fn next_call(&self, most: Duration) -> Call {
        let is_idle = |state: &mut State| {
            !(state.is_stopping || state.keys.is_open || state.list.is_open || state.is_list_old)
        };
        let slept = self.changed.wait_timeout_while(self.state(), most, is_idle);
        let (mut state, _) = slept.unwrap_or_else(PoisonError::into_inner);
        if state.is_stopping {
            return Call::Stop;
        }
        let is_list_old = std::mem::take(&mut state.is_list_old);
        Call::Fetch { keys: state.keys.is_open, list: state.list.is_open || is_list_old }
    }

    /// Sleeps; false when it is over.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let slept = self.changed.wait_timeout_while(self.state(), time, |state| !state.is_stopping);
        !slept.unwrap_or_else(PoisonError::into_inner).0.is_stopping
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state().is_stopping
    }

    pub(super) fn stop(&self) {
        self.state().is_stopping = true;
        self.changed.notify_all();
    }

    /// The stream said something at that moment, or (none) is gone.
    pub(super) fn hear(&self, heard: Option<Instant>) {
        let mut state = self.state();
        state.is_list_old |= heard.is_none() && state.heard.is_some();
        state.heard = heard;
        self.changed.notify_all();
    }

    pub(super) fn heard(&self) -> Option<Instant> {
        self.state().heard
    }

    /// There is another list than ours.
    pub(super) fn call_for_list(&self) {
        self.state().is_list_old = true;
        self.changed.notify_all();
    }
}
