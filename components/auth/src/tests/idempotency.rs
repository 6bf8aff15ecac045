//! A request that is sent again, as llm asks on its behalf.

use ::http::StatusCode;
use serde_json::{Value, json as object};
use web::Reply;

use super::{
    Browser, PASSWORD, Site, json,
    quota::{ask, signed_in},
};
use crate::{
    breaker::POLICY,
    idempotency::{KEPT_SECONDS, REPORT_BYTES_MAX, RUNNING_SECONDS_MAX},
};

fn hash(digit: &str) -> String {
    digit.repeat(64)
}

fn call(site: &Site, browser: &Browser<'_>, verb: &str, body: &Value) -> Reply {
    ask(site, browser, verb, "the key", &body.to_string())
}

fn spend(site: &Site, browser: &Browser<'_>, key: &str, asked: &str) -> Reply {
    let body = object!({ "service": "llm", "amount": 1, "key_hash": hash(key), "request_hash": hash(asked) });
    call(site, browser, "spend", &body)
}

fn recall(site: &Site, browser: &Browser<'_>, key: &str, asked: &str) -> Reply {
    let body = object!({ "service": "llm", "key_hash": hash(key), "request_hash": hash(asked) });
    call(site, browser, "recall", &body)
}

fn begin(site: &Site, browser: &Browser<'_>, key: &str) -> String {
    let reply = spend(site, browser, key, "a");
    assert_eq!(reply.status, StatusCode::OK);
    json(&reply)["ticket"].as_str().unwrap().to_owned()
}

fn deliver(site: &Site, browser: &Browser<'_>, ticket: &str, answer: &str) {
    let body = object!({ "service": "llm", "ticket": ticket, "answer": answer });
    assert_eq!(call(site, browser, "delivered", &body).status, StatusCode::NO_CONTENT);
}

fn fail(site: &Site, browser: &Browser<'_>, ticket: &str) {
    let body = object!({ "service": "llm", "amount": 1, "ticket": ticket });
    assert_eq!(call(site, browser, "refund", &body).status, StatusCode::OK);
}

#[test]
fn the_second_of_two_waits_and_gets_the_answer_of_the_first_for_nothing() {
    let site = Site::new();
    let browser = signed_in(&site);
    let ticket = begin(&site, &browser, "1");
    for again in [spend(&site, &browser, "1", "a"), recall(&site, &browser, "1", "a")] {
        assert_eq!((again.status, &json(&again)["code"]), (StatusCode::CONFLICT, &"still_running".into()));
        assert!(again.headers.contains_key("retry-after"));
    }
    deliver(&site, &browser, &ticket, "l’answer \" \n");
    for again in [spend(&site, &browser, "1", "a"), recall(&site, &browser, "1", "a")] {
        let expected = object!({ "left": 49, "limit": 50, "answer": "l’answer \" \n" });
        assert_eq!((again.status, json(&again)), (StatusCode::OK, expected));
    }
    assert_eq!(json(&spend(&site, &browser, "2", "a"))["left"], 48, "another key is another request");
}

#[test]
fn a_key_that_was_used_for_something_else_is_refused() {
    let site = Site::new();
    let browser = signed_in(&site);
    let ticket = begin(&site, &browser, "1");
    let refused = |reply: Reply| {
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(json(&reply)["code"], "idempotency_key_reused");
    };
    refused(spend(&site, &browser, "1", "b"));
    refused(recall(&site, &browser, "1", "b"));
    deliver(&site, &browser, &ticket, "x");
    refused(spend(&site, &browser, "1", "b"));
    assert_eq!(json(&browser.get("/home"))["quotas"]["llm"]["left"], 49);
}

#[test]
fn a_failure_frees_the_key() {
    let site = Site::new();
    let browser = signed_in(&site);
    let ticket = begin(&site, &browser, "1");
    fail(&site, &browser, &ticket);
    assert_eq!(recall(&site, &browser, "1", "a").status, StatusCode::NOT_FOUND);
    let second = begin(&site, &browser, "1");
    // What the first says now does not concern the second.
    deliver(&site, &browser, &ticket, "late");
    fail(&site, &browser, &ticket);
    assert_eq!(recall(&site, &browser, "1", "a").status, StatusCode::CONFLICT);
    deliver(&site, &browser, &second, "good");
    fail(&site, &browser, &second);
    assert_eq!(json(&recall(&site, &browser, "1", "a"))["answer"], "good", "an answer stays");
}

#[test]
fn what_spend_refuses_leaves_the_key_free() {
    let site = Site::new();
    let browser = signed_in(&site);
    let too_many =
        object!({ "service": "llm", "amount": 51, "key_hash": hash("1"), "request_hash": hash("a") });
    assert_eq!(call(&site, &browser, "spend", &too_many).status, StatusCode::TOO_MANY_REQUESTS);
    let kept = begin(&site, &browser, "1");
    deliver(&site, &browser, &kept, "x");
    for _ in 0..POLICY.failures {
        let ticket = begin(&site, &browser, "2");
        let failed = object!({ "service": "llm", "amount": 1, "ticket": ticket, "upstream_failed": true });
        call(&site, &browser, "refund", &failed);
    }
    assert_eq!(spend(&site, &browser, "2", "a").status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(recall(&site, &browser, "2", "a").status, StatusCode::NOT_FOUND);
    assert_eq!(json(&spend(&site, &browser, "1", "a"))["answer"], "x", "what is answered needs no upstream");
}

#[test]
fn a_first_request_that_dies_and_an_answer_that_is_old_give_way() {
    let site = Site::new();
    let browser = signed_in(&site);
    begin(&site, &browser, "1");
    site.wait(RUNNING_SECONDS_MAX - 1);
    assert_eq!(spend(&site, &browser, "1", "a").status, StatusCode::CONFLICT);
    site.wait(1);
    assert_eq!(recall(&site, &browser, "1", "a").status, StatusCode::NOT_FOUND);
    let ticket = begin(&site, &browser, "1");
    deliver(&site, &browser, &ticket, "x");
    site.wait(KEPT_SECONDS - 1);
    assert_eq!(recall(&site, &browser, "1", "a").status, StatusCode::OK);
    site.wait(1);
    assert_eq!(recall(&site, &browser, "1", "a").status, StatusCode::NOT_FOUND);
    begin(&site, &browser, "1");
}

#[test]
fn a_key_belongs_to_its_user() {
    let site = Site::new();
    let alice = signed_in(&site);
    let mut bob = site.browser();
    bob.json = true;
    bob.register("bob");
    bob.sign_in("bob", PASSWORD);
    let ticket = begin(&site, &alice, "1");
    deliver(&site, &alice, &ticket, "for alice");
    assert_eq!(recall(&site, &bob, "1", "a").status, StatusCode::NOT_FOUND);
    begin(&site, &bob, "1");
    let stranger = site.browser();
    assert_eq!(recall(&site, &stranger, "1", "a").status, StatusCode::UNAUTHORIZED);
    let body = object!({ "service": "llm", "key_hash": hash("1"), "request_hash": hash("a") }).to_string();
    assert_eq!(ask(&site, &alice, "recall", "other", &body).status, StatusCode::FORBIDDEN);
}

#[test]
fn hashes_come_in_twos_and_an_answer_is_a_text() {
    let site = Site::new();
    let browser = signed_in(&site);
    for (name, value) in [("key_hash", hash("1")), ("request_hash", hash("a")), ("key_hash", "12".to_owned())]
    {
        for verb in ["spend", "recall"] {
            let body = object!({ "service": "llm", "amount": 1, name: value });
            assert_eq!(
                call(&site, &browser, verb, &body).status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{verb} {name}"
            );
        }
    }
    let ticket = begin(&site, &browser, "1");
    let body = object!({ "service": "llm", "ticket": ticket, "answer": 7 });
    assert_eq!(call(&site, &browser, "delivered", &body).status, StatusCode::UNPROCESSABLE_ENTITY);
    // An answer that the caller does not want kept: whoever asks again asks anew.
    let body = object!({ "service": "llm", "ticket": ticket });
    assert_eq!(call(&site, &browser, "delivered", &body).status, StatusCode::NO_CONTENT);
    begin(&site, &browser, "1");
}

#[test]
fn readiness_checks_delete_what_is_over() {
    let site = Site::new();
    let browser = signed_in(&site);
    let ticket = begin(&site, &browser, "1");
    deliver(&site, &browser, &ticket, "x");
    site.wait(KEPT_SECONDS);
    assert_eq!(site.store.answers_held(), 1);
    browser.get("/auth/readyz");
    assert_eq!(site.store.answers_held(), 0);
}

#[test]
fn only_a_report_may_be_long() {
    assert_eq!(crate::body_bytes_max("/auth/internal/delivered"), REPORT_BYTES_MAX);
    for path in ["/auth", "/register", "/auth/internal/spend", "/auth/internal/recall", "/nowhere"] {
        assert_eq!(crate::body_bytes_max(path), crate::BODY_BYTES_MAX, "{path}");
    }
}
