//! The list of tokens that were ended early (draft-ietf-oauth-status-list §4 and §5.1).

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

/// The bits, and how long they count.
pub(super) struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
    exp: i64,
    /// By which name the issuer knows it.
    etag: Option<String>,
}

/// The claims of the signed list.
#[derive(Deserialize)]
pub(super) struct ListClaims {
    sub: String,
    iss: Option<String>,
    iat: i64,
    exp: i64,
    status_list: EncodedList,
}

#[derive(Deserialize)]
struct EncodedList {
    bits: u8,
    lst: String,
}

impl StatusList {
    /// The `typ` of the signed list.
    pub(super) const TYP: &str = "statuslist+jwt";
    /// Its content type.
    pub(super) const TYPE: &str = "application/statuslist+jwt";
    /// Of the signed list: two thirds of it are bytes that hardly shrink when every second token was revoked.
    pub(super) const MOST_SIGNED: usize = 12 * 1024 * 1024;
    /// Of the bits, for 67 million tokens. A kilobyte of zlib may swell to a megabyte of zeros.
    const MOST_INFLATED: u64 = 8 * 1024 * 1024;

    /// The list in these claims, if it is the one at `uri` by `issuer` and counts at the second `now`.
    pub(super) fn read(
        claims: &ListClaims,
        uri: &str,
        issuer: &str,
        leeway: i64,
        now: i64,
    ) -> Result<Self, &'static str> {
        let is_ours = claims.sub == uri && claims.iss.as_deref().is_none_or(|iss| iss == issuer);
        if !is_ours {
            return Err("another list");
        }
        if now >= claims.exp || claims.iat > now.saturating_add(leeway) {
            return Err("a list of another time");
        }
        if !matches!(claims.status_list.bits, 1 | 2 | 4 | 8) {
            return Err("a list of odd bits");
        }
        let zlib =
            URL_SAFE_NO_PAD.decode(&claims.status_list.lst).map_err(|_| "a list that is no base64url")?;
        let mut bytes = Vec::new();
        let mut inflated = ZlibDecoder::new(zlib.as_slice()).take(Self::MOST_INFLATED + 1);
        inflated.read_to_end(&mut bytes).map_err(|_| "a list that is no zlib")?;
        if bytes.len() as u64 > Self::MOST_INFLATED {
            return Err("a list that is too long");
        }
        Ok(Self { bits: claims.status_list.bits, bytes, exp: claims.exp, etag: None })
    }

    /// The same, by the name that the issuer gave it.
    pub(super) fn named(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// Its name, while it still counts at the second `now`.
    pub(super) fn etag(&self, now: i64) -> Option<&str> {
        self.etag.as_deref().filter(|_| self.counts(now))
    }

    /// What the list says of a token: zero is valid. Nothing, if it is not in the list.
    pub(super) fn status(&self, index: u64) -> Option<u8> {
        let each = u64::from(8 / self.bits);
        let byte = self.bytes.get(usize::try_from(index / each).ok()?)?;
        let shift = u32::try_from(index % each).ok()? * u32::from(self.bits);
        // The lowest bits of a byte are its first token's.
        Some((byte >> shift) & (u8::MAX >> (8 - self.bits)))
    }

    /// Whether it still counts at the second `now`.
    pub(super) fn counts(&self, now: i64) -> bool {
        now < self.exp
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn claims(bits: u8, lst: &str) -> ListClaims {
        let status_list = EncodedList { bits, lst: lst.to_owned() };
        ListClaims { sub: "uri".to_owned(), iss: Some("iss".to_owned()), iat: 100, exp: 200, status_list }
    }

    fn read(bits: u8, lst: &str) -> Result<StatusList, &'static str> {
        StatusList::read(&claims(bits, lst), "uri", "iss", 0, 150)
    }

    fn zlib(bytes: &[u8]) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        URL_SAFE_NO_PAD.encode(encoder.finish().unwrap())
    }

    #[test]
    fn the_examples_of_the_draft_are_read_as_it_says() {
        let ones = read(1, "eNrbuRgAAhcBXQ").unwrap();
        let twos = read(2, "eNo76fITAAPfAgc").unwrap();

        let read_all =
            |list: &StatusList, many| (0..many).map(|at| list.status(at).unwrap()).collect::<Vec<_>>();
        assert_eq!(read_all(&ones, 16), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
        assert_eq!(read_all(&twos, 12), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
        assert_eq!((ones.status(16), ones.status(u64::MAX)), (None, None));
    }

    #[test]
    fn a_list_that_swells_is_put_away() {
        let bomb = zlib(&vec![0; usize::try_from(StatusList::MOST_INFLATED).unwrap() + 1]);

        assert!(bomb.len() < 16 * 1024, "{}", bomb.len());
        assert_eq!(read(1, &bomb).err(), Some("a list that is too long"));
    }

    #[test]
    fn a_list_of_somebody_else_of_another_time_or_of_nonsense_does_not_count() {
        let good = zlib(&[0; 4]);
        let at = |uri, iss, now| StatusList::read(&claims(1, &good), uri, iss, 0, now).err();

        assert_eq!(at("uri", "iss", 150), None);
        assert_eq!(at("other", "iss", 150), Some("another list"));
        assert_eq!(at("uri", "other", 150), Some("another list"));
        assert_eq!(at("uri", "iss", 200), Some("a list of another time"));
        assert_eq!(at("uri", "iss", 99), Some("a list of another time"));
        for bits in [0, 3, 16, 255] {
            assert_eq!(read(bits, &good).err(), Some("a list of odd bits"), "{bits}");
        }
        assert_eq!(read(1, "=").err(), Some("a list that is no base64url"));
        assert_eq!(read(1, "AAAA").err(), Some("a list that is no zlib"));
        assert_eq!(read(1, "").err(), Some("a list that is no zlib"));
    }
}
