//! What else Gemini answers.

use std::time::Duration;

use super::envelope::ApiError;
use crate::wire;

/// Which quota a 429 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Worth waiting for.
    PerMinute,
    /// Gone until midnight, Pacific time.
    PerDay,
}

/// One departure from the normal answer to a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 400 with reason `API_KEY_INVALID`.
    InvalidKey,
    /// 403: the key lacks rights.
    PermissionDenied,
    /// 400 `FAILED_PRECONDITION`: the free tier is not offered in this country.
    FailedPrecondition,
    /// 404: the model is retired.
    ModelNotFound,
    /// 400 `The document has no pages.`
    NoPages,
    /// 429 with `QuotaFailure` and `RetryInfo`.
    Exhausted(Quota, Duration),
    /// 500 `INTERNAL`
    Internal,
    /// 503 `UNAVAILABLE`, the model is overloaded; no `RetryInfo`.
    Overloaded,
    /// 504 `DEADLINE_EXCEEDED`
    DeadlineExceeded,
    /// 200 with `promptFeedback.blockReason` and no candidate.
    Blocked(String),
    /// 200 without a character, and this `finishReason` (`RECITATION`, `SAFETY`, …).
    Finish(String),
    /// 200 with the first lines of the answer, then this `finishReason` (`MAX_TOKENS`, …).
    FinishAfter(usize, String),
    /// `RECITATION` whenever the pages asked for include this one.
    RecitationOnPage(usize),
    /// A thought part before the answer.
    Thoughts,
    /// An `{"error": …}` object in the stream after this many lines of the answer.
    ErrorAfter(usize),
    /// The answer inside a fence, between two sentences.
    Fenced,
    /// The answer with its last paragraph repeated for ever.
    Repetition,
    /// Exactly this text.
    Text(String),
    /// A fault of the transport.
    Wire(wire::Fault),
}

impl From<wire::Fault> for Fault {
    fn from(fault: wire::Fault) -> Self {
        Self::Wire(fault)
    }
}

impl Fault {
    /// The error that the fault is, if it is answered before any generation.
    pub(super) fn refusal(&self, model: &str) -> Option<ApiError> {
        Some(match self {
            Self::InvalidKey => ApiError::invalid_key(),
            Self::PermissionDenied => ApiError::permission_denied("The caller does not have permission"),
            Self::FailedPrecondition => ApiError::new(
                400,
                "FAILED_PRECONDITION",
                "User location is not supported for the API use. Please enable billing on your project.",
            ),
            Self::ModelNotFound => ApiError::no_model(model),
            Self::NoPages => ApiError::no_pages(),
            Self::Exhausted(quota, retry) => ApiError::exhausted(
                match quota {
                    Quota::PerMinute => "GenerateRequestsPerMinutePerProjectPerModel",
                    Quota::PerDay => "GenerateRequestsPerDayPerProjectPerModel",
                },
                *retry,
            ),
            Self::Internal => ApiError::new(500, "INTERNAL", "An internal error has occurred."),
            Self::Overloaded => {
                ApiError::new(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
            }
            Self::DeadlineExceeded => {
                ApiError::new(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.")
            }
            _ => return None,
        })
    }
}
