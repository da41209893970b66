//! What a value must be beyond its type: a broken [`Rule`] names the key to mend and how.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::duration;

/// A rule that a configuration breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The key to mend.
    pub key: &'static str,
    /// The other key that makes this one wrong, if it is wrong only together with that.
    pub because_of: Option<&'static str>,
    /// What is wrong, to be read after the key: "is 4, but must be 8 to 64".
    pub wrong: String,
    /// What to do about it; a sentence.
    pub remedy: String,
}

impl Rule {
    pub(super) fn new(key: &'static str, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key, because_of: None, wrong: wrong.into(), remedy: remedy.into() }
    }

    pub(super) fn because_of(self, key: &'static str) -> Self {
        Self { because_of: Some(key), ..self }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}. {}", self.key, self.wrong, self.remedy)
    }
}

/// The rule that `value` lies in `range`; the remedy names the `default`.
pub(super) fn within<T: PartialOrd + fmt::Display>(
    key: &'static str,
    value: T,
    range: RangeInclusive<T>,
    default: T,
) -> Option<Rule> {
    (!range.contains(&value)).then(|| outside(key, &value, range.start(), range.end(), &default))
}

/// The rule that a duration lies in `range`; the remedy names the `default`.
pub(super) fn lasts(
    key: &'static str,
    value: Duration,
    range: RangeInclusive<Duration>,
    default: Duration,
) -> Option<Rule> {
    let [value_text, start, end, default] =
        [value, *range.start(), *range.end(), default].map(duration::print);
    (!range.contains(&value)).then(|| outside(key, &value_text, &start, &end, &default))
}

/// The rule that a text says something.
pub(super) fn not_blank(key: &'static str, value: Option<&str>) -> Option<Rule> {
    value
        .is_some_and(|text| text.trim().is_empty())
        .then(|| Rule::new(key, "is empty", "Give it a value or leave it out."))
}

fn outside(
    key: &'static str,
    value: &dyn fmt::Display,
    start: &dyn fmt::Display,
    end: &dyn fmt::Display,
    default: &dyn fmt::Display,
) -> Rule {
    Rule::new(
        key,
        format!("is {value}, but must be {start} to {end}"),
        format!("Set it to {default} or leave it out."),
    )
}
