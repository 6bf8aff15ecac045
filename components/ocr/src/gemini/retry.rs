//! What to do after a failure of the upstream: wait, take the next model, or give up.

use std::time::Duration;

use super::error::UpstreamError;

/// Tries of one model, the first included.
pub const TRIES_PER_MODEL: u32 = 2;
/// The longest delay that is waited for when Google asks for one; the rest of the time is for the answer.
pub const WAIT_MAX: Duration = Duration::from_secs(20);
/// Before the second try of an overloaded model; up to as much is added at random.
const BACKOFF: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The same model, after this long.
    Again(Duration),
    NextModel,
    GiveUp,
}

#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// Tries of this model so far, this one included.
    pub tries: u32,
    pub has_next_model: bool,
    /// Until the total deadline.
    pub remaining: Duration,
    /// From 0 to 255: spreads the tries of many users.
    pub jitter: u8,
}

/// Decides. A request is repeated only when the next answer may differ.
pub fn next_step(failure: &UpstreamError, situation: Situation) -> Step {
    let next_model = if situation.has_next_model { Step::NextModel } else { Step::GiveUp };
    let may_retry = situation.tries < TRIES_PER_MODEL;
    let jitter = BACKOFF * u32::from(situation.jitter) / 255;
    match failure {
        UpstreamError::Refused(_)
        | UpstreamError::Document(_)
        | UpstreamError::DayQuota
        | UpstreamError::TimedOut => Step::GiveUp,
        UpstreamError::ModelNotFound(_) => next_model,
        UpstreamError::MinuteQuota(delay) => {
            let wait = delay.unwrap_or(BACKOFF) + jitter;
            if may_retry && wait <= WAIT_MAX && wait < situation.remaining / 2 {
                Step::Again(wait)
            } else {
                next_model
            }
        }
        UpstreamError::Overloaded(_) | UpstreamError::Unreachable(_) | UpstreamError::Cut(_) if may_retry => {
            if BACKOFF + jitter < situation.remaining {
                Step::Again(BACKOFF + jitter)
            } else {
                Step::GiveUp
            }
        }
        UpstreamError::Overloaded(_)
        | UpstreamError::InvalidAnswer(_)
        | UpstreamError::NoText(_)
        | UpstreamError::Cut(_) => next_model,
        // The other models have the same address.
        UpstreamError::Unreachable(_) => Step::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_step() {
        let seconds = Duration::from_secs;
        let check =
            |failure: UpstreamError, tries: u32, has_next_model: bool, remaining: u64, expected: Step| {
                let situation = Situation { tries, has_next_model, remaining: seconds(remaining), jitter: 0 };
                assert_eq!(next_step(&failure, situation), expected, "{failure:?} {situation:?}");
            };
        let text = String::new;
        check(UpstreamError::Refused(text()), 1, true, 100, Step::GiveUp);
        check(UpstreamError::Document(text()), 1, true, 100, Step::GiveUp);
        check(UpstreamError::DayQuota, 1, true, 100, Step::GiveUp);
        check(UpstreamError::TimedOut, 1, true, 100, Step::GiveUp);
        check(UpstreamError::ModelNotFound(text()), 1, true, 100, Step::NextModel);
        check(UpstreamError::ModelNotFound(text()), 1, false, 100, Step::GiveUp);
        check(UpstreamError::MinuteQuota(Some(seconds(12))), 1, true, 100, Step::Again(seconds(12)));
        check(UpstreamError::MinuteQuota(Some(seconds(12))), 1, true, 20, Step::NextModel);
        check(UpstreamError::MinuteQuota(Some(seconds(58))), 1, true, 160, Step::NextModel);
        check(UpstreamError::MinuteQuota(Some(seconds(58))), 1, false, 160, Step::GiveUp);
        check(UpstreamError::MinuteQuota(None), 2, true, 160, Step::NextModel);
        check(UpstreamError::Overloaded(text()), 1, true, 100, Step::Again(seconds(1)));
        check(UpstreamError::Overloaded(text()), 2, true, 100, Step::NextModel);
        check(UpstreamError::Overloaded(text()), 1, true, 1, Step::GiveUp);
        check(UpstreamError::Unreachable(text()), 1, true, 100, Step::Again(seconds(1)));
        check(UpstreamError::Unreachable(text()), 2, true, 100, Step::GiveUp);
        check(UpstreamError::Cut(text()), 2, true, 100, Step::NextModel);
        check(UpstreamError::InvalidAnswer(text()), 1, true, 100, Step::NextModel);
    }

    #[test]
    fn jitter_only_lengthens() {
        let situation =
            Situation { tries: 1, has_next_model: true, remaining: Duration::from_secs(60), jitter: 255 };
        let step = next_step(&UpstreamError::Overloaded(String::new()), situation);
        assert_eq!(step, Step::Again(Duration::from_secs(2)));
    }
}
