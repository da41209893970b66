//! `/account/activity.csv`: the same for a spreadsheet.
//!
//! The file is written while it is sent, a few rows at a time: however much has happened, it takes no more memory.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Query};
use futures_util::{StreamExt as _, stream};

use super::activity::FilterQuery;
use crate::flows::look_back;
use crate::id::{EventId, UserId};
use crate::models::{Event, Part};
use crate::vestibule::Vestibule;
use crate::web::activity::{self, Filter};
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::page::Moments;

const COLUMNS: [&str; 9] =
    ["time", "local time", "event", "what happened", "by", "device", "user agent", "address", "request"];

/// A file on its way.
struct Writing {
    vestibule: Vestibule,
    user: UserId,
    filter: Filter,
    moments: Moments,
    part: Part<EventId>,
}

/// `GET /account/activity.csv`.
pub(in crate::web) async fn show(
    context: Context,
    query: Query<FilterQuery>,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let writing = Writing {
        vestibule: Vestibule::clone(&vestibule),
        user: current.user.id.clone(),
        filter: query.kind,
        moments: Moments::of(&current.user, context.now),
        part: Part::newest(),
    };
    // The first rows before the answer begins: should the database be away, that is said in words.
    let (first, rest) = writing.go_on().await?;
    let rest = stream::try_unfold(rest, async |rest| match rest {
        Some(writing) => writing.go_on().await.map(Some),
        None => Ok::<_, Error>(None),
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"activity.csv\""))
        .streaming(stream::iter([Ok(first)]).chain(rest)))
}

impl Writing {
    /// The next rows, and what is left to do.
    async fn go_on(self) -> Result<(Bytes, Option<Self>), Error> {
        let (kinds, part) = (self.filter.kinds(), self.part.clone());
        let page = look_back::events(&self.vestibule, &self.user, kinds, part).await?;
        let text = self.write(&page.rows).map_err(|error| Error::Internal { cause: error.to_string() })?;
        let last = page.rows.last().filter(|_| page.has_older);
        let part = last.map(|event| Part::Before { at: event.at, id: event.id.clone() });
        Ok((text.into(), part.map(|part| Self { part, ..self })))
    }

    fn write(&self, events: &[Event]) -> Result<Vec<u8>, csv::Error> {
        let mut file =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::<u8>::new());
        if self.part.is_newest() {
            file.write_record(COLUMNS)?;
        }
        for event in events {
            let (at, (device, address)) = (self.moments.show(event.at), activity::place(event));
            let by = match event.actor.as_str() {
                "operator" => "the operator",
                "stranger" => "somebody not signed in",
                id if id == self.user.as_str() => "you",
                _ => "somebody else",
            };
            let cells = [
                at.iso.as_str(),
                &at.exact,
                event.kind.as_str(),
                &activity::words(event),
                by,
                &device,
                &event.user_agent,
                &address,
                &event.request_id,
            ];
            file.write_record(cells.map(inert))?;
        }
        file.into_inner().map_err(|error| error.into_error().into())
    }
}

/// A spreadsheet takes what begins like this for a formula, and some of it was written by strangers (ASVS 1.2.10).
fn inert(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}
