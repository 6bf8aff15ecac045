//! Daily quotas, and who may reserve.

use ::http::StatusCode;
use auth_api::{Reason, ReservationId, Service, Settlement, wire::RESERVATIONS_PATH};
use serde_json::json as object;

use super::{
    HOUR, PASSWORD, Site, json,
    metering::{Tool, retry_after},
};
use crate::metering::quota::REFUNDS_PER_DAY;

#[test]
fn an_amount_is_reserved_whole_or_not_at_all_and_comes_back_when_nothing_is_delivered() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let reserved = json(&tool.reserve(48, None));
    assert_eq!((&reserved["left"], &reserved["limit"]), (&2.into(), &50.into()));
    let refused = tool.reserve(3, None);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((&json(&refused)["left"], &json(&refused)["limit"]), (&2.into(), &50.into()));
    let seconds = i64::from(retry_after(&refused));
    assert!(seconds > 0 && seconds <= 24 * HOUR);

    let id = ReservationId::parse(reserved["reservation_id"].as_str().unwrap()).unwrap();
    let failed = Settlement::NotDelivered { reason: Reason::Other, upstream_called: false };
    assert_eq!(tool.settle(id, &failed), StatusCode::NO_CONTENT);
    assert_eq!(tool.settle(id, &failed), StatusCode::NOT_FOUND, "once");
    assert_eq!(tool.left(), 50);
    assert_eq!(json(&tool.reserve(50, None))["left"], 0);
    assert_eq!(tool.left(), 0);
    assert_eq!(Tool { service: Service::Ocr, ..tool }.left(), 100);
}

#[test]
fn midnight_starts_a_new_quota_and_a_failure_returns_to_its_own_day() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let seconds = i64::from(retry_after(&tool.reserve(51, None)));
    site.wait(seconds - 10);
    tool.browser.sign_in("alice", PASSWORD);
    let late = tool.reserved(None);
    site.wait(10);
    assert_eq!(tool.left(), 50);
    tool.reserved(None);
    tool.fail(late, Reason::Other);
    assert_eq!(tool.left(), 49, "today's quota is not larger for it");
}

#[test]
fn a_reservation_is_extended_whole_or_not_at_all_and_settled_with_its_extensions() {
    let site = Site::new();
    let mut tool = Tool::new(&site, "alice");
    tool.service = Service::Ocr;
    let id = tool.reserved(None);
    let extended = tool.extend(id, 89);
    assert_eq!((extended.status, json(&extended)), (StatusCode::OK, object!({ "left": 10, "limit": 100 })));
    let refused = tool.extend(id, 11);
    assert_eq!((refused.status, &json(&refused)["left"]), (StatusCode::TOO_MANY_REQUESTS, &10.into()));
    assert_eq!(tool.extend(id, 10).status, StatusCode::OK);
    assert_eq!(tool.left(), 0);
    tool.service = Service::Llm;
    assert_eq!(tool.extend(id, 1).status, StatusCode::NOT_FOUND, "another service's reservation");
    tool.service = Service::Ocr;
    tool.fail(id, Reason::Other);
    assert_eq!(tool.left(), 100);
    let gone = tool.extend(id, 1);
    assert_eq!((gone.status, &json(&gone)["code"]), (StatusCode::NOT_FOUND, &"reservation_unknown".into()));
}

#[test]
fn the_first_answers_that_were_not_delivered_are_given_back_and_further_ones_are_paid() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    for _ in 0..REFUNDS_PER_DAY {
        assert!(tool.fail_after_a_call(tool.reserved(None)));
    }
    assert_eq!(tool.left(), 50);
    assert!(!tool.fail_after_a_call(tool.reserved(None)));
    assert_eq!(tool.left(), 49);
    tool.fail(tool.reserved(None), Reason::Other);
    assert_eq!(tool.left(), 49, "an upstream that was not called costs nobody anything");
    assert!(Tool { service: Service::Ocr, ..tool }.left() == 100);
    let bob = Tool::new(&site, "bob");
    assert!(bob.fail_after_a_call(bob.reserved(None)), "each user has refunds of their own");
}

#[test]
fn a_user_pays_for_what_was_used_and_never_for_more_than_was_reserved() {
    let site = Site::new();
    let mut tool = Tool::new(&site, "alice");
    tool.service = Service::Ocr;
    let deliver = |amount| {
        let id = tool.reserved(None);
        assert_eq!(tool.extend(id, 9).status, StatusCode::OK);
        let delivered = Settlement::Delivered { response: None, amount: Some(amount) };
        assert_eq!(tool.settle(id, &delivered), StatusCode::NO_CONTENT);
        tool.left()
    };
    assert_eq!(deliver(4), 96);
    assert_eq!(deliver(10), 86);
    assert_eq!(deliver(600), 76);
}

#[test]
fn all_users_together_stop_at_the_ceiling_and_calls_in_vain_count() {
    let site = Site { llm_daily_ceiling: "7", ..Site::new() };
    let (alice, bob) = (Tool::new(&site, "alice"), Tool::new(&site, "bob"));
    assert!(alice.fail_after_a_call(alice.reserved(None)));
    bob.fail(bob.reserved(None), Reason::Other);
    let id = bob.reserved(None);
    assert_eq!(bob.extend(id, 4).status, StatusCode::OK);
    let refused = bob.extend(id, 2);
    assert_eq!(
        (refused.status, &json(&refused)["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &"daily_ceiling_reached".into())
    );
    bob.deliver(id, None);
    alice.reserved(None);
    let refused = alice.reserve(1, None);
    assert_eq!(
        (refused.status, &json(&refused)["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &"daily_ceiling_reached".into())
    );
    assert_eq!((alice.left(), bob.left()), (49, 45), "a refusal costs nothing");
    let seconds = i64::from(retry_after(&refused));
    assert!(seconds > 0 && seconds <= 24 * HOUR);
    assert_eq!(Tool { service: Service::Ocr, ..bob }.reserve(1, None).status, StatusCode::CREATED);
    site.wait(seconds);
    alice.browser.sign_in("alice", PASSWORD);
    alice.reserved(None);
}

#[test]
fn the_service_key_is_checked_first_then_the_session_then_the_body() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let good = r#"{"service":"ocr","amount":1}"#;
    let status = |key: &str, body: &str| tool.post(RESERVATIONS_PATH, key, body).status;
    for key in ["", "other", "the ke", "the key "] {
        assert_eq!(status(key, good), StatusCode::FORBIDDEN, "{key}");
    }
    let request = || tool.browser.request("POST", RESERVATIONS_PATH);
    let without = request().with_body("application/json", good);
    assert_eq!(site.answer(without).status, StatusCode::FORBIDDEN);
    let twice = request().with("x-service-key", "the key").with("x-service-key", "the key");
    assert_eq!(site.answer(twice.with_body("application/json", good)).status, StatusCode::FORBIDDEN);
    for bad in [
        r#"{"service":"gpt","amount":1}"#,
        r#"{"service":"llm","amount":0}"#,
        r#"{"service":"llm","amount":10001}"#,
        r#"{"service":"llm","amount":-1}"#,
        r#"{"service":"llm","amount":1.5}"#,
        r#"{"service":"llm","amount":"1"}"#,
        r#"{"service":"llm","amount":99999999999999999999}"#,
        r#"{"service":"llm","amount":1,"idempotency_key":{"key_hash":"12","request_hash":"12"}}"#,
        r#"{"service":"llm"}"#,
        "{}",
        "null",
    ] {
        assert_eq!(status("the key", bad), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    for bad in ["", "{", "\u{feff}{}"] {
        assert_eq!(status("the key", bad), StatusCode::BAD_REQUEST, "{bad}");
    }
    let form = request().with("x-service-key", "the key");
    let form = form.with_body("application/x-www-form-urlencoded", "service=llm&amount=1");
    assert_eq!(site.answer(form).status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    tool.browser.cookie.take();
    assert_eq!(status("the key", "{}"), StatusCode::UNAUTHORIZED);
}

#[test]
fn extending_and_settling_need_the_service_key_but_no_session() {
    let site = Site::new();
    let tool = Tool::new(&site, "alice");
    let id = tool.reserved(None);
    tool.browser.cookie.take();
    for path in [id.extend_path(), id.settle_path()] {
        assert_eq!(tool.post(&path, "other", "{}").status, StatusCode::FORBIDDEN);
        for bad in ["{}", r#"{"outcome":"lost"}"#, r#"{"outcome":"not_delivered"}"#, r#"{"amount":1}"#] {
            assert_eq!(tool.post(&path, "the key", bad).status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
    }
    assert_eq!(tool.extend(id, 1).status, StatusCode::OK);
    tool.deliver(id, None);
}

#[test]
fn without_a_configured_service_key_every_call_is_503() {
    let site = Site { service_key: "", ..Site::new() };
    let tool = Tool::new(&site, "alice");
    let reply = tool.post(RESERVATIONS_PATH, "", r#"{"service":"llm","amount":1}"#);
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(json(&reply)["error"].as_str().unwrap().contains("service_key"));
}
