//! The tools that spend a daily quota. Owns their names and units; knows no storage.

use web::UnixTime;

/// A tool with a quota per user and UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Counts questions.
    Llm,
    /// Counts pages.
    Ocr,
}

/// How much of each a user may spend in a UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyLimits {
    pub llm_questions: i64,
    pub ocr_pages: i64,
}

/// A UTC day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(i64);

const SECONDS_PER_DAY: i64 = 86_400;

impl Service {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "llm" => Some(Self::Llm),
            "ocr" => Some(Self::Ocr),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Ocr => "ocr",
        }
    }
}

impl DailyLimits {
    #[must_use]
    pub const fn of(&self, service: Service) -> i64 {
        match service {
            Service::Llm => self.llm_questions,
            Service::Ocr => self.ocr_pages,
        }
    }
}

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

    /// Seconds until the quota starts anew.
    #[must_use]
    pub const fn seconds_left(now: UnixTime) -> i64 {
        SECONDS_PER_DAY - now.0.rem_euclid(SECONDS_PER_DAY)
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
        assert_eq!(Day::seconds_left(UnixTime(midnight)), SECONDS_PER_DAY);
    }
}
