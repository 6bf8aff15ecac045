//! Daily quotas and ceilings: the limits of the operator, what is left of them, and what an answer that was not
//! delivered costs.

use auth_api::{Quota, Service};

/// How many undelivered answers of a service a user gets back in a UTC day, once the upstream has been called. Further
/// ones are paid like delivered ones: otherwise a user could make any number of calls that the operator pays for.
pub const REFUNDS_PER_DAY: u32 = 5;

/// How much of each service may be spent in a UTC day, by one user or by all together.
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

/// The limits of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of one user: the quota.
    pub user: u32,
    /// Of all users together: the ceiling.
    pub all_users: u32,
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
