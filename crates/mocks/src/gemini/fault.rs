//! What else Gemini answers.

use std::time::Duration;

use serde_json::json;

use super::api_error::ApiError;
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
    /// 200 with the first lines of the answer, or none, then this `finishReason` (`MAX_TOKENS`, `SAFETY`, …).
    FinishAfter(usize, String),
    /// `RECITATION` whenever the pages asked for include this one.
    RecitationOnPage(usize),
    /// A thought part before the answer.
    Thoughts,
    /// An `{"error": …}` event in the stream after this many lines of the answer.
    ErrorAfter(usize),
    /// The answer inside a fence, between two sentences.
    Fenced,
    /// The answer with a sentence repeated at its end until the output limit.
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
    pub(super) fn refusal(&self) -> Option<ApiError> {
        Some(match self {
            // A bad key is 400, not 401.
            Self::InvalidKey => ApiError::invalid("API key not valid. Please pass a valid API key.")
                .with_detail("ErrorInfo", json!({ "reason": "API_KEY_INVALID", "domain": "googleapis.com" })),
            Self::PermissionDenied => ApiError::denied("The caller does not have permission"),
            Self::FailedPrecondition => {
                let message = "User location is not supported for the API use.";
                ApiError::new(400, "FAILED_PRECONDITION", message)
            }
            Self::ModelNotFound => ApiError::not_found(),
            Self::NoPages => ApiError::no_pages(),
            Self::Exhausted(quota, retry) => {
                let quota = match quota {
                    Quota::PerMinute => "GenerateRequestsPerMinutePerProjectPerModel",
                    Quota::PerDay => "GenerateRequestsPerDayPerProjectPerModel",
                };
                ApiError::new(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.")
                    .with_detail("QuotaFailure", json!({ "violations": [{ "quotaId": quota }] }))
                    .with_detail("RetryInfo", json!({ "retryDelay": format!("{}s", retry.as_secs_f64()) }))
            }
            Self::Internal => ApiError::internal(),
            Self::Overloaded => ApiError::new(503, "UNAVAILABLE", "The model is overloaded."),
            Self::DeadlineExceeded => ApiError::new(504, "DEADLINE_EXCEEDED", "Deadline expired."),
            _ => return None,
        })
    }
}
