//! `[throttle]`: how guessing is slowed down without locking anybody out.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;
use super::rule::{Rule, lasts, within};

/// How guessing is slowed down without locking anybody out.
#[derive(Clone, Debug, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleConfig {
    /// Whether anything is slowed down at all; `false` is for load tests.
    pub enabled: bool,
    /// How often one address may sign in, register or reset at once before it is slowed down.
    pub address_burst: u32,
    /// How often per minute one address may sign in, register or reset after that.
    pub address_per_minute: u32,
    /// How many wrong passwords unknown devices may send for one account before each must wait for the next.
    pub account_free_failures: u32,
    /// The longest such wait; it starts at one second and doubles.
    #[serde(with = "duration")]
    pub account_max_delay: Duration,
    /// After this many wrong passwords in a row an account takes one a day from unknown devices, until the password is
    /// reset or an operator enables the account anew. Devices known to it are not touched.
    pub account_failure_limit: u32,
    /// How many wrong passwords a device that has signed in before may send within `device_window`.
    pub device_failures: u32,
    /// The time in which `device_failures` are counted.
    #[serde(with = "duration")]
    pub device_window: Duration,
    /// How many bad tokens one address may send per minute.
    pub bad_tokens_per_minute: u32,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            address_burst: 10,
            address_per_minute: 10,
            account_free_failures: 5,
            account_max_delay: Duration::from_secs(30),
            account_failure_limit: 100,
            device_failures: 10,
            device_window: Duration::from_mins(5),
            bad_tokens_per_minute: 60,
        }
    }
}

impl ThrottleConfig {
    /// The rules that this section breaks.
    pub(super) fn check(&self) -> Vec<Rule> {
        let default = Self::default();
        let second = Duration::from_secs(1);
        let count = |key, value, default| within(key, value, 1..=1_000_000, default);
        [
            count("throttle.address_burst", self.address_burst, default.address_burst),
            count("throttle.address_per_minute", self.address_per_minute, default.address_per_minute),
            within(
                "throttle.account_free_failures",
                self.account_free_failures,
                1..=100,
                default.account_free_failures,
            ),
            lasts(
                "throttle.account_max_delay",
                self.account_max_delay,
                second..=Duration::from_hours(1),
                default.account_max_delay,
            ),
            // At most 100 in a row: NIST SP 800-63B-4 §3.2.2.
            within(
                "throttle.account_failure_limit",
                self.account_failure_limit,
                1..=100,
                default.account_failure_limit,
            ),
            count("throttle.device_failures", self.device_failures, default.device_failures),
            lasts(
                "throttle.device_window",
                self.device_window,
                second..=Duration::from_hours(24),
                default.device_window,
            ),
            count(
                "throttle.bad_tokens_per_minute",
                self.bad_tokens_per_minute,
                default.bad_tokens_per_minute,
            ),
            self.check_limit(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn check_limit(&self) -> Option<Rule> {
        let (free, limit) = (self.account_free_failures, self.account_failure_limit);
        (limit < free).then(|| {
            Rule::new(
                "throttle.account_failure_limit",
                format!("is {limit}, but must be at least `throttle.account_free_failures`, which is {free}"),
                "Raise it or lower the other.",
            )
            .because_of("throttle.account_free_failures")
        })
    }
}
