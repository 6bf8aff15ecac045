//! Why an upstream, the webhook or the chat API, gave no answer.

use http::{HeaderMap, header};
use web::outbound::SendError;

/// Only the replies of a mock have this header.
pub(crate) const SIMULATED: &str = "x-atelier-simulated";

/// The cases that an operator or a retry treats differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// There is no complete reply.
    Send(SendError),
    /// 200 `Accepted`: queued, not answered (no Webhook-response module, scenario off, out of credits, or
    /// more than 180 s).
    OnlyAccepted,
    /// 429, or 400 `Queue is full`: the question was not accepted; it may be later.
    Busy { retry_after_seconds: Option<u32> },
    /// 503: the question was not accepted.
    Unavailable,
    /// 500 `Scenario failed to complete.` Make.com switches an instant scenario off after its first error.
    ScenarioFailed,
    /// 408, 504 or 524: a server behind the upstream's address did not wait any longer.
    TimedOut(u16),
    /// 401 or 403: the API key is wrong or missing. From a chat API also 402, and 429 when the account is empty.
    KeyRefused(u16),
    /// 404 or 410: there is no such webhook, or no scenario that listens to it; from a chat API also 405: no such model or
    /// address.
    NotFound(u16),
    /// 3xx. It is not followed, because the question would go to a host that nobody configured.
    Redirected(u16),
    /// Any other status that is not a success.
    Status(u16),
    /// A success without text.
    Empty,
    /// A success whose JSON is the error of a model provider.
    ProviderError,
    /// The chat API reports a failure while it answers. The code is the API's own name for it.
    Reported(String),
    /// The chat API says that question and conversation are longer than its model can read.
    ContextExceeded,
    /// The provider's filter let nothing of the answer through.
    Filtered,
    /// The client has disconnected, so the call was ended.
    Abandoned,
    /// A success that contains no text to show: HTML, not UTF-8, compressed, or JSON without text.
    Unreadable(&'static str),
}

impl UpstreamError {
    /// What a status that is no success says by itself.
    #[must_use]
    pub fn of_status(status: u16, headers: &HeaderMap) -> Self {
        match status {
            code @ 300..=399 => Self::Redirected(code),
            code @ (401 | 403) => Self::KeyRefused(code),
            code @ (404 | 410) => Self::NotFound(code),
            code @ (408 | 504 | 524) => Self::TimedOut(code),
            429 => Self::Busy { retry_after_seconds: retry_after(headers) },
            // Not accepted; also a model that is still being loaded.
            503 => Self::Unavailable,
            code => Self::Status(code),
        }
    }

    /// Whether the circuit breaker counts it: the next question would fail in the same way. Not counted are a busy
    /// webhook, which names its own waiting time; what this question may have caused (400, 413, an unreadable answer);
    /// whatever the text of a success says, `Accepted` and a provider's error included, because a model may have written
    /// it; and a host that our manifest does not allow, which fails at once.
    #[must_use]
    pub const fn counts_as_failure(&self) -> bool {
        match self {
            Self::Send(SendError::NotSent(_) | SendError::TimedOut(_) | SendError::Cut(_))
            | Self::Unavailable
            | Self::ScenarioFailed
            | Self::TimedOut(_)
            | Self::KeyRefused(_)
            | Self::NotFound(_)
            | Self::Reported(_)
            | Self::Redirected(_) => true,
            Self::Status(code) => *code >= 500,
            Self::Send(SendError::Denied(_) | SendError::TooLarge)
            | Self::OnlyAccepted
            | Self::Busy { .. }
            | Self::Empty
            | Self::ProviderError
            | Self::ContextExceeded
            | Self::Filtered
            | Self::Abandoned
            | Self::Unreadable(_) => false,
        }
    }

    /// Whether a model may have been asked, so that the question may have to be paid. A refusal at the door is not: no
    /// connection, 3xx, 4xx, 503.
    #[must_use]
    pub const fn may_have_cost(&self) -> bool {
        match self {
            Self::Send(SendError::TimedOut(_) | SendError::Cut(_) | SendError::TooLarge)
            | Self::OnlyAccepted
            | Self::ScenarioFailed
            | Self::TimedOut(_)
            | Self::Empty
            | Self::ProviderError
            | Self::Reported(_)
            | Self::Filtered
            | Self::Abandoned
            | Self::Unreadable(_) => true,
            Self::Status(code) => *code >= 500,
            Self::Send(SendError::NotSent(_) | SendError::Denied(_))
            | Self::Busy { .. }
            | Self::Unavailable
            | Self::KeyRefused(_)
            | Self::NotFound(_)
            | Self::ContextExceeded
            | Self::Redirected(_) => false,
        }
    }

    /// For the log. It contains nothing of the reply, which may quote the question.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Send(error) => format!("upstream: {}", error.cause()),
            other => format!("upstream: {other:?}"),
        }
    }
}

/// In seconds. A date is ignored.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_as_a_failure_if_the_next_question_would_get_it_too_and_costs_if_a_model_was_asked() {
        use UpstreamError as E;
        let text = String::new;
        for (error, counts, may_have_cost) in [
            (E::Send(SendError::NotSent(text())), true, false),
            (E::Send(SendError::TimedOut(text())), true, true),
            (E::Send(SendError::Cut(text())), true, true),
            (E::Send(SendError::Denied(text())), false, false),
            (E::Send(SendError::TooLarge), false, true),
            (E::OnlyAccepted, false, true),
            (E::Busy { retry_after_seconds: None }, false, false),
            (E::Busy { retry_after_seconds: Some(9) }, false, false),
            (E::Unavailable, true, false),
            (E::ScenarioFailed, true, true),
            (E::TimedOut(524), true, true),
            (E::KeyRefused(401), true, false),
            (E::NotFound(410), true, false),
            (E::Redirected(302), true, false),
            (E::Status(400), false, false),
            (E::Status(413), false, false),
            (E::Status(500), true, true),
            (E::Status(599), true, true),
            (E::Empty, false, true),
            (E::ProviderError, false, true),
            (E::Reported(text()), true, true),
            (E::ContextExceeded, false, false),
            (E::Filtered, false, true),
            (E::Abandoned, false, true),
            (E::Unreadable("not UTF-8"), false, true),
        ] {
            assert_eq!(error.counts_as_failure(), counts, "{error:?}");
            assert_eq!(error.may_have_cost(), may_have_cost, "{error:?}");
        }
    }
}
