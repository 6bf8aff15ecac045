//! Daily quotas: the limits of the operator, and what is left of them.

use auth_api::{Quota, Service};

/// How much of each service a user may spend in a UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyLimits {
    pub llm_questions: u32,
    pub ocr_pages: u32,
}

impl DailyLimits {
    #[must_use]
    pub const fn of(&self, service: Service) -> u32 {
        match service {
            Service::Llm => self.llm_questions,
            Service::Ocr => self.ocr_pages,
        }
    }
}

/// What is left of `limit`; nothing when the operator has lowered it below what was spent.
pub(crate) fn remaining(limit: u32, spent: i64) -> Quota {
    Quota { left: u32::try_from(i64::from(limit) - spent).unwrap_or(0), limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_nothing_is_never_left() {
        let check = |limit, spent, left| assert_eq!(remaining(limit, spent), Quota { left, limit });
        check(50, 0, 50);
        check(50, 50, 0);
        check(50, 51, 0);
        check(u32::MAX, 0, u32::MAX);
    }
}
