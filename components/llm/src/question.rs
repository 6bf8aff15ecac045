//! What a student may ask: text, bounded, printable. After [`Question::parse`] no raw message survives.
//!
//! Knows nothing of HTTP: [`crate::ask`] turns a [`QuestionError`] into a status and a sentence.

/// Longest question, in characters (Unicode scalar values), surrounding blanks not counted.
///
/// Generous for a question with a pasted traceback, and small enough that the webhook's own limit
/// (5 MB) and a model's context window never decide instead of us.
pub const QUESTION_CHARS_MAX: usize = 8_000;

/// A question that may be sent: not blank, at most [`QUESTION_CHARS_MAX`] characters, without NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question(String);

/// Why a message is not a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionError {
    /// Missing, empty, or nothing but blanks.
    Missing,
    /// Longer than [`QUESTION_CHARS_MAX`]; holds the length in characters.
    TooLong(usize),
    /// Holds U+0000, which no keyboard types and which cuts strings short in other people's C.
    Nul,
}

impl Question {
    /// Takes the message as received; blanks around it go, line ends become `\n`.
    ///
    /// # Errors
    /// See [`QuestionError`]; a missing message and a blank one are the same to the student.
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

    #[test]
    fn a_question_is_trimmed_and_its_line_ends_are_one_kind() {
        let question = Question::parse(Some("  Trier une liste ?\r\nMerci \n")).unwrap();
        assert_eq!(question.as_str(), "Trier une liste ?\nMerci");
    }

    #[test]
    fn what_is_not_a_question_says_why() {
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
