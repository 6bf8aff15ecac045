//! How long the webhook may take.

use std::time::Duration;

use web::outbound::Limits;

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

/// The limits of a call for which this much of the total is left.
#[must_use]
pub fn limits(left: Duration) -> Limits {
    Limits { first_byte: LIMITS.first_byte.min(left), total: left, ..LIMITS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_call_gets_only_what_is_left() {
        let seconds = Duration::from_secs;
        assert_eq!(limits(TOTAL_MAX), LIMITS);
        let late = limits(seconds(45));
        assert_eq!((late.total, late.first_byte, late.connect), (seconds(45), seconds(45), LIMITS.connect));
        assert_eq!(limits(Duration::ZERO).total, Duration::ZERO);
    }
}
