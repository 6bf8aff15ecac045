//! The question of a user: text with a limited length. It knows nothing of HTTP; [`crate::error`] maps a
//! [`QuestionError`] to a status and a sentence.

/// Longest question, in characters (Unicode scalar values), without the blanks around it.
///
/// Enough for a question with a pasted traceback, and below the webhook's own limit (5 MB) and a model's context window.
pub const QUESTION_CHARS_MAX: usize = 8_000;

/// A question: not blank, at most [`QUESTION_CHARS_MAX`] characters, without NUL.
#[derive(Clone, PartialEq, Eq)]
pub struct Question(String);

/// Why a message is not a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionError {
    /// Missing, empty, or nothing but blanks.
    Missing,
    /// Longer than [`QUESTION_CHARS_MAX`]: its length in characters.
    TooLong(usize),
    /// Contains U+0000, which ends a string in C and which no keyboard types.
    Nul,
}

impl Question {
    /// Reads a message without the blanks around it and with `\n` as line ends.
    ///
    /// # Errors
    /// See [`QuestionError`].
    pub fn parse(message: Option<&str>) -> Result<Self, QuestionError> {
        let text = message.unwrap_or_default().trim().replace("\r\n", "\n");
        let chars = text.chars().count();
        if chars == 0 {
            Err(QuestionError::Missing)
        } else if chars > QUESTION_CHARS_MAX {
            Err(QuestionError::TooLong(chars))
        } else if text.contains('\0') {
            Err(QuestionError::Nul)
        } else {
            Ok(Self(text))
        }
    }

    /// The question as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Question: std::fmt::Debug);

    #[test]
    fn a_question_has_no_blanks_around_it_and_one_kind_of_line_end() {
        let question = Question::parse(Some("  Trier une liste ?\r\nMerci \n")).unwrap();
        assert_eq!(question.as_str(), "Trier une liste ?\nMerci");
    }

    #[test]
    fn a_message_that_is_not_a_question_is_refused_with_the_reason() {
        let longest = "é".repeat(QUESTION_CHARS_MAX);
        let too_long = format!("{longest}x");
        for (message, expected) in [
            (None, Err(QuestionError::Missing)),
            (Some(""), Err(QuestionError::Missing)),
            (Some(" \u{a0}\t\n"), Err(QuestionError::Missing)),
            (Some("a\0b"), Err(QuestionError::Nul)),
            (Some(longest.as_str()), Ok(QUESTION_CHARS_MAX)),
            (Some(too_long.as_str()), Err(QuestionError::TooLong(QUESTION_CHARS_MAX + 1))),
        ] {
            let got = Question::parse(message).map(|question| question.as_str().chars().count());
            assert_eq!(got, expected);
        }
    }
}
