//! Decides whether to call the webhook again. A question that the scenario may have received is not sent twice, because it
//! would be paid twice.

use std::time::Duration;

use web::outbound::{Limits, SendError};

use super::UpstreamError;

/// The longest time that a user waits for an answer, retries included. The docs and the page name it.
pub const TOTAL_MAX: Duration = Duration::from_secs(75);
/// The limits of one call. The scenario replies only when its model has, so nearly all the time passes before the first
/// byte.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(70),
    between_bytes: Duration::from_secs(10),
    total: TOTAL_MAX,
    reply_bytes_max: 2 * 1024 * 1024,
};
/// Calls for one question, the first included.
const ATTEMPTS_MAX: u32 = 3;
/// The wait after the first call when the webhook names none. It doubles with each call.
const BACKOFF: Duration = Duration::from_secs(1);
/// A call is not started with less time than this left, because a model needs several seconds.
const CALL_MIN: Duration = Duration::from_secs(10);

/// How long to wait before the next call; `None` when there must not be one.
///
/// `attempt` counts from 1, `elapsed` from the first call. `jitter` (any number) lengthens the wait by up to a half, so
/// that many clients do not retry at the same time.
#[must_use]
pub fn decide(error: &UpstreamError, attempt: u32, elapsed: Duration, jitter: u8) -> Option<Duration> {
    if attempt >= ATTEMPTS_MAX {
        return None;
    }
    let backoff = BACKOFF * 2_u32.pow(attempt.saturating_sub(1));
    let wait = match error {
        // Without a connection nothing was sent, and with 503 the question was not accepted.
        UpstreamError::Send(SendError::NotSent(_)) | UpstreamError::Unavailable => backoff,
        UpstreamError::Busy { retry_after_seconds: Some(seconds) } => Duration::from_secs((*seconds).into()),
        UpstreamError::Busy { retry_after_seconds: None } => backoff * 2,
        _ => return None,
    };
    let wait = wait + wait.min(BACKOFF * 2) * u32::from(jitter) / 512;
    (elapsed + wait + CALL_MIN <= TOTAL_MAX).then_some(wait)
}

/// The limits of a call that starts when `elapsed` of the total has passed.
#[must_use]
pub fn limits(elapsed: Duration) -> Limits {
    let left = TOTAL_MAX.saturating_sub(elapsed);
    Limits { first_byte: LIMITS.first_byte.min(left), total: left, ..LIMITS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UpstreamError as E;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn only_a_question_that_was_certainly_not_accepted_is_sent_again() {
        let not_sent = E::Send(SendError::NotSent(String::new()));
        let busy = |retry_after_seconds| E::Busy { retry_after_seconds };
        for (error, attempt, elapsed, expected) in [
            (not_sent.clone(), 1, 0, Some(1)),
            (not_sent.clone(), 2, 5, Some(2)),
            (not_sent.clone(), 3, 5, None),
            (not_sent, 1, 65, None),
            (E::Unavailable, 1, 0, Some(1)),
            (busy(Some(7)), 1, 0, Some(7)),
            (busy(Some(64)), 1, 0, Some(64)),
            (busy(Some(66)), 1, 0, None),
            (busy(Some(60)), 1, 6, None),
            (busy(None), 1, 0, Some(2)),
            (busy(None), 2, 3, Some(4)),
            (E::Send(SendError::TimedOut(String::new())), 1, 0, None),
            (E::Send(SendError::Cut(String::new())), 1, 0, None),
            (E::Send(SendError::Denied(String::new())), 1, 0, None),
            (E::Send(SendError::TooLarge), 1, 0, None),
            (E::OnlyAccepted, 1, 0, None),
            (E::ScenarioFailed, 1, 0, None),
            (E::TimedOut(504), 1, 0, None),
            (E::NotFound(410), 1, 0, None),
            (E::KeyRefused(401), 1, 0, None),
            (E::Redirected(302), 1, 0, None),
            (E::Status(500), 1, 0, None),
            (E::Empty, 1, 0, None),
            (E::ProviderError, 1, 0, None),
            (E::Unreadable("x"), 1, 0, None),
        ] {
            let got = decide(&error, attempt, seconds(elapsed), 0);
            assert_eq!(got, expected.map(seconds), "{error:?} attempt {attempt} after {elapsed} s");
        }
    }

    #[test]
    fn jitter_lengthens_a_wait_by_less_than_half_and_never_shortens_it() {
        for jitter in [0, 1, 128, 255] {
            let wait = decide(&E::Unavailable, 1, Duration::ZERO, jitter).unwrap();
            assert!(wait >= seconds(1) && wait < Duration::from_millis(1500), "{wait:?}");
        }
    }

    #[test]
    fn a_later_call_gets_only_what_is_left() {
        assert_eq!(limits(Duration::ZERO), LIMITS);
        let late = limits(seconds(30));
        assert_eq!((late.total, late.first_byte, late.connect), (seconds(45), seconds(45), LIMITS.connect));
        assert_eq!(limits(seconds(80)).total, Duration::ZERO);
    }
}
