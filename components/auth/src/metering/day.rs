//! The UTC day that a quota belongs to.

use web::UnixTime;

/// A UTC day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(i64);

const SECONDS_PER_DAY: i64 = 86_400;

impl Day {
    #[must_use]
    pub const fn of(now: UnixTime) -> Self {
        Self(now.0.div_euclid(SECONDS_PER_DAY))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Seconds until the next day, 1 to 86 400.
    #[must_use]
    pub fn seconds_left(now: UnixTime) -> u32 {
        u32::try_from(SECONDS_PER_DAY - now.0.rem_euclid(SECONDS_PER_DAY)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let midnight = 1_795_046_400;
        assert_eq!(midnight % SECONDS_PER_DAY, 0);
        assert_ne!(Day::of(UnixTime(midnight - 1)), Day::of(UnixTime(midnight)));
        assert_eq!(Day::seconds_left(UnixTime(midnight - 1)), 1);
        assert_eq!(Day::seconds_left(UnixTime(midnight)), 86_400);
    }
}
