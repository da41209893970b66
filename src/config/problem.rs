//! What is wrong with a configuration: everything at once, each with its place and its remedy.

use std::fmt;

use super::schema::Section;

/// One thing that is wrong, where it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `FILE:LINE:COLUMN`, a variable or a flag.
    pub place: String,
    /// The key it is about, if it is about one that exists.
    pub key: Option<String>,
    /// What is wrong, without the full stop. Never holds a secret.
    pub wrong: String,
    /// What was probably meant.
    pub did_you_mean: Option<String>,
    /// What to do; a sentence, or empty where `wrong` says it.
    pub remedy: String,
}

impl Problem {
    /// Something wrong with the place itself rather than with a key.
    pub(super) fn at(place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            key: None,
            wrong: wrong.into(),
            did_you_mean: None,
            remedy: remedy.into(),
        }
    }

    /// A name that we do not know, with the known one that looks most like it.
    pub(super) fn unknown(place: String, kind: &str, name: &str, did_you_mean: Option<String>) -> Self {
        let remedy = match did_you_mean {
            Some(_) => "",
            None => "`vestibule config reference` lists all there are.",
        };
        Self { did_you_mean, ..Self::at(place, format!("unknown {kind} `{name}`"), remedy) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}.", self.place, self.wrong)?;
        if let Some(name) = &self.did_you_mean {
            write!(f, " Did you mean `{name}`?")?;
        }
        if !self.remedy.is_empty() {
            write!(f, " {}", self.remedy)?;
        }
        Ok(())
    }
}

/// All that is wrong, one line each; never empty.
#[derive(Clone)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Debug for Problems {
    /// In words as well: it is what a `main` prints that ends with this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let start = if at == 0 { "" } else { "\n" };
            write!(f, "{start}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The one of `words` that looks most like `word`, if any does.
pub(crate) fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let scored = words.into_iter().map(|known| (likeness(&word, &known.to_lowercase()), known));
    best(scored).map(str::to_owned)
}

/// The key that looks most like `key`; its section may be wrong or missing.
pub(super) fn nearest_key(key: &str, sections: &[Section]) -> Option<String> {
    let key = key.to_lowercase();
    let last = key.rsplit_once('.').map_or(key.as_str(), |(_, last)| last);
    let scored = sections.iter().flat_map(|section| &section.fields).map(|field| {
        // The same name in another section is likely, but less so than a slip within this one.
        let elsewhere = likeness(last, field.name) - 0.05;
        (likeness(&key, &field.key).max(elsewhere), field.key.as_str())
    });
    best(scored).map(str::to_owned)
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(one, other)
}

/// Of those that are as good, the first: `listen` is rather the server's than that of who watches it.
fn best<'a>(scored: impl Iterator<Item = (f64, &'a str)>) -> Option<&'a str> {
    let near = scored.filter(|(score, _)| *score >= 0.65);
    near.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, name)| name)
}
