//! Durations as people write them: `30s`, `10m`, `12h`, `30d`. For `#[serde(with = "duration")]`.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

const DAY: u64 = 24 * 60 * 60;

/// Writes `duration` with its largest units, days included (a day is 24 hours).
pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&print(*duration))
}

/// Reads a duration with its unit.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let wrong = || D::Error::custom("must be a duration with its unit, such as `30s`, `10m`, `12h` or `30d`");
    let text = String::deserialize(deserializer).map_err(|_| wrong())?;
    parse(&text).ok_or_else(wrong)
}

/// `duration` as we print it to people: `10m`, `1h 30m`, `30d`.
pub(super) fn print(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_nanos() == 0 && seconds >= 2 * DAY && seconds.is_multiple_of(DAY) {
        return format!("{}d", seconds / DAY);
    }
    SignedDuration::try_from(duration).map_or_else(|_| format!("{seconds}s"), |signed| format!("{signed:#}"))
}

fn parse(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(signed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for text in ["1s", "30s", "10m", "12h", "24h", "30d", "1h 30m", "250ms"] {
            let duration = parse(text).unwrap();

            assert_eq!(print(duration), text);
        }
    }

    #[test]
    fn a_duration_without_a_unit_or_before_zero_is_refused() {
        for text in ["", "30", "-5m", "soon", "1 parsec", "1 month"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
