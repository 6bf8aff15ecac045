//! How a question is to be answered: a plain instruction that goes to the model with it.

use web::{Lang, Text};

/// The form's field, and the name in JSON.
pub const FIELD: &str = "mode";

/// The modes of a tutor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Code and explanation, without an instruction.
    #[default]
    Answer,
    Explain,
    Fix,
    Hint,
}

/// The value is not the name of a mode, or the operator offers none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModeInvalid;

impl Mode {
    /// In the order of the page.
    pub const ALL: [Self; 4] = [Self::Answer, Self::Explain, Self::Fix, Self::Hint];

    /// # Errors
    /// [`ModeInvalid`].
    pub fn parse(name: Option<&str>, offered: bool) -> Result<Self, ModeInvalid> {
        let mode = match name.unwrap_or_default() {
            "" => Self::Answer,
            name => Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or(ModeInvalid)?,
        };
        (offered || mode == Self::Answer).then_some(mode).ok_or(ModeInvalid)
    }

    /// What the form and JSON send.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Explain => "explain",
            Self::Fix => "fix",
            Self::Hint => "hint",
        }
    }

    /// What the page calls it.
    #[must_use]
    pub const fn label(self) -> Text {
        match self {
            Self::Answer => Text::new("Réponse complète", "Full answer"),
            Self::Explain => Text::new("Explique", "Explain"),
            Self::Fix => Text::new("Corrige mon erreur", "Fix my error"),
            Self::Hint => Text::new("Indice sans solution", "Hint, no solution"),
        }
    }

    /// What the model reads.
    pub(crate) fn instruction(self, lang: Lang) -> Option<&'static str> {
        let (fr, en) = match self {
            Self::Answer => return None,
            Self::Explain => (
                "Explique pas à pas, comme à quelqu’un qui débute, avec un exemple de code court.",
                "Explain step by step, as to a beginner, with a short example of code.",
            ),
            Self::Fix => (
                "Trouve l’erreur, explique sa cause, puis donne le code corrigé.",
                "Find the error, explain its cause, then give the corrected code.",
            ),
            Self::Hint => (
                "Donne un indice qui permet d’avancer, sans la solution ni le code complet.",
                "Give a hint that helps to go on, without the solution and without the whole code.",
            ),
        };
        Some(if lang == Lang::Fr { fr } else { en })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_read_by_its_name_and_only_where_modes_are_offered() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(Some(mode.name()), true), Ok(mode));
        }
        for name in [None, Some("")] {
            assert_eq!(Mode::parse(name, false), Ok(Mode::Answer));
        }
        assert_eq!(Mode::parse(Some("answer"), false), Ok(Mode::Answer));
        assert_eq!(Mode::parse(Some("hint"), false), Err(ModeInvalid));
        assert_eq!(Mode::parse(Some("Hint"), true), Err(ModeInvalid));
    }
}
