//! The passwords that an operator does not want: a list of their own, beside the embedded one.
//!
//! One password a line, in UTF-8; a line may begin with anything, so there are no comments, and blanks count. Compared
//! as the embedded list is: in whatever case, with or without up to four digits or signs after it. Of each entry eight
//! bytes of its SHA-256 are kept, sorted: 8 MB for a million, and of as many passwords as there are people on earth
//! fewer than one is mistaken for one of them (five look-ups, each wrong for one in 2⁶⁴ / entries). No entry is missed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::common_passwords::is_among;
use crate::secret;

/// The largest file.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most lines in it.
const MOST_LINES: usize = 5_000_000;

/// An operator's list. Clones share it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Blocklist(Arc<[u64]>);

/// Why a file is no such list.
#[derive(Debug, thiserror::Error)]
pub enum BlocklistError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// Bytes that nobody can type.
    #[error("line {line} is not UTF-8. Save the file as UTF-8 text, one password a line.")]
    Encoding {
        /// Which, from 1 on.
        line: usize,
    },
    /// More than we keep in memory.
    #[error(
        "it is larger than {} MiB or has more than {} million lines. Leave out those that \
         nobody tries first.", MOST_BYTES / 1024 / 1024, MOST_LINES / 1_000_000
    )]
    TooLarge,
}

impl Blocklist {
    /// Reads the list in this file.
    ///
    /// # Errors
    ///
    /// [`BlocklistError`], worded for the operator.
    pub fn read(path: &Path) -> Result<Self, BlocklistError> {
        // One byte more than allowed tells that there is more, of a pipe, too.
        Self::parse(BufReader::new(File::open(path)?.take(MOST_BYTES + 1)))
    }

    fn parse(mut lines: impl BufRead) -> Result<Self, BlocklistError> {
        let (mut digests, mut line, mut bytes) = (Vec::new(), Vec::new(), 0);
        for number in 1.. {
            line.clear();
            match lines.read_until(b'\n', &mut line)? as u64 {
                0 => break,
                more => bytes += more,
            }
            if bytes > MOST_BYTES || number > MOST_LINES {
                return Err(BlocklistError::TooLarge);
            }
            let text = std::str::from_utf8(&line).map_err(|_| BlocklistError::Encoding { line: number })?;
            // Editors leave a mark at the beginning of a file, and two signs at the end of its lines.
            let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
            let entry = text.trim_end_matches(['\r', '\n']);
            if !entry.is_empty() {
                digests.push(digest(&entry.to_lowercase()));
            }
        }
        digests.sort_unstable();
        digests.dedup();
        Ok(Self(digests.into()))
    }

    /// Whether `password` is one of them.
    pub fn has(&self, password: &str) -> bool {
        !self.0.is_empty() && is_among(password, |word| self.0.binary_search(&digest(word)).is_ok())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Five million numbers help nobody.
impl std::fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blocklist({} entries)", self.len())
    }
}

fn digest(word: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = secret::sha256(word.as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &[u8]) -> Result<Blocklist, BlocklistError> {
        Blocklist::parse(text)
    }

    #[test]
    fn every_entry_is_refused_and_what_is_near_it_is_not() {
        let entries: Vec<String> = (0..2000).map(|number| format!("Gravel otter №{number} sings")).collect();
        let list = list(entries.join("\n").as_bytes()).unwrap();

        assert_eq!(list.len(), 2000);
        for entry in &entries {
            assert!(list.has(entry) && list.has(&entry.to_uppercase()), "{entry}");
            assert!(list.has(&format!("{entry}2026")), "with up to four signs after it");
            for near in [&entry[1..], &format!("a {entry}"), &format!("{entry} x"), &format!("{entry}12345")]
            {
                assert!(!list.has(near), "{near}");
            }
        }
    }

    #[test]
    fn a_line_is_a_password_whatever_it_begins_with() {
        let list =
            list("\u{feff}first of all\r\n\r\n# no comment\n  blanks count\nsame\nSAME".as_bytes()).unwrap();

        assert_eq!(list.len(), 4);
        for listed in ["first of all", "# no comment", "  blanks count", "Same"] {
            assert!(list.has(listed), "{listed}");
        }
        for other in ["", "\r", "no comment", "blanks count", "\u{feff}first of all"] {
            assert!(!list.has(other), "{other:?}");
        }
    }

    #[test]
    fn an_empty_list_refuses_nothing() {
        for text in ["", "\n", "\r\n\n"] {
            assert!(list(text.as_bytes()).unwrap().is_empty());
        }
        assert!(!Blocklist::default().has(""));
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line() {
        let error = list(b"fine\nalso fine\nnot \xff fine\n").unwrap_err();

        assert!(error.to_string().starts_with("line 3 is not UTF-8."), "{error}");
        assert!(matches!(
            list(
                "fine\n"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .chain([0xff])
                    .collect::<Vec<_>>()
                    .as_slice()
            ),
            Err(BlocklistError::Encoding { line: 2 })
        ));
    }

    #[test]
    fn what_is_too_large_is_refused_and_what_just_fits_is_read() {
        assert!(list("\n".repeat(MOST_LINES).as_bytes()).is_ok());
        let error = list("\n".repeat(MOST_LINES + 1).as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("it is larger than 64 MiB or has more than 5 million lines."));
        let long = vec![b'x'; MOST_BYTES as usize + 1];
        assert!(list(&long[1..]).is_ok());
        assert!(matches!(list(&long), Err(BlocklistError::TooLarge)));
    }
}
