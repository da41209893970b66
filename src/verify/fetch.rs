//! Fetching: from one origin, without redirects and proxies, and no more than we asked for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use ureq::http::{HeaderName, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// What the issuer did not answer as it should; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Http(#[from] ureq::Error),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("is of the type {0:?}")]
    Type(String),
    #[error("is not what it should be: {0}")]
    Content(String),
}

/// A document, and what was said with it.
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: Option<String>,
    pub(super) max_age: Option<Duration>,
}

/// Asks one issuer.
#[derive(Clone)]
pub(super) struct Fetcher {
    agent: Agent,
}

impl Fetcher {
    /// The longest that the stream of changes may be silent: it says something every ten seconds.
    const LONGEST_SILENCE: Duration = Duration::from_secs(25);
    /// A stream is asked for again after this long, whatever it says.
    const LONGEST_STREAM: Duration = Duration::from_mins(10);

    /// A fetcher that waits no longer than `patience` for a whole document.
    pub(super) fn new(patience: Duration) -> Self {
        // The one that signs in `jsonwebtoken`, too: no second cryptography is linked in.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // A proxy of the environment could be anybody's; who is asked stands in our settings.
            .proxy(None)
            // A redirect would let the issuer's front send us to another host.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .max_response_header_size(16 * 1024)
            .user_agent(concat!("vestibule-verify/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent() }
    }

    /// The document at `url`, of one of these types and of at most `most` bytes; nothing if it is still the one that
    /// `etag` names.
    pub(super) fn get(
        &self,
        url: &str,
        types: &[&str],
        most: u64,
        etag: Option<&str>,
    ) -> Result<Option<Document>, FetchError> {
        let mut request = self.agent.get(url).header(ACCEPT, types.join(", "));
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let mut response = request.call()?;
        if etag.is_some() && response.status() == 304 {
            return Ok(None);
        }
        check_head(&response, types)?;
        let bytes = response.body_mut().with_config().limit(most).read_to_vec()?;
        let max_age = header(&response, CACHE_CONTROL).and_then(max_age);
        Ok(Some(Document { bytes, etag: header(&response, ETAG).map(str::to_owned), max_age }))
    }

    /// The stream of events at `url`, to be read as it comes.
    pub(super) fn stream(&self, url: &str) -> Result<impl io::Read + use<>, FetchError> {
        let request = self.agent.get(url).header(ACCEPT, "text/event-stream").config();
        let request = request
            .timeout_global(Some(Self::LONGEST_STREAM))
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(5)))
            .timeout_per_read(Some(Self::LONGEST_SILENCE))
            .build();
        let response = request.call()?;
        check_head(&response, &["text/event-stream"])?;
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }
}

fn check_head(response: &Response<Body>, types: &[&str]) -> Result<(), FetchError> {
    if response.status() != 200 {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let whole = header(response, CONTENT_TYPE).unwrap_or_default();
    let kind = whole.split(';').next().unwrap_or_default().trim();
    match types.iter().any(|wanted| kind.eq_ignore_ascii_case(wanted)) {
        true => Ok(()),
        false => Err(FetchError::Type(kind.chars().take(80).collect())),
    }
}

fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// The seconds behind `max-age` (RFC 9111 §5.2.2.1).
fn max_age(cache_control: &str) -> Option<Duration> {
    let seconds = cache_control.split(',').find_map(|part| part.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}
