//! The token status list (draft-ietf-oauth-status-list): a bit for each token that says whether it was taken back.
//!
//! ```text
//! a token:   "status": {"status_list": {"idx": 17, "uri": "https://…/.well-known/token-status"}}
//! the list:  … 0 0 1 0 …   bit 17, counted from the lowest bit of the first byte; 1 is invalid; zlib, base64url
//! ```

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::secret;

/// The claim `status` of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Where the list says how it is.
    pub status_list: StatusReference,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusReference {
    /// Which bit.
    pub idx: u64,
    /// Of which list.
    pub uri: String,
}

/// The claims of the signed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusListClaims {
    /// Which list it is: the `uri` in the tokens.
    pub sub: String,
    /// Who signed it, and the tokens.
    pub iss: String,
    /// When.
    pub iat: Timestamp,
    /// Nobody is to go by it any longer.
    pub exp: Timestamp,
    /// After so many seconds there may be a newer one.
    pub ttl: u64,
    /// The bits.
    pub status_list: EncodedStatusList,
}

/// The bits as they travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedStatusList {
    /// How many bits a token has: one.
    pub bits: u8,
    /// All of them: zlib, base64url.
    pub lst: String,
}

/// The bits themselves. `Debug` says how many.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList(Vec<u8>);

impl StatusList {
    /// The `typ` of the signed list.
    pub const TYP: &str = "statuslist+jwt";

    /// A list in which `length` tokens, or a few more, are valid.
    pub fn new(length: u64) -> Self {
        Self(vec![0; usize::try_from(length.div_ceil(8)).unwrap_or(0)])
    }

    /// Sets a bit; one beyond the end is none.
    pub fn set_invalid(&mut self, index: u64) {
        let byte = usize::try_from(index / 8).ok().and_then(|at| self.0.get_mut(at));
        byte.into_iter().for_each(|byte| *byte |= 1 << (index % 8));
    }

    /// Whether a token was taken back; nothing, if it is not in the list: then nobody may trust it.
    pub fn is_invalid(&self, index: u64) -> Option<bool> {
        let byte = usize::try_from(index / 8).ok().and_then(|at| self.0.get(at))?;
        Some(byte & (1 << (index % 8)) != 0)
    }

    /// The list as it travels.
    ///
    /// # Errors
    ///
    /// Never: it is written to memory.
    pub fn encode(&self) -> std::io::Result<EncodedStatusList> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.0)?;
        Ok(EncodedStatusList { bits: 1, lst: secret::to_base64url(&encoder.finish()?) })
    }

    /// The list that somebody sent; nothing, if it is none, or has more than `most_bytes`: a few bytes may swell to any
    /// number of zeros.
    pub fn decode(encoded: &EncodedStatusList, most_bytes: u64) -> Option<Self> {
        let compressed = secret::from_base64url(&encoded.lst).filter(|_| encoded.bits == 1)?;
        let mut bytes = Vec::new();
        ZlibDecoder::new(compressed.as_slice()).take(most_bytes + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= most_bytes).then_some(Self(bytes))
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({} bits)", self.0.len() * 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the draft, section 4.1.
    const SET: [u64; 9] = [0, 3, 4, 5, 7, 8, 9, 13, 15];

    #[test]
    fn the_example_of_the_draft_reads_and_writes_as_it_says() {
        let example = EncodedStatusList { bits: 1, lst: "eNrbuRgAAhcBXQ".to_owned() };
        let mut list = StatusList::new(16);
        SET.iter().for_each(|index| list.set_invalid(*index));

        assert_eq!(StatusList::decode(&example, 2), Some(list.clone()));
        assert_eq!(list.encode().unwrap(), example);
        assert_eq!(
            (list.is_invalid(13), list.is_invalid(14), list.is_invalid(16)),
            (Some(true), Some(false), None)
        );
    }

    #[test]
    fn what_swells_is_not_read_to_its_end() {
        let large = StatusList::new(8_000_000).encode().unwrap();

        assert!(large.lst.len() < 2_000, "{}", large.lst.len());
        assert_eq!(StatusList::decode(&large, 999_999), None);
        assert!(StatusList::decode(&large, 1_000_000).is_some());
    }
}
