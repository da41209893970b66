//! A connection, and how long we wait for what comes over it.
//!
//! Actix bounds the first head on a connection and its idle times. It waits for ever for the head of a later request,
//! for the end of a body that nobody reads, and for a client that does not fetch its answer. One rule covers them
//! all: *whenever no request is being answered, there is a moment by which the next one must have reached us*.
//!
//! ```text
//! opened ──request_timeout──> asked ──no limit here──> answered ──keep_alive──> asked
//!                                   (the deed's own)            ──request_timeout from the first byte──> asked
//!                                                               ──a second, if its body was not read──> closed
//!                                   ──a stream: once it has ended──> as after any other answer
//! ```

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode, header};
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::places::Place;
use crate::config::ServerConfig;

/// How long we listen on after an answer that ends a connection: a close at once may destroy the answer on its way.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// Where Actix has a limit of its own, it comes first by this, and ends the connection in good form.
const MOMENT: Duration = Duration::from_millis(250);

/// A client's connection. It fails with [`io::ErrorKind::TimedOut`] once the client is late.
pub(super) struct Connection {
    stream: TcpStream,
    patience: Rc<Patience>,
    /// Rings at the moment that counts or before it: moving it for each request would cost more than one false alarm.
    alarm: Pin<Box<Sleep>>,
    _place: Option<Place>,
}

/// Until when the client has time, known to the connection and to whoever answers its requests.
pub(super) struct Patience {
    request_timeout: Duration,
    keep_alive: Duration,
    until: Cell<Option<Instant>>,
    has_begun: Cell<bool>,
    is_unread: Cell<bool>,
    has_ended: Cell<bool>,
    is_streaming: Cell<bool>,
}

/// An answer that goes on for as long as we have something to say; until it is dropped, nobody is late.
pub(super) struct Streaming(Rc<Patience>);

impl Connection {
    pub(super) fn new(stream: TcpStream, place: Option<Place>, config: &ServerConfig) -> Self {
        let until = Instant::now() + config.request_timeout + MOMENT;
        let patience = Patience {
            request_timeout: config.request_timeout,
            keep_alive: config.keep_alive,
            until: Cell::new(Some(until)),
            has_begun: Cell::new(true),
            is_unread: Cell::new(false),
            has_ended: Cell::new(false),
            is_streaming: Cell::new(false),
        };
        Self { stream, patience: Rc::new(patience), alarm: Box::pin(sleep_until(until)), _place: place }
    }

    /// Lets its requests know it; see [`asked`].
    pub(super) fn introduce(&self, data: &mut Extensions) {
        data.insert(Rc::clone(&self.patience));
    }

    /// Ready once the client is late.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some(until) = self.patience.until.get() else { return Poll::Pending };
        if self.alarm.deadline() > until {
            self.alarm.as_mut().reset(until);
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if self.alarm.deadline() == until {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(until);
        }
    }
}

impl Patience {
    /// Bytes came. A request that has begun may not take as long as an idle connection.
    fn heard(&self) {
        if let Some(until) = self.until.get().filter(|_| !self.has_begun.replace(true)) {
            self.until.set(Some(until.min(Instant::now() + self.request_timeout)));
        }
    }

    fn asked(&self, has_body: bool) {
        self.until.set(None);
        self.is_unread.set(has_body);
    }

    fn answered(&self, is_last: bool) {
        self.has_begun.set(false);
        self.has_ended.set(self.has_ended.get() || self.is_unread.get() || is_last);
        if !self.is_streaming.get() {
            self.wait();
        }
    }

    /// Nothing more of a stream can be sent: whoever opens one and does not read it is late like anybody else.
    fn is_stuck(&self) {
        if self.is_streaming.get() && self.until.get().is_none() {
            self.wait();
        }
    }

    fn is_moving(&self) {
        if self.is_streaming.get() {
            self.until.set(None);
        }
    }

    fn wait(&self) {
        let time = if self.has_ended.get() { LINGER } else { self.keep_alive };
        self.until.set(Some(Instant::now() + time + MOMENT));
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.is_streaming.set(false);
        self.0.wait();
    }
}

/// The answer to this request is a stream. Whoever does not read it on still has to let it go once it has ended.
pub(super) fn stream(request: &HttpRequest) -> Option<Streaming> {
    let patience = Rc::clone(request.conn_data::<Rc<Patience>>()?);
    patience.is_streaming.set(true);
    Some(Streaming(patience))
}

/// A request is with us, on a connection of our own server. On one that has ended it is none (RFC 9112 §9.6), though
/// Actix would answer it: nothing happens any more until the connection fails, which it does in a moment.
pub(super) async fn asked(request: &ServiceRequest) -> Option<Rc<Patience>> {
    let patience = Rc::clone(request.conn_data::<Rc<Patience>>()?);
    if patience.has_ended.get() {
        std::future::pending::<()>().await;
    }
    patience.asked(has_body(request));
    Some(patience)
}

/// It is answered. Whoever sent what we did not read to its end, or more than we read at all, is told that the
/// connection ends.
pub(super) fn answered<B>(
    patience: Option<Rc<Patience>>,
    answer: &mut Result<ServiceResponse<B>, actix_web::Error>,
) {
    let Some(patience) = patience else { return };
    patience.answered(answer.as_ref().is_ok_and(|response| is_last(response.status())));
    if let Ok(response) = answer
        && patience.has_ended.get()
    {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// The body was read to its end: what follows on this connection is the next request.
pub(super) fn body_was_read(request: &HttpRequest) {
    if let Some(patience) = request.conn_data::<Rc<Patience>>() {
        patience.is_unread.set(false);
    }
}

fn has_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// Whoever sends such a request has nothing else to say that we would like to hear.
fn is_last(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::URI_TOO_LONG
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // First: whoever sends without a pause may be late too.
        if let Poll::Ready(late) = self.poll_late(context) {
            return Poll::Ready(Err(late));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.patience.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => {
                self.patience.is_stuck();
                self.poll_late(context).map(Err)
            }
            written => {
                self.patience.is_moving();
                written
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // This is what Actix does last before it waits: from here on the alarm is set to what is true now.
        if let Poll::Ready(late) = self.poll_late(context) {
            return Poll::Ready(Err(late));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
