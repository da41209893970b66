//! Whom a rule of `[forward_auth]` lets in, in the words of the configuration file.

use serde::{Deserialize, Serialize};

use crate::group_name;

/// Whom a rule lets in: everybody; or whoever is signed in, is in all of its groups, and has shown a second factor if it
/// asks for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Words", into = "Words")]
pub struct Allow {
    is_public: bool,
    second_factor: bool,
    groups: Vec<String>,
}

/// As it is written: one word or a list.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "has an `allow` that is neither a word nor a list of words")]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Allow {
    /// Whether it asks nothing of anybody.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.is_public
    }

    /// Whether it asks for a second factor.
    #[must_use]
    pub fn second_factor(&self) -> bool {
        self.second_factor
    }

    /// The groups that one has to be in.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }
}

impl TryFrom<Words> for Allow {
    type Error = String;

    fn try_from(words: Words) -> Result<Self, String> {
        let words = match words {
            Words::One(word) => vec![word],
            Words::Many(words) => words,
        };
        let mut allow = Self::default();
        for word in &words {
            match (word.as_str(), word.strip_prefix("group:")) {
                ("public", _) if words.len() == 1 => allow.is_public = true,
                ("public", _) => {
                    return Err("allows `public` beside others, but that is everybody".to_owned());
                }
                ("signed-in", _) => {}
                ("second-factor", _) => allow.second_factor = true,
                (_, Some(name)) => match group_name::check(name) {
                    Ok(()) => allow.groups.push(name.to_owned()),
                    Err(error) => {
                        let why = error.to_string();
                        return Err(format!(
                            "allows `{word}`, but no group is called so: {}",
                            why.trim_end_matches('.')
                        ));
                    }
                },
                _ => {
                    return Err(format!(
                        "allows `{word}`, but must allow `public`, `signed-in`, `group:NAME` or `second-factor`"
                    ));
                }
            }
        }
        match words.is_empty() {
            true => Err("allows nobody, but must allow `public`, `signed-in` or others".to_owned()),
            false => Ok(allow),
        }
    }
}

impl From<Allow> for Words {
    fn from(allow: Allow) -> Self {
        let mut words: Vec<_> = allow.groups.iter().map(|name| format!("group:{name}")).collect();
        words.extend(allow.second_factor.then(|| "second-factor".to_owned()));
        match words.pop() {
            None if allow.is_public => Self::One("public".to_owned()),
            None => Self::One("signed-in".to_owned()),
            Some(word) if words.is_empty() => Self::One(word),
            Some(word) => {
                words.push(word);
                Self::Many(words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Allow;

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in
            [r#""public""#, r#""signed-in""#, r#""group:staff""#, r#"["group:a","group:b","second-factor"]"#]
        {
            let allow: Allow = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&allow).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_rather_than_guessed() {
        for text in
            [r#""""#, "[]", r#""Public""#, r#""group:""#, r#""group:a b""#, r#"["public","group:a"]"#, "true"]
        {
            assert!(serde_json::from_str::<Allow>(text).is_err(), "{text}");
        }
    }
}
