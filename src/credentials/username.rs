//! Usernames: the public names of people, and when two of them are too much alike.
//!
//! A name has three forms. As shown: as it was typed, up to width and composition (`Ａda` is kept as `Ada`).
//! [`folded`](Username::folded): the key it is looked up by (RFC 8265, UsernameCaseMapped), so that `ADA` signs
//! in `ada`. [`skeleton`](Username::skeleton): what it looks like (UTS 39), so that nobody becomes `paypa1`
//! beside `paypal`. Folded form and skeleton must each be unique among users.
//!
//! Letters and digits of every living script are welcome, but of one script at a time (UTS 39 §5.2, highly
//! restrictive): that keeps Cyrillic `а` out of Latin names, and lets Japanese, Korean and Chinese mix as they do.
//!
//! Both forms hang on Unicode tables. An update of `precis-profiles` or `unicode-security` may change those of
//! rare letters; the tests below pin what we promise.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved};
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

/// How many code points a username may have.
pub const LENGTHS: RangeInclusive<usize> = 3..=32;

/// So many code points of a typed name are looked at; decomposed letters need some room above 32.
const LONGEST_INPUT: usize = 128;

/// The names that only an operator may give, as [`squash`]ed skeletons.
static RESERVED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let names =
        include_str!("reserved_names.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.map(|name| squash(&skeleton(name))).collect()
});

/// A name that somebody may have, as it is shown.
///
/// Two of them name one person if they are [`folded`](Self::folded) alike; `==` compares letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// A name that somebody gives themselves.
    ///
    /// # Errors
    ///
    /// The [`UsernameError`] that says what to change; [`Reserved`](UsernameError::Reserved) also for what
    /// looks like a reserved name: `adm1n`, `ad-min`, `аdmin`.
    pub fn parse(name: &str) -> Result<Self, UsernameError> {
        let name = Self::parse_by_operator(name)?;
        if RESERVED.contains(&squash(&skeleton(&name.folded()))) {
            return Err(UsernameError::Reserved);
        }
        Ok(name)
    }

    /// A name that an operator gives: as [`parse`](Self::parse), but it may be a reserved one.
    ///
    /// # Errors
    ///
    /// Any [`UsernameError`] but [`Reserved`](UsernameError::Reserved).
    pub fn parse_by_operator(name: &str) -> Result<Self, UsernameError> {
        if name.chars().nth(LONGEST_INPUT).is_some() {
            return Err(UsernameError::TooLong);
        }
        if name.trim() != name {
            return Err(UsernameError::Blanks);
        }
        if name.is_empty() {
            return Err(UsernameError::TooShort);
        }
        if name.contains('@') {
            return Err(UsernameError::At);
        }
        let shown = UsernameCasePreserved::enforce(name).map_err(|_| UsernameError::Characters)?;
        if !shown.chars().all(is_allowed) {
            return Err(UsernameError::Characters);
        }
        let length = shown.chars().count();
        if length < *LENGTHS.start() {
            return Err(UsernameError::TooShort);
        }
        if length > *LENGTHS.end() {
            return Err(UsernameError::TooLong);
        }
        if shown.starts_with(is_separator) || shown.ends_with(is_separator) {
            return Err(UsernameError::Ends);
        }
        if !shown.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return Err(UsernameError::MixedScripts);
        }
        let folded = fold(&shown);
        if fold(&folded) != folded {
            return Err(UsernameError::Characters);
        }
        // Greek ΒΟΒ looks like Latin BOB though βοβ does not look like bob, so the skeleton below cannot tell.
        if !shown.is_ascii() && skeleton(&shown).is_ascii() && skeleton(&shown) != skeleton(&folded) {
            return Err(UsernameError::Capitals);
        }
        Ok(Self(shown.into_owned()))
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The unique key of the name, see [`fold`].
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// What the name looks like as it is written (UTS 39): `paypa1` like `paypal`, `Ibrahim` like `lbrahim`. Unique
    /// too, and not to be shown: it is no spelling of the name.
    pub fn skeleton(&self) -> String {
        look(&self.0)
    }
}

/// The key that a typed name is looked up by: small letters, composed, of usual width, no blanks around it.
///
/// Never fails: what is no username folds to something that nobody has. Long input is cut, so it is cheap for all.
pub fn fold(name: &str) -> String {
    let name = name.trim();
    let name = name.char_indices().nth(LONGEST_INPUT).map_or(name, |(end, _)| &name[..end]);
    // The small letter of Turkish İ is an i whose second dot nobody sees.
    UsernameCaseMapped::enforce(name)
        // PostgreSQL has no text with a NUL in it, and would say so instead of "nobody".
        .map_or_else(|_| name.replace('\0', "\u{fffd}"), |folded| folded.replace("i\u{307}", "i"))
}

fn look(name: &str) -> String {
    unicode_security::skeleton(name).flat_map(char::to_lowercase).collect()
}

/// The look of a name at a careless glance, for reserved names only: among people, Kari and Karl are two.
fn skeleton(name: &str) -> String {
    look(name)
        .chars()
        .map(|letter| match letter {
            'l' | '1' | '|' => 'i',
            '0' => 'o',
            other => other,
        })
        .collect()
}

/// A skeleton without what may be put between letters, for `ad-min` and `no_reply`.
fn squash(skeleton: &str) -> String {
    skeleton.chars().filter(|&letter| !is_separator(letter)).collect()
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '-' | '_' | '.')
}

/// Letters and digits in daily use (UTS 39 §3.1) and our three separators. No loose accents: those that
/// people write compose with their letter (NFC), and others can be heaped up until they cover other lines.
fn is_allowed(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_alphanumeric() || is_separator(letter);
    }
    letter.identifier_type() == Some(IdentifierType::Recommended)
        && !('\u{300}'..='\u{36f}').contains(&letter)
}

/// Why a username was refused, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than 3 characters.
    #[error("Please choose a username of at least 3 characters.")]
    TooShort,
    /// More than 32 characters.
    #[error("Please choose a username of at most 32 characters.")]
    TooLong,
    /// A blank before or behind it, which nobody sees.
    #[error("Please remove the blanks before and after the username.")]
    Blanks,
    /// An `@`: it would be taken for an e-mail address at the next sign-in.
    #[error("A username has no @. Please choose a short name; an e-mail address has a field of its own.")]
    At,
    /// Something other than letters, digits, `-`, `_` and `.`.
    #[error("Please use only letters, digits, “-”, “_” and “.” in a username, and no blanks.")]
    Characters,
    /// `-`, `_` or `.` in the first or last place.
    #[error("Please begin and end the username with a letter or a digit.")]
    Ends,
    /// Letters of several scripts, which may look like another name.
    #[error("Please write the username in one script: letters of different alphabets look too much alike.")]
    MixedScripts,
    /// Capitals that look like those of the Latin alphabet, though the small letters do not.
    #[error("In capitals this username looks like another one. Please write it in small letters.")]
    Capitals,
    /// A name of the house, or one that looks like it.
    #[error("This username is reserved, or looks like one that is. Please choose another one.")]
    Reserved,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton_of(name: &str) -> String {
        Username::parse_by_operator(name).unwrap().skeleton()
    }

    #[test]
    fn names_of_many_kinds_are_taken_as_typed() {
        for name in [
            "ada",
            "Ada_Lovelace",
            "ada.lovelace-1815",
            "42nd",
            "x--y",
            "josé",
            "Łukasz",
            "Søren",
            "Nguyễn",
            "İbrahim",
            "Вова",
            "Ελένη",
            "ידידיה",
            "محمد",
            "अच्युत",
            "สมชาย",
            "김민준",
            "李小龙",
            "山田たろう",
            "ada李小龙",
        ] {
            let parsed = Username::parse(name).map(|name| name.as_str().to_owned());
            assert_eq!(parsed, Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_name_has_3_to_32_code_points() {
        for (length, outcome) in
            [(1, Some(UsernameError::TooShort)), (2, Some(UsernameError::TooShort)), (3, None), (4, None)]
        {
            assert_eq!(Username::parse(&"é".repeat(length)).err(), outcome);
        }
        for (length, outcome) in [(31, None), (32, None), (33, Some(UsernameError::TooLong))] {
            assert_eq!(Username::parse(&"é".repeat(length)).err(), outcome);
        }
        assert_eq!(Username::parse(""), Err(UsernameError::TooShort));
        assert!(Username::parse(&"e\u{301}".repeat(32)).is_ok(), "counted as composed");
        assert_eq!(Username::parse(&"a".repeat(1 << 20)), Err(UsernameError::TooLong));
    }

    #[test]
    fn evil_names_are_refused() {
        for (name, error) in [
            (" ada", UsernameError::Blanks),
            ("ada ", UsernameError::Blanks),
            ("ada\u{3000}", UsernameError::Blanks),
            ("ada\n", UsernameError::Blanks),
            ("ada lovelace", UsernameError::Characters),
            ("ada\r\nSet-Cookie: x", UsernameError::Characters),
            ("ada\0", UsernameError::Characters),
            ("ada\u{7f}", UsernameError::Characters),
            ("ada\u{a0}b", UsernameError::Characters),
            ("ada\u{202e}nimda", UsernameError::Characters),
            ("ada\u{2066}x", UsernameError::Characters),
            ("ad\u{200b}a", UsernameError::Characters),
            ("ad\u{200d}a", UsernameError::Characters),
            ("ad\u{ad}a", UsernameError::Characters),
            ("ada\u{feff}", UsernameError::Characters),
            ("ada\u{3164}", UsernameError::Characters),
            ("ada\u{fe0f}", UsernameError::Characters),
            ("ada\u{e0041}", UsernameError::Characters),
            ("a\u{335}da", UsernameError::Characters),
            ("z\u{327}\u{327}\u{327}algo", UsernameError::Characters),
            ("ada😀", UsernameError::Characters),
            ("adaﬁ", UsernameError::Characters),
            ("ⓐⓓⓐ", UsernameError::Characters),
            ("𝐚𝐝𝐚", UsernameError::Characters),
            ("\u{212a}elvin", UsernameError::Characters),
            ("ada·b", UsernameError::Characters),
            ("ada/b", UsernameError::Characters),
            ("ada'--", UsernameError::Characters),
            ("<script>", UsernameError::Characters),
            ("ada%00", UsernameError::Characters),
            ("../etc", UsernameError::Characters),
            ("ada@example.org", UsernameError::At),
            ("-ada", UsernameError::Ends),
            ("ada_", UsernameError::Ends),
            (".ada", UsernameError::Ends),
            ("...", UsernameError::Ends),
            ("pаypal", UsernameError::MixedScripts),
            ("αda", UsernameError::MixedScripts),
            ("adaдa", UsernameError::MixedScripts),
            ("ada٣", UsernameError::Characters),
            ("ada३", UsernameError::MixedScripts),
            ("ΒΟΒ", UsernameError::Capitals),
        ] {
            assert_eq!(Username::parse(name), Err(error), "{name:?}");
            assert_eq!(Username::parse_by_operator(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn one_name_in_other_letters_folds_alike() {
        for (typed, folded) in [
            ("ADA", "ada"),
            (" Ada ", "ada"),
            ("ｆｕｌｌ", "full"),
            ("ＡＤＡ＿１", "ada_1"),
            ("jose\u{301}", "josé"),
            ("JOSÉ", "josé"),
            ("İbrahim", "ibrahim"),
            ("ВОВА", "вова"),
            ("ＡＤＡ@Example.org", "ada@example.org"),
        ] {
            assert_eq!(fold(typed), folded);
        }
        assert_eq!(Username::parse("Ａda").map(|name| name.as_str().to_owned()), Ok("Ada".to_owned()));
    }

    #[test]
    fn anything_can_be_folded_and_what_is_no_name_meets_nobody() {
        for typed in ["", " ", "\0", "ada lovelace", "\u{200b}ada", "\u{212a}elvin", "א1a", "\u{300}"] {
            let folded = fold(typed);
            assert!(Username::parse_by_operator(&folded).is_err(), "{typed:?} -> {folded:?}");
        }
        assert!(fold(&"😀".repeat(1 << 18)).chars().count() <= LONGEST_INPUT);
        assert!(fold(&"A".repeat(1 << 20)).chars().count() <= LONGEST_INPUT);
    }

    #[test]
    fn look_alikes_share_a_skeleton() {
        for (one, other) in [
            ("paypal", "paypa1"),
            ("paypal", "PaypaI"),
            ("apple", "аррӏе"),
            ("capa", "сара"),
            ("modern", "rnodern"),
            ("google", "g00gle"),
            ("bill", "biII"),
        ] {
            assert_eq!(skeleton_of(one), skeleton_of(other), "{one} {other}");
        }
        for (one, other) in [("ada", "adam"), ("jose", "josé"), ("ada-b", "ada_b"), ("вова", "bob4")] {
            assert_ne!(skeleton_of(one), skeleton_of(other), "{one} {other}");
        }
    }

    #[test]
    fn reserved_names_and_their_look_alikes_are_for_the_operator_to_give() {
        for name in [
            "admin",
            "ADMIN",
            "Ａdmin",
            "adm1n",
            "admln",
            "ad-min",
            "r00t",
            "арр",
            "no-reply",
            "No_Reply",
            "post.master",
            "hostmaster",
            "vestibule",
            "vest1bu1e",
            "oauth2",
            "undefined",
        ] {
            assert_eq!(Username::parse(name), Err(UsernameError::Reserved), "{name}");
            assert!(Username::parse_by_operator(name).is_ok(), "{name}");
        }
        for name in ["ali", "mila", "dev", "rooted", "adminka", "will", "emil", "test"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn folding_twice_changes_nothing_whatever_the_letter() {
        for letter in ('\u{80}'..=char::MAX).filter(|&letter| is_allowed(letter)) {
            if let Ok(name) = Username::parse_by_operator(&letter.to_string().repeat(3)) {
                assert_eq!(fold(&name.folded()), name.folded());
            }
        }
    }
}
