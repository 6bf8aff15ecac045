//! Requests that are sent again under the same idempotency key.

use ::http::StatusCode;
use auth_api::{IdempotencyKey, Reason, Service, Settlement, wire::SETTLEMENT_BYTES_MAX};
use serde_json::json as object;
use web::Reply;

use super::{Site, json, metering::Tool};
use crate::metering::{RESPONSE_SECONDS, circuit::FAILED_USERS_MAX};

fn key(key: &str) -> IdempotencyKey {
    IdempotencyKey::new(key, "the request")
}

fn other_request(key: &str) -> IdempotencyKey {
    IdempotencyKey::new(key, "another request")
}

fn check(reply: &Reply, status: StatusCode, code: &str) {
    assert_eq!((reply.status, &json(reply)["code"]), (status, &code.into()));
}

#[test]
fn a_repetition_waits_and_gets_the_stored_response_without_a_charge() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let id = tool.reserved(Some(key("1")));
    for again in [tool.reserve(1, Some(key("1"))), tool.lookup(key("1"))] {
        check(&again, StatusCode::CONFLICT, "still_running");
        assert!(again.headers.contains_key("retry-after"));
    }
    tool.deliver(id, Some("l’answer \" \n"));
    for again in [tool.reserve(1, Some(key("1"))), tool.lookup(key("1"))] {
        let expected =
            object!({ "state": "replayed", "left": 49, "limit": 50, "response": "l’answer \" \n" });
        assert_eq!((again.status, json(&again)), (StatusCode::OK, expected));
    }
    assert_eq!(json(&tool.reserve(1, Some(key("2"))))["left"], 48, "another key is another request");
}

#[test]
fn a_key_of_another_request_is_refused() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let id = tool.reserved(Some(key("1")));
    let refused = |reply: Reply| check(&reply, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused");
    refused(tool.reserve(1, Some(other_request("1"))));
    refused(tool.lookup(other_request("1")));
    tool.deliver(id, Some("x"));
    refused(tool.reserve(1, Some(other_request("1"))));
    assert_eq!(tool.left(), 49);
}

#[test]
fn a_failure_frees_the_key() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let first = tool.reserved(Some(key("1")));
    tool.fail(first, Reason::Other);
    check(&tool.lookup(key("1")), StatusCode::NOT_FOUND, "no_stored_response");
    let second = tool.reserved(Some(key("1")));
    // A second settlement of the first does not change the second.
    let late = Settlement::Delivered { response: Some("late".to_owned()), amount: None };
    assert_eq!(tool.settle(first, &late), StatusCode::NOT_FOUND);
    assert_eq!(tool.lookup(key("1")).status, StatusCode::CONFLICT);
    tool.deliver(second, Some("good"));
    let failed = Settlement::NotDelivered { reason: Reason::Other, upstream_called: false };
    assert_eq!(tool.settle(second, &failed), StatusCode::NOT_FOUND, "settled once");
    assert_eq!(json(&tool.lookup(key("1")))["response"], "good");
    assert_eq!(tool.left(), 49);
}

#[test]
fn a_refused_reservation_leaves_the_key_free_and_a_replay_needs_no_closed_circuit() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    assert_eq!(tool.reserve(51, Some(key("1"))).status, StatusCode::TOO_MANY_REQUESTS);
    tool.deliver(tool.reserved(Some(key("1"))), Some("x"));
    tool.fail(tool.reserved(Some(key("2"))), Reason::UpstreamFailed);
    site.fail_for(FAILED_USERS_MAX - 1, Service::Llm);
    assert_eq!(tool.reserve(1, Some(key("2"))).status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(tool.lookup(key("2")).status, StatusCode::NOT_FOUND);
    assert_eq!(json(&tool.reserve(1, Some(key("1"))))["response"], "x");
}

#[test]
fn an_unsettled_reservation_and_a_stored_response_expire() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let stopped = tool.reserved(Some(key("1")));
    site.wait(i64::from(Service::Llm.reservation_seconds_max()) - 1);
    assert_eq!(tool.reserve(1, Some(key("1"))).status, StatusCode::CONFLICT);
    site.wait(1);
    assert_eq!(tool.lookup(key("1")).status, StatusCode::NOT_FOUND);
    let failed = Settlement::NotDelivered { reason: Reason::Other, upstream_called: false };
    assert_eq!(tool.settle(stopped, &failed), StatusCode::NOT_FOUND);
    tool.deliver(tool.reserved(Some(key("1"))), Some("x"));
    assert_eq!(tool.left(), 48, "the amount of a reservation that was never settled stays spent");
    site.wait(i64::from(RESPONSE_SECONDS) - 1);
    assert_eq!(tool.lookup(key("1")).status, StatusCode::OK);
    site.wait(1);
    assert_eq!(tool.lookup(key("1")).status, StatusCode::NOT_FOUND);
    tool.reserved(Some(key("1")));
}

#[test]
fn a_key_belongs_to_its_user() {
    let site = Site::new();
    let (alice, bob) = (Tool::new(&site, "alice"), Tool::new(&site, "bob"));
    alice.deliver(alice.reserved(Some(key("1"))), Some("for alice"));
    assert_eq!(bob.lookup(key("1")).status, StatusCode::NOT_FOUND);
    bob.reserved(Some(key("1")));
    bob.browser.cookie.take();
    assert_eq!(bob.lookup(key("1")).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn what_cannot_be_stored_is_not_stored_and_frees_the_key() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    tool.deliver(tool.reserved(Some(key("1"))), None);
    tool.deliver(tool.reserved(Some(key("1"))), Some("a\0b"));
    tool.deliver(tool.reserved(None), Some("no key to look it up by"));
    assert_eq!(site.store.stored_responses(), 0);
    tool.reserved(Some(key("1")));
}

#[test]
fn readiness_checks_delete_expired_responses() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    tool.deliver(tool.reserved(Some(key("1"))), Some("x"));
    site.wait(i64::from(RESPONSE_SECONDS) - 1);
    tool.browser.get("/auth/readyz");
    assert_eq!(site.store.stored_responses(), 1);
    site.wait(1);
    tool.browser.get("/auth/readyz");
    assert_eq!(site.store.stored_responses(), 0);
}

#[test]
fn only_a_settlement_may_be_long() {
    let settle = format!("/auth/internal/reservations/{}/settle", "ab".repeat(16));
    assert_eq!(crate::body_bytes_max(&settle), SETTLEMENT_BYTES_MAX);
    for path in ["/auth", "/register", "/auth/internal/reservations", "/nowhere"] {
        assert_eq!(crate::body_bytes_max(path), crate::BODY_BYTES_MAX, "{path}");
    }
}
