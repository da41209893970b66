//! Pass a door (forward-auth): whether somebody may see a path of another host, by the operator's rules.
//!
//! ```text
//! public? ──> in, known or not
//! nobody signed in ──> sign in                 has to have a second factor and has none ──> add one
//! not in a group that is asked for ──> refused
//! a second factor asked for, and not shown in this session ──> show it, or add one
//! ```

use std::sync::Arc;

use crate::config::{Allow, GuardedHost};
use crate::credentials::amr;
use crate::flows::authenticate::Authenticated;
use crate::flows::authenticate_key::KnownKey;
use crate::flows::last_way_in;
use crate::models::User;
use crate::vestibule::Vestibule;

/// Somebody at a door.
#[derive(Clone, Debug)]
pub enum Person {
    /// By a session.
    SignedIn(Arc<Authenticated>),
    /// A program, by a key of theirs.
    Key(Arc<KnownKey>),
}

impl Person {
    /// Who.
    pub fn user(&self) -> &User {
        match self {
            Self::SignedIn(who) => &who.user,
            Self::Key(known) => &known.user,
        }
    }
}

/// What becomes of somebody at a door.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// They may pass; the application is told who they are, if anybody knows.
    Pass(Option<&'a Person>),
    /// Nobody knows who they are.
    SignIn,
    /// They have to show their second factor.
    ShowSecondFactor,
    /// They have to have a second factor, and have none.
    AddSecondFactor,
    /// They are known, and may not see this.
    Refuse(&'a Person),
}

/// What becomes of `who` where they want to see `path` of `host`.
pub fn decide<'a>(
    vestibule: &Vestibule,
    host: &GuardedHost,
    path: &str,
    who: Option<&'a Person>,
) -> Verdict<'a> {
    let asks = host.asks_of(path);
    let is_whole = |who: &&Person| !last_way_in::must_enrol(vestibule, who.user());
    if host.is_public(path) {
        return Verdict::Pass(who.filter(is_whole));
    }
    let Some(who) = who else { return Verdict::SignIn };
    if !is_whole(&who) {
        return Verdict::AddSecondFactor;
    }
    let is_in = |name: &String| who.user().groups().any(|group| group == name);
    if !asks.clone().flat_map(Allow::groups).all(is_in) {
        return Verdict::Refuse(who);
    }
    if !asks.clone().any(Allow::second_factor) {
        return Verdict::Pass(Some(who));
    }
    match who {
        // A key is one thing that somebody has, and cannot show another.
        Person::Key(_) => Verdict::Refuse(who),
        Person::SignedIn(known) if amr::is_multi_factor(&known.session.amr) => Verdict::Pass(Some(who)),
        Person::SignedIn(known) if known.user.second_factor_since.is_some() => Verdict::ShowSecondFactor,
        Person::SignedIn(_) => Verdict::AddSecondFactor,
    }
}
