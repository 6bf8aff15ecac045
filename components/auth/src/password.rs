//! Passwords as users type them. Owns the rules of NIST SP 800-63B-4 §3.1.1 for a password that is the only factor;
//! knows neither hashing nor storage.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use web::Text;

use crate::{guessable, username::Username};

/// A password typed at sign-in. Normalised and bounded only: other rules may have applied when it was chosen.
pub struct TypedPassword(SecretString);

/// A password that may be set.
pub struct NewPassword(TypedPassword);

/// Why a password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    Missing,
    TooShort,
    TooLong,
    /// Common, repeated, a keyboard sequence, or made from the user's name.
    Guessable,
}

/// Shortest password, in code points after NFC.
pub const CHARS_MIN: usize = 15;
/// Longest password, in code points after NFC: the input of the hash must be bounded.
pub const CHARS_MAX: usize = 128;

impl PasswordProblem {
    /// The sentence for the user.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Missing => Text::new("Indiquez un mot de passe.", "Enter a password."),
            Self::TooShort => Text::owned(
                format!(
                    "Ce mot de passe est trop court. Au moins {CHARS_MIN} caractères : une courte phrase suffit."
                ),
                format!(
                    "This password is too short. At least {CHARS_MIN} characters: a short sentence will do."
                ),
            ),
            Self::TooLong => Text::owned(
                format!("Ce mot de passe est trop long : {CHARS_MAX} caractères au maximum."),
                format!("This password is too long: {CHARS_MAX} characters at most."),
            ),
            Self::Guessable => Text::new(
                "Ce mot de passe est trop facile à deviner : mot courant, suite, répétition ou votre nom. Choisissez une phrase bien à vous.",
                "This password is too easy to guess: a common word, a sequence, a repetition or your name. Choose a sentence of your own.",
            ),
        }
    }
}

impl TypedPassword {
    /// NFC, as the rules say; `None` when it is empty or longer than any password can be.
    #[must_use]
    pub fn parse(given: &SecretString) -> Option<Self> {
        let given = given.expose_secret();
        // In the common writing systems one code point of NFC comes from at most four typed ones. Anything longer
        // cannot be a password and is refused before it is normalised.
        if given.is_empty() || given.chars().nth(CHARS_MAX * 4).is_some() {
            return None;
        }
        let normal: String = given.nfc().collect();
        normal.chars().nth(CHARS_MAX).is_none().then(|| Self(normal.into()))
    }

    /// Hashed in place of an input that cannot be a password, so that the reply takes as long.
    #[must_use]
    pub fn dummy() -> Self {
        Self("x".repeat(CHARS_MIN).into())
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl NewPassword {
    /// Applies the rules for a new password of `owner`, if its name is valid.
    ///
    /// # Errors
    /// The [`PasswordProblem`] to show.
    pub fn parse(given: Option<&SecretString>, owner: Option<&Username>) -> Result<Self, PasswordProblem> {
        let given =
            given.filter(|given| !given.expose_secret().is_empty()).ok_or(PasswordProblem::Missing)?;
        let typed = TypedPassword::parse(given).ok_or(PasswordProblem::TooLong)?;
        let text = typed.0.expose_secret();
        if text.chars().nth(CHARS_MIN - 1).is_none() {
            return Err(PasswordProblem::TooShort);
        }
        if guessable::is_guessable(text, owner.map_or("", |owner| owner.key().as_str())) {
            return Err(PasswordProblem::Guessable);
        }
        Ok(Self(typed))
    }

    #[must_use]
    pub const fn as_typed(&self) -> &TypedPassword {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(TypedPassword: std::fmt::Debug);
    static_assertions::assert_not_impl_any!(NewPassword: std::fmt::Debug);

    fn judged(given: &str) -> Result<(), PasswordProblem> {
        NewPassword::parse(Some(&given.into()), Username::parse("Camille Durand").ok().as_ref()).map(|_| ())
    }

    #[test]
    fn length_is_counted_in_code_points_after_nfc() {
        assert_eq!(judged(""), Err(PasswordProblem::Missing));
        assert_eq!(judged("xkzqvbjwpfmgty"), Err(PasswordProblem::TooShort));
        assert_eq!(judged("xkzqvbjwpfmgtyh"), Ok(()));
        assert_eq!(judged("e\u{301}xkzqvbjwpfmgt"), Err(PasswordProblem::TooShort));
        assert_eq!(judged(&"xk zq+vb".repeat(16)), Ok(()));
        assert_eq!(judged(&"a".repeat(129)), Err(PasswordProblem::TooLong));
        assert_eq!(judged(&"a".repeat(1_000_000)), Err(PasswordProblem::TooLong));
        let longest: String = (0..128_u32).filter_map(|n| char::from_u32(0x4e00 + n * 7 % 977)).collect();
        assert_eq!(judged(&longest), Ok(()));
    }

    #[test]
    fn no_kind_of_character_is_demanded_or_forbidden() {
        for password in [
            "le chat dort sous la table",
            "数学は楽しいですよね本当にとても",
            "  blancs autour gardes  ",
            "\u{1f600}\u{1f680}\u{1f384}\u{1f40d}\u{1f9ea}\u{2603}\u{1f30d}\u{1f3b2}\u{1f511}\u{1f33b}\u{1f419}\u{1f9e9}\u{1f4a1}\u{1f6f0}\u{1fab4}",
        ] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn composed_and_decomposed_spellings_are_one_password() {
        let composed = TypedPassword::parse(&"é".into()).unwrap();
        let decomposed = TypedPassword::parse(&"e\u{301}".into()).unwrap();
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
    }

    #[test]
    fn blanks_at_the_ends_are_part_of_the_password() {
        assert_eq!(TypedPassword::parse(&" a ".into()).unwrap().as_bytes(), b" a ");
    }
}
