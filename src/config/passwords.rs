//! `[passwords]`: what we ask of a password, and what it costs to guess one.

use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts, within};

/// Pairs of memory (KiB) and passes that OWASP holds to be equally strong; the weakest that we start with.
const ARGON2_FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// What we ask of a password, and what checking one costs (Argon2id).
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordsConfig {
    /// The fewest characters of a new password, from 8 to 64.
    pub min_length: usize,
    /// How hard to guess a new password must be, from 0 (anything) to 4 (very hard).
    pub min_strength: u8,
    /// A file of passwords that may not be chosen here, beside the common ones that we know: UTF-8, one a line, without
    /// comments, at most 64 MiB and 5 million lines. Case does not matter, nor do up to four digits or signs after one
    /// of them. Read at start.
    pub blocklist_file: Option<PathBuf>,
    /// The memory that one hash takes, in KiB. Together with `hash_passes` it must not be weaker than OWASP
    /// recommends.
    pub hash_memory_kib: u32,
    /// How often one hash goes over its memory.
    pub hash_passes: u32,
    /// The most hashes computed at once; 0 means one per core.
    pub hash_threads: usize,
    /// The most people who wait for a hash; others are asked to come back in a moment.
    pub hash_queue: usize,
    /// How long somebody waits for a hash before being asked to come back in a moment.
    #[serde(with = "duration")]
    pub hash_wait: Duration,
}

impl Default for PasswordsConfig {
    fn default() -> Self {
        Self {
            min_length: 12,
            min_strength: 3,
            blocklist_file: None,
            hash_memory_kib: 19_456,
            hash_passes: 2,
            hash_threads: 0,
            hash_queue: 16,
            hash_wait: Duration::from_secs(2),
        }
    }
}

impl PasswordsConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let patience = Duration::from_millis(1)..=Duration::from_mins(1);
        [
            within("passwords.min_length", self.min_length, 8..=64, default.min_length),
            within("passwords.min_strength", self.min_strength, 0..=4, default.min_strength),
            within(
                "passwords.hash_memory_kib",
                self.hash_memory_kib,
                7_168..=4_194_304,
                default.hash_memory_kib,
            )
            .or_else(|| self.check_floor()),
            within("passwords.hash_passes", self.hash_passes, 1..=100, default.hash_passes),
            within("passwords.hash_threads", self.hash_threads, 0..=1024, default.hash_threads),
            within("passwords.hash_queue", self.hash_queue, 1..=10_000, default.hash_queue),
            lasts("passwords.hash_wait", self.hash_wait, patience, default.hash_wait),
            self.blocklist_file
                .as_ref()
                .filter(|file| file.as_os_str().is_empty())
                .map(|_| Rule::new("passwords.blocklist_file", "is empty", "Name a file, or leave it out.")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn check_floor(&self) -> Option<Rule> {
        let (memory, passes) = (self.hash_memory_kib, self.hash_passes);
        // The least memory that makes up for so few passes; none at all is said by a rule of its own.
        let needed = ARGON2_FLOOR.iter().filter(|floor| passes >= floor.1).map(|floor| floor.0).min()?;
        (memory < needed).then(|| {
            Rule::new(
                "passwords.hash_memory_kib",
                format!("is {memory}, but must be at least {needed} with `passwords.hash_passes` {passes}"),
                format!("Set it to {needed} or leave both out."),
            )
            .because_of("passwords.hash_passes")
        })
    }
}
