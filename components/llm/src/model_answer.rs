//! A model's answer, whichever upstream brought it.

use crate::answer::{self, Answer};
use crate::upstream::UpstreamError;

/// What was asked for, or its beginning.
#[derive(Clone, PartialEq, Eq)]
pub struct ModelAnswer {
    pub parsed: Answer,
    /// The text that was parsed.
    pub text: String,
    /// It comes from a mock. The page says so.
    pub simulated: bool,
    /// Why the end is missing, if it is.
    pub cut: Option<Cut>,
}

/// Why an answer has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The model, or we, stopped at a limit of length.
    Length,
    /// The provider's filter interrupted it.
    Filter,
    /// The upstream failed in the middle.
    Failure(UpstreamError),
}

impl ModelAnswer {
    /// The answer in a text of a chat API, which has no envelope.
    #[must_use]
    pub fn of_chat(text: String, simulated: bool, cut: Option<Cut>) -> Self {
        Self { parsed: answer::parse(&text), text, simulated, cut }
    }
}

#[cfg(test)]
mod tests {
    static_assertions::assert_not_impl_any!(super::ModelAnswer: std::fmt::Debug);
}
