//! The links from one page of a list to the next: the row they go on from stands in the address.

use serde::Deserialize;

use super::error::Error;
use crate::clock::Timestamp;
use crate::models::Part;

/// The most characters of a row's place: a time and an id.
const MOST_CHARACTERS: usize = 64;

/// `?before=` or `?after=`: the place of a row.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PartQuery {
    before: Option<String>,
    after: Option<String>,
}

impl PartQuery {
    /// The part of the list that is asked for.
    pub(super) fn read<Id: for<'text> From<&'text str>>(&self) -> Result<Part<Id>, Error> {
        let place = |text: &str| {
            let (at, id) = text.split_once('.')?;
            let at = at.parse().ok().filter(|at| (0..i64::MAX).contains(at))?;
            let is_id = !id.is_empty()
                && text.len() <= MOST_CHARACTERS
                && id.bytes().all(|byte| byte.is_ascii_graphic());
            is_id.then(|| (Timestamp::from_seconds(at), Id::from(id)))
        };
        let part = match (self.before.as_deref(), self.after.as_deref()) {
            (None, None) => return Ok(Part::newest()),
            (Some(before), None) => place(before).map(|(at, id)| Part::Before { at, id }),
            (None, Some(after)) => place(after).map(|(at, id)| Part::After { at, id }),
            (Some(_), Some(_)) => None,
        };
        part.ok_or(Error::BadRequest(
            "There is no such page of this list. Start again from its first page.".into(),
        ))
    }
}

/// The links under a list.
pub(super) struct Pager {
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
}

impl Pager {
    /// Links to what lies beyond the `first` and the `last` row of this page, as far as there is anything; `path` ends
    /// where the place is to stand: `/account/activity?`.
    pub(super) fn new(
        path: &str,
        first: Option<(Timestamp, String)>,
        last: Option<(Timestamp, String)>,
        anchor: &str,
    ) -> Self {
        let link = |direction: &str, row: Option<(Timestamp, String)>| {
            row.map(|(at, id)| format!("{path}{direction}={}.{id}{anchor}", at.seconds()))
        };
        Self { newer: link("after", first), older: link("before", last) }
    }
}
