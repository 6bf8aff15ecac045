//! Usernames. Owns the limits and the rule for equal names; knows no storage.

use unicode_normalization::UnicodeNormalization;
use web::Text;

/// A valid name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    shown: String,
    key: UsernameKey,
}

/// The form that must be unique: two names with the same key are the same account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsernameKey(String);

/// Why a name cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsernameProblem {
    Missing,
    TooLong,
    /// A control, direction-changing, invisible or private-use character, which could make two names look alike.
    Unprintable,
}

impl UsernameProblem {
    /// The sentence for the user.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Missing => Text::new("Indiquez un nom d’utilisateur.", "Enter a username."),
            Self::TooLong => Text::owned(
                format!("Ce nom est trop long : {} caractères au maximum.", Username::CHARS_MAX),
                format!("This username is too long: {} characters at most.", Username::CHARS_MAX),
            ),
            Self::Unprintable => Text::new(
                "Ce nom contient des caractères invisibles. Retapez-le.",
                "This username contains invisible characters. Type it again.",
            ),
        }
    }
}

impl Username {
    /// Longest name, in Unicode code points (the original's column was `varchar(150)`).
    pub const CHARS_MAX: usize = 150;
    /// Longest key, in bytes of UTF-8. Compatibility forms can grow eighteen-fold, and PostgreSQL refuses
    /// index entries beyond 2.7 kB.
    const KEY_BYTES_MAX: usize = 1200;

    /// Trims, collapses blanks, normalises (NFC to show, NFKC with case folding to compare).
    ///
    /// # Errors
    /// The first [`UsernameProblem`] found.
    pub fn parse(given: &str) -> Result<Self, UsernameProblem> {
        // Bounded before it is normalised, which is linear in the length.
        let given = given.trim();
        if given.chars().nth(Self::CHARS_MAX * 2).is_some() {
            return Err(UsernameProblem::TooLong);
        }
        // Before blanks are collapsed: a line break inside a name is no blank but an error.
        if given.chars().any(is_unprintable) {
            return Err(UsernameProblem::Unprintable);
        }
        let shown = one_space_between_words(&given.nfc().collect::<String>());
        if shown.is_empty() {
            return Err(UsernameProblem::Missing);
        }
        if shown.chars().nth(Self::CHARS_MAX).is_some() {
            return Err(UsernameProblem::TooLong);
        }
        if shown.chars().any(is_unprintable) {
            return Err(UsernameProblem::Unprintable);
        }
        let key = fold(&shown);
        if key.is_empty() {
            return Err(UsernameProblem::Missing);
        }
        if key.len() > Self::KEY_BYTES_MAX {
            return Err(UsernameProblem::TooLong);
        }
        Ok(Self { shown, key: UsernameKey(key) })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    #[must_use]
    pub const fn key(&self) -> &UsernameKey {
        &self.key
    }
}

impl UsernameKey {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode's `toNFKC_Casefold` without the ignorable characters, which [`is_unprintable`] refuses.
fn fold(text: &str) -> String {
    let folded = caseless::default_case_fold_str(&text.nfkc().collect::<String>());
    one_space_between_words(&folded.nfkc().collect::<String>())
}

fn one_space_between_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Control and format characters (general categories Cc, Cf), the other default-ignorable ones (Unicode's
/// `Default_Ignorable_Code_Point`), blanks that are no white space, private use and non-characters.
const fn is_unprintable(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}'
            | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}'
    ) || (character as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_account(one: &str, other: &str) -> bool {
        Username::parse(one).unwrap().key() == Username::parse(other).unwrap().key()
    }

    #[test]
    fn a_name_is_shown_as_it_was_typed_but_trimmed() {
        let check = |given, shown| assert_eq!(Username::parse(given).unwrap().as_str(), shown);
        check("Alice", "Alice");
        check("  Élodie   Dupont\t", "Élodie Dupont");
        check("E\u{301}lodie", "Élodie");
        check("数学", "数学");
        check("😀", "😀");
        check("o'neil<b>&\"", "o'neil<b>&\"");
    }

    #[test]
    fn all_spellings_of_a_name_are_one_account() {
        assert!(same_account("Alice", "aLICE "));
        assert!(same_account("Straße", "STRASSE"));
        assert!(same_account("e\u{301}lodie", "ÉLODIE"));
        assert!(same_account("ａｌｉｃｅ", "alice"));
        assert!(same_account("Jean Dupont", "jean\u{a0}dupont"));
        assert!(same_account("ﬁn", "FIN"));
        assert!(!same_account("alice", "alicé"));
    }

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        let check = |given: &str, problem| assert_eq!(Username::parse(given), Err(problem), "{given:?}");
        check("", UsernameProblem::Missing);
        check(" \u{3000}\n", UsernameProblem::Missing);
        check(&"a".repeat(151), UsernameProblem::TooLong);
        check(&"a".repeat(1_000_000), UsernameProblem::TooLong);
        check(&"\u{fdfa}".repeat(150), UsernameProblem::TooLong);
        check("a\u{0}b", UsernameProblem::Unprintable);
        check("a\nb", UsernameProblem::Unprintable);
        check("a\r\n set-cookie: b", UsernameProblem::Unprintable);
        check("ali\u{200b}ce", UsernameProblem::Unprintable);
        check("\u{202e}ecila", UsernameProblem::Unprintable);
        check("a\u{2066}b", UsernameProblem::Unprintable);
        check("a\u{ad}b", UsernameProblem::Unprintable);
        check("\u{3164}", UsernameProblem::Unprintable);
        check("a\u{e001}", UsernameProblem::Unprintable);
    }

    #[test]
    fn the_longest_name_fits() {
        assert!(Username::parse(&"é".repeat(150)).is_ok());
    }
}
