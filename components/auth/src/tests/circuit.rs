//! The circuit breaker, through reservations.

use ::http::StatusCode;
use auth_api::{Reason, ReservationId, Service, Settlement};

use super::{
    Site, json,
    metering::{Tool, retry_after},
};
use crate::metering::circuit::{
    FAILED_USERS_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, RETRY_WHILE_PROBING_SECONDS, WINDOW_SECONDS,
    probe_seconds,
};

impl Tool<'_> {
    /// The upstream fails for this user.
    fn fail_once(&self) {
        self.fail(self.reserved(None), Reason::UpstreamFailed);
    }

    /// Refused, with nothing reserved; the seconds to wait.
    fn refused(&self) -> u32 {
        let before = self.left();
        let reply = self.reserve(1, None);
        assert_eq!(reply.status, StatusCode::FAILED_DEPENDENCY);
        assert_eq!((&json(&reply)["code"], self.left()), (&"breaker_open".into(), before));
        retry_after(&reply)
    }

    /// A user for whom nothing has failed, before an open circuit.
    fn opened(site: &Site) -> Tool<'_> {
        let tool = Tool::new(site, "alice");
        site.fail_for(FAILED_USERS_MAX, tool.service);
        tool
    }

    fn half_opened(site: &Site) -> Tool<'_> {
        let tool = Tool::opened(site);
        site.wait(PAUSE_SECONDS.into());
        tool
    }
}

impl Site {
    /// A user who has not been here before.
    fn another(&self) -> Tool<'_> {
        Tool::new(self, &format!("user {}", self.draws.get()))
    }

    /// The upstream fails once for each of some new users.
    pub(super) fn fail_for(&self, users: u32, service: Service) {
        for _ in 0..users {
            Tool { service, ..self.another() }.fail_once();
        }
    }
}

#[test]
fn failures_for_one_user_open_it_for_nobody() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    for _ in 0..4 * FAILED_USERS_MAX {
        tool.fail_once();
    }
    site.fail_for(FAILED_USERS_MAX - 2, Service::Llm);
    tool.fail_once();
    site.another().reserved(None);
    site.fail_for(1, Service::Llm);
    tool.refused();
}

#[test]
fn a_user_whose_failure_opened_it_probes_after_everybody_else() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    tool.fail_once();
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    assert_eq!(tool.refused(), 2 * PAUSE_SECONDS);
    site.wait(PAUSE_SECONDS.into());
    assert_eq!(tool.refused(), PAUSE_SECONDS);
    let other = site.another();
    other.fail_once();
    assert_eq!(other.refused(), 4 * PAUSE_SECONDS, "a failed probe is a failure, too");
    site.wait(i64::from(4 * PAUSE_SECONDS));
    tool.deliver(tool.reserved(None), None);
    other.reserved(None);
}

#[test]
fn failures_in_a_row_open_it_for_all_users_and_for_this_service_only() {
    let site = Site::new();
    let mut tool = Tool::opened(&site);
    assert_eq!(tool.refused(), PAUSE_SECONDS);
    site.wait(10);
    assert_eq!(tool.refused(), PAUSE_SECONDS - 10);
    assert_eq!(Tool::new(&site, "bob").refused(), PAUSE_SECONDS - 10);
    tool.service = Service::Ocr;
    tool.reserved(None);
}

#[test]
fn a_success_or_a_long_time_ends_the_row_and_other_failures_do_not_count() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    tool.deliver(tool.reserved(None), None);
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    site.wait(WINDOW_SECONDS.into());
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    for _ in 0..FAILED_USERS_MAX {
        tool.fail(tool.reserved(None), Reason::Other);
    }
    // They did not end the row either.
    site.fail_for(1, Service::Llm);
    tool.refused();
}

#[test]
fn after_the_pause_one_reservation_passes_and_its_success_closes_the_circuit() {
    let site = Site::new();
    let tool = Tool::half_opened(&site);
    let probe = tool.reserved(None);
    assert_eq!(tool.refused(), RETRY_WHILE_PROBING_SECONDS);
    tool.deliver(probe, None);
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    tool.reserved(None);
}

#[test]
fn a_failed_probe_opens_it_again_for_twice_as_long_up_to_the_limit() {
    let site = Site::new();
    let tool = Tool::opened(&site);
    let mut pause = PAUSE_SECONDS;
    for _ in 0..6 {
        assert_eq!(tool.refused(), pause);
        site.wait(pause.into());
        site.another().fail_once();
        pause = (pause * 2).min(PAUSE_SECONDS_MAX);
    }
    assert_eq!(pause, PAUSE_SECONDS_MAX);
}

#[test]
fn a_probe_that_never_settles_is_replaced_and_its_late_settlement_changes_nothing() {
    let site = Site::new();
    let tool = Tool::half_opened(&site);
    let stopped = tool.reserved(None);
    site.wait(i64::from(probe_seconds(Service::Llm)) - 1);
    tool.refused();
    site.wait(1);
    let probe = tool.reserved(None);
    for late in [
        Settlement::Delivered { response: None, amount: None },
        Settlement::NotDelivered { reason: Reason::UpstreamFailed, upstream_called: true },
    ] {
        assert_eq!(tool.settle(stopped, &late), StatusCode::NOT_FOUND);
    }
    assert_eq!(tool.refused(), RETRY_WHILE_PROBING_SECONDS);
    tool.deliver(probe, None);
    tool.reserved(None);
}

#[test]
fn a_replaced_probe_that_still_settles_does_not_decide() {
    let site = Site::new();
    let mut tool = Tool::new(&site, "alice");
    tool.service = Service::Ocr;
    site.fail_for(FAILED_USERS_MAX, Service::Ocr);
    site.wait(PAUSE_SECONDS.into());
    let (slow, failing) = (tool.reserved(None), probe_seconds(Service::Ocr));
    site.wait(failing.into());
    let probe = tool.reserved(None);
    tool.deliver(slow, None);
    assert_eq!(tool.refused(), RETRY_WHILE_PROBING_SECONDS);
    tool.fail(probe, Reason::UpstreamFailed);
    assert_eq!(Tool { service: Service::Ocr, ..site.another() }.refused(), 2 * PAUSE_SECONDS);
}

#[test]
fn a_probe_without_a_result_and_an_exhausted_quota_leave_the_circuit_half_open() {
    let site = Site::new();
    let tool = Tool::half_opened(&site);
    tool.fail(tool.reserved(None), Reason::Other);
    site.another().fail_once();
    assert_eq!(tool.refused(), 2 * PAUSE_SECONDS);
    site.wait(i64::from(2 * PAUSE_SECONDS));
    assert_eq!(tool.reserve(51, None).status, StatusCode::TOO_MANY_REQUESTS);
    tool.reserved(None);
}

#[test]
fn reservations_from_before_it_opened_do_not_change_it() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let [delivered, failed]: [ReservationId; 2] = std::array::from_fn(|_| tool.reserved(None));
    site.fail_for(FAILED_USERS_MAX, Service::Llm);
    site.wait(10);
    tool.deliver(delivered, None);
    tool.fail(failed, Reason::UpstreamFailed);
    assert_eq!(tool.refused(), PAUSE_SECONDS - 10);
}
