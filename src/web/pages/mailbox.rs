//! `/dev/mailbox`: the mails that nobody is sent, for whoever develops. There are links in them that open accounts.
//!
//! Hence it is there only while mails become files, and only for a browser on this very machine: by the address that
//! it comes from, by the name that it asks for (a page of somebody else's whose name was turned to 127.0.0.1 asks by
//! its own), by our own address, and with no proxy in between, behind which anybody may be.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::flows::overview;
use crate::id::MailId;
use crate::mail::Letter;
use crate::models::OutboxMail;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::Context;
use crate::web::page::{Moment, Moments, Shell, answer};

/// How many of the latest mails it shows.
const LATEST: i64 = 50;

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    shell: Shell,
    mails: Vec<Line>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    shell: Shell,
    mail: Line,
    lines: Vec<String>,
    home: String,
}

struct Line {
    id: String,
    subject: String,
    recipient: String,
    written: Moment,
    is_sent: bool,
}

impl Line {
    fn of(mail: OutboxMail, letter: &Letter, context: &Context) -> Self {
        Self {
            id: mail.id.to_string(),
            subject: letter.subject.clone(),
            written: Moments::at(context.now).show(mail.created_at),
            is_sent: mail.sent_at.is_some(),
            recipient: mail.recipient,
        }
    }
}

/// `GET /dev/mailbox`: the latest mails.
pub(in crate::web) async fn list(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&request, &context, &vestibule)?;
    let mails = overview::letters(&vestibule, LATEST).await?;
    let mails = mails.into_iter().map(|(mail, letter)| Line::of(mail, &letter, &context)).collect();
    answer(StatusCode::OK, &MailboxPage { shell: Shell::of(&request), mails })
}

/// `GET /dev/mailbox/{id}`: one mail, its links to be pressed.
pub(in crate::web) async fn show(
    request: HttpRequest,
    id: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    check_open(&request, &context, &vestibule)?;
    let found = overview::letter(&vestibule, MailId::from(id.as_str())).await?;
    let (mail, letter) = found.ok_or(Error::NotFound)?;
    let page = MailPage {
        shell: Shell::of(&request),
        mail: Line::of(mail, &letter, &context),
        lines: letter.text.lines().map(|line| line.trim_end().to_owned()).collect(),
        home: format!("{}/", vestibule.config.public_url()),
    };
    answer(StatusCode::OK, &page)
}

fn check_open(request: &HttpRequest, context: &Context, vestibule: &Vestibule) -> Result<(), Error> {
    if is_open(request, context, vestibule) { Ok(()) } else { Err(Error::NotFound) }
}

/// Whether whoever asks may see it.
pub(in crate::web) fn is_open(request: &HttpRequest, context: &Context, vestibule: &Vestibule) -> bool {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_proxied = !vestibule.config.server.trusted_proxies.is_empty()
        || headers.keys().any(|name| {
            let name = name.as_str();
            ["x-forwarded", "cf-"].iter().any(|start| name.starts_with(start))
                || ["forwarded", "x-real-ip", "via", "true-client-ip", "x-client-ip"].contains(&name)
        });
    vestibule.mailer.writes_files()
        && !vestibule.config.is_https()
        && context.address.is_some_and(|address| address.is_loopback())
        && vestibule.config.public_url() == format!("http://{host}")
        && !is_proxied
}
