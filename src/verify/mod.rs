//! Checking our tokens in another process: by our published keys, and by the list of those that were ended early.
//!
//! A service that depends on this crate with `default-features = false, features = ["verify"]` gets this module alone:
//! no server, no database, no async runtime. Each check is made from memory; two threads keep that up to date.
//!
//! ```no_run
//! use vestibule::verify::{Verifier, VerifyError};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, when the service starts: who issues the tokens, and for whom (`tokens.audience`; unset, the issuer itself).
//! let verifier = Verifier::start("https://login.example.org", "https://login.example.org")?;
//!
//! // For each request:
//! let token = "what stands behind `Authorization: Bearer `";
//! match verifier.verify(token) {
//!     Ok(claims) if claims.is_in_group("editors") => println!("Good morning, {}.", claims.sub),
//!     Ok(_) => println!("403"),
//!     Err(VerifyError::StatusUnknown) => println!("503: we cannot tell, and so let nobody in"),
//!     Err(why) => println!("401, and for our log: {why}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A token is good that was signed with a key of the issuer ([RFC 7517], Ed25519), is an access token ([RFC 9068]) for
//! this audience, has begun and not ended, and is valid by the issuer's token status list. A session that ends is over
//! here within about a second. When the issuer is not heard of for ten seconds, nobody knows, and every token is refused
//! with [`VerifyError::StatusUnknown`].
//!
//! ```text
//! vestibule-verify   metadata ──> keys (as long as they may be kept)        ┐
//!                    list (every second; every three while there is a stream) ├──> memory <── verify
//! vestibule-events   stream of changes: revoked at once                       ┘
//! ```
//!
//! [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
//! [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068

mod board;
mod builder;
mod claims;
mod error;
mod events;
mod fetch;
mod follow;
mod keys;
mod memory;
mod moment;
mod origin;
mod signed;
mod status_list;
mod verifier;

pub use builder::Builder;
pub use claims::Claims;
pub use error::{StartError, VerifyError};
pub use verifier::Verifier;
