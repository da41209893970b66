//! The keys that sign tokens: those there are, and what each is at present.

use crate::clock::Timestamp;
use crate::config::Algorithm;
use crate::db::{self, AnyConnection};
use crate::models::SigningKey;
use crate::tokens::{KeyRing, RingKey};
use crate::vestibule::Vestibule;

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is published, so that whoever checks our tokens has it when it begins to sign.
    Next,
    /// It signs.
    Current,
    /// Another signs; its last tokens have not ended.
    Retiring,
    /// None of its tokens counts any more.
    Gone,
}

/// What each of `rows`, the one that signs last first, is at `now`.
pub fn states(rows: &[SigningKey], now: Timestamp) -> Vec<State> {
    let mut successor: Option<Timestamp> = None;
    let mut states = Vec::with_capacity(rows.len());
    for row in rows {
        if row.withdrawn_at.is_some() {
            states.push(State::Gone);
            continue;
        }
        states.push(match successor {
            _ if row.signs_from > now => State::Next,
            None => State::Current,
            Some(begun) if now < begun + KeyRing::LAST_TOKENS => State::Retiring,
            Some(_) => State::Gone,
        });
        if row.signs_from <= now {
            successor = Some(row.signs_from);
        }
    }
    states
}

/// Every key with its state, the one that signs last first.
///
/// # Errors
///
/// The database's.
pub async fn list(vestibule: &Vestibule, now: Timestamp) -> Result<Vec<(SigningKey, State)>, db::Error> {
    let rows = vestibule.db.read(|conn| Ok::<_, db::Error>(SigningKey::list(conn)?)).await?;
    let states = states(&rows, now);
    Ok(rows.into_iter().zip(states).collect())
}

/// Takes up what changed in the table, if something did; whether that was so. What was found good by a key that is gone
/// is asked for anew.
pub(super) fn take_up(vestibule: &Vestibule, conn: &mut AnyConnection) -> Result<bool, db::Error> {
    if vestibule.config.tokens.algorithm == Algorithm::HS256 {
        return Ok(false);
    }
    let rows = SigningKey::list(conn)?;
    let wanted: Vec<_> = rows
        .iter()
        .filter(|row| row.withdrawn_at.is_none())
        .map(|row| (row.id.clone(), row.signs_from))
        .collect();
    if vestibule.tokens.holds(&wanted) {
        return Ok(false);
    }
    vestibule.tokens.replace(open(vestibule, &rows));
    vestibule.verified.forget_all();
    Ok(true)
}

/// The same, for who has no connection at hand.
///
/// # Errors
///
/// The database's.
pub async fn refresh(vestibule: &Vestibule) -> Result<(), db::Error> {
    let here = vestibule.clone();
    vestibule.db.read(move |conn| take_up(&here, conn).map(drop)).await
}

fn open(vestibule: &Vestibule, rows: &[SigningKey]) -> Vec<RingKey> {
    let usable = rows.iter().filter(|row| row.withdrawn_at.is_none());
    let opened = usable.map(|row| (row, row.open(&vestibule.signing_keys)));
    opened
        .inspect(|(row, key)| {
            if key.is_none() {
                log::error!("the signing key {} does not open: was it made with another secret?", row.id);
            }
        })
        .filter_map(|(_, key)| key)
        .collect()
}
