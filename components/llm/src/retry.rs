//! Decides whether to call an upstream again. A question that it may have received is not sent twice, because it would be
//! paid twice.

use std::time::Duration;

use web::{Clock, outbound::SendError};

use crate::upstream::UpstreamError;

/// Calls for one question, the first included.
const ATTEMPTS_MAX: u32 = 3;
/// The wait after the first call when the upstream names none. It doubles with each call.
const BACKOFF: Duration = Duration::from_secs(1);
/// A call is not started with less time than this left, because a model needs several seconds.
const CALL_MIN: Duration = Duration::from_secs(10);

/// How long to wait before the next call; `None` when there must not be one.
///
/// `attempt` counts from 1; `left` is what is left of the time for the whole question. `jitter` (any number) lengthens the
/// wait by up to a half, so that many clients do not retry at the same time.
#[must_use]
pub fn decide(error: &UpstreamError, attempt: u32, left: Duration, jitter: u8) -> Option<Duration> {
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
    (wait + CALL_MIN <= left).then_some(wait)
}

/// Calls, again where that is safe, until `deadline` on the clock.
///
/// # Errors
/// Of the last call.
pub(crate) async fn repeat<T, C: Clock>(
    clock: &C,
    deadline: Duration,
    jitter: u8,
    call: impl AsyncFn() -> Result<T, UpstreamError>,
) -> Result<T, UpstreamError> {
    let mut attempt = 1;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let left = deadline.saturating_sub(clock.elapsed());
        let Some(wait) = decide(&error, attempt, left, jitter) else { return Err(error) };
        clock.sleep(wait).await;
        attempt += 1;
    }
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
            let got = decide(&error, attempt, seconds(75 - elapsed), 0);
            assert_eq!(got, expected.map(seconds), "{error:?} attempt {attempt} after {elapsed} s");
        }
    }

    #[test]
    fn jitter_lengthens_a_wait_by_less_than_half_and_never_shortens_it() {
        for jitter in [0, 1, 128, 255] {
            let wait = decide(&E::Unavailable, 1, seconds(75), jitter).unwrap();
            assert!(wait >= seconds(1) && wait < Duration::from_millis(1500), "{wait:?}");
        }
    }
}
