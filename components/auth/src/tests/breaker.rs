//! The breaker through the three verbs that llm speaks.

use ::http::{StatusCode, header};
use web::Reply;

use super::{
    Browser, Site, json,
    quota::{ask, signed_in},
};
use crate::breaker::{POLICY, RETRY_WHILE_PROBING_SECONDS};

fn spend(site: &Site, browser: &Browser<'_>) -> Reply {
    ask(site, browser, "spend", "the key", "{\"service\":\"llm\",\"amount\":1}")
}

/// A question that goes through; its ticket.
fn begin(site: &Site, browser: &Browser<'_>) -> String {
    let reply = spend(site, browser);
    assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.body);
    json(&reply)["ticket"].as_str().unwrap().to_owned()
}

fn fail(site: &Site, browser: &Browser<'_>, ticket: &str, ill: bool) {
    let body =
        format!("{{\"service\":\"llm\",\"amount\":1,\"ticket\":\"{ticket}\",\"upstream_failed\":{ill}}}");
    assert_eq!(ask(site, browser, "refund", "the key", &body).status, StatusCode::OK);
}

fn succeed(site: &Site, browser: &Browser<'_>, ticket: &str) {
    let body = format!("{{\"service\":\"llm\",\"ticket\":\"{ticket}\"}}");
    assert_eq!(ask(site, browser, "delivered", "the key", &body).status, StatusCode::NO_CONTENT);
}

fn fail_often(site: &Site, browser: &Browser<'_>, times: u32) {
    for _ in 0..times {
        let ticket = begin(site, browser);
        fail(site, browser, &ticket, true);
    }
}

/// Refused, with nothing spent; the seconds to wait.
fn refused(site: &Site, browser: &Browser<'_>) -> u32 {
    let left = || json(&browser.get("/home"))["quotas"]["llm"]["left"].clone();
    let before = left();
    let reply = spend(site, browser);
    assert_eq!(reply.status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!((&json(&reply)["code"], left()), (&"breaker_open".into(), before));
    reply.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

#[test]
fn failures_in_a_row_open_it_for_everybody_and_for_this_tool_only() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures);
    assert_eq!(refused(&site, &browser), POLICY.pause_seconds);
    site.wait(10);
    assert_eq!(refused(&site, &browser), POLICY.pause_seconds - 10);
    let mut other = site.browser();
    other.json = true;
    other.register("bob");
    other.sign_in("bob", super::PASSWORD);
    assert_eq!(refused(&site, &other), POLICY.pause_seconds - 10);
    let pages = ask(&site, &browser, "spend", "the key", "{\"service\":\"ocr\",\"amount\":1}");
    assert_eq!(pages.status, StatusCode::OK);
}

#[test]
fn a_success_a_pause_or_a_failure_that_is_not_the_upstreams_starts_the_row_anew() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures - 1);
    let ticket = begin(&site, &browser);
    succeed(&site, &browser, &ticket);
    fail_often(&site, &browser, POLICY.failures - 1);
    site.wait(i64::from(POLICY.window_seconds));
    fail_often(&site, &browser, POLICY.failures - 1);
    for _ in 0..POLICY.failures {
        let ticket = begin(&site, &browser);
        fail(&site, &browser, &ticket, false);
    }
    // What says nothing about the upstream neither counts nor forgives.
    fail_often(&site, &browser, 1);
    refused(&site, &browser);
}

#[test]
fn when_the_pause_is_over_one_tries_and_its_success_lets_all_in() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures);
    site.wait(i64::from(POLICY.pause_seconds));
    let probe = begin(&site, &browser);
    assert_eq!(refused(&site, &browser), RETRY_WHILE_PROBING_SECONDS);
    succeed(&site, &browser, &probe);
    fail_often(&site, &browser, POLICY.failures - 1);
    begin(&site, &browser);
}

#[test]
fn a_failed_probe_opens_it_again_for_longer_up_to_a_limit() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures);
    let mut pause = POLICY.pause_seconds;
    for _ in 0..6 {
        assert_eq!(refused(&site, &browser), pause);
        site.wait(i64::from(pause));
        fail_often(&site, &browser, 1);
        pause = (pause * 2).min(POLICY.pause_seconds_max);
    }
    assert_eq!(pause, POLICY.pause_seconds_max);
}

#[test]
fn a_probe_that_dies_gives_way_and_what_it_says_later_is_not_heard() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures);
    site.wait(i64::from(POLICY.pause_seconds));
    let dead = begin(&site, &browser);
    site.wait(i64::from(POLICY.probe_seconds) - 1);
    refused(&site, &browser);
    site.wait(1);
    let alive = begin(&site, &browser);
    succeed(&site, &browser, &dead);
    fail(&site, &browser, &dead, true);
    refused(&site, &browser);
    succeed(&site, &browser, &alive);
    begin(&site, &browser);
}

#[test]
fn a_probe_that_learns_nothing_leaves_the_try_to_the_next() {
    let site = Site::new();
    let browser = signed_in(&site);
    fail_often(&site, &browser, POLICY.failures);
    site.wait(i64::from(POLICY.pause_seconds));
    let probe = begin(&site, &browser);
    fail(&site, &browser, &probe, false);
    let next = begin(&site, &browser);
    fail(&site, &browser, &next, true);
    assert_eq!(refused(&site, &browser), 2 * POLICY.pause_seconds);
    // Nor does a question that the quota refuses keep the others from trying.
    site.wait(i64::from(2 * POLICY.pause_seconds));
    let too_many = ask(&site, &browser, "spend", "the key", "{\"service\":\"llm\",\"amount\":51}");
    assert_eq!(too_many.status, StatusCode::TOO_MANY_REQUESTS);
    begin(&site, &browser);
}

#[test]
fn questions_that_were_asked_before_it_opened_change_nothing() {
    let site = Site::new();
    let browser = signed_in(&site);
    let (early, late) = (begin(&site, &browser), begin(&site, &browser));
    fail_often(&site, &browser, POLICY.failures);
    site.wait(10);
    succeed(&site, &browser, &early);
    fail(&site, &browser, &late, true);
    assert_eq!(refused(&site, &browser), POLICY.pause_seconds - 10);
}

#[test]
fn reports_need_the_key_and_a_ticket_but_no_session() {
    let site = Site::new();
    let (browser, stranger) = (signed_in(&site), site.browser());
    let ticket = begin(&site, &browser);
    let report = |key: &str, body: &str| ask(&site, &stranger, "delivered", key, body).status;
    let good = format!("{{\"service\":\"llm\",\"ticket\":\"{ticket}\"}}");
    assert_eq!(report("other", &good), StatusCode::FORBIDDEN);
    assert_eq!(report("the key", &good), StatusCode::NO_CONTENT);
    for bad in [
        "{}",
        "{\"service\":\"llm\"}",
        "{\"service\":\"llm\",\"ticket\":\"x\"}",
        "{\"service\":\"llm\",\"ticket\":7}",
    ] {
        assert_eq!(report("the key", bad), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    for bad in ["\"ticket\":\"x\"", "\"upstream_failed\":1"] {
        let body = format!("{{\"service\":\"llm\",\"amount\":1,{bad}}}");
        let refund = ask(&site, &browser, "refund", "the key", &body);
        assert_eq!(refund.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}
