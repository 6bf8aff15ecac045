use ::http::{StatusCode, header};
use web::Reply;

use super::{Browser, HOUR, PASSWORD, Site, json};

pub(super) fn ask(site: &Site, browser: &Browser<'_>, verb: &str, key: &str, body: &str) -> Reply {
    let request = browser.request("POST", &format!("/auth/internal/{verb}")).with("x-service-key", key);
    site.answer(request.with_body("application/json", body.to_owned()))
}

pub(super) fn signed_in(site: &Site) -> Browser<'_> {
    let mut browser = site.browser();
    browser.json = true;
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    browser
}

#[test]
fn questions_are_spent_and_given_back() {
    let site = Site::new();
    let browser = signed_in(&site);
    let spend = |amount: i64| {
        let body = format!("{{\"service\":\"llm\",\"amount\":{amount}}}");
        ask(&site, &browser, "spend", "the key", &body)
    };
    let spent = json(&spend(48));
    assert_eq!((&spent["left"], &spent["limit"]), (&2.into(), &50.into()));
    let refused = spend(3);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(json(&refused)["left"], 2);
    let seconds: i64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0 && seconds <= 24 * HOUR);
    let refund = ask(&site, &browser, "refund", "the key", "{\"service\":\"llm\",\"amount\":1000}");
    assert_eq!(json(&refund), serde_json::json!({ "left": 50, "limit": 50 }));
    assert_eq!(json(&spend(50))["left"], 0);
    assert_eq!(json(&browser.get("/home"))["quotas"]["llm"]["left"], 0);
    assert_eq!(json(&browser.get("/home"))["quotas"]["ocr"]["left"], 100);
    site.wait(seconds);
    // The session has ended meanwhile; the quota belongs to the account.
    browser.sign_in("alice", PASSWORD);
    assert_eq!(json(&spend(1))["left"], 49);
}

#[test]
fn the_key_comes_first_then_the_session_then_the_question() {
    let site = Site::new();
    let (browser, stranger) = (signed_in(&site), site.browser());
    let good = "{\"service\":\"ocr\",\"amount\":1}";
    for key in ["", "other", "the ke", "the key "] {
        assert_eq!(ask(&site, &browser, "spend", key, good).status, StatusCode::FORBIDDEN, "{key}");
    }
    let without = browser.request("POST", "/auth/internal/spend").with_body("application/json", good);
    assert_eq!(site.answer(without).status, StatusCode::FORBIDDEN);
    let twice = browser.request("POST", "/auth/internal/spend").with("x-service-key", "the key");
    let twice = twice.with("x-service-key", "the key").with_body("application/json", good);
    assert_eq!(site.answer(twice).status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&site, &stranger, "spend", "the key", good).status, StatusCode::UNAUTHORIZED);
    for bad in [
        "{\"service\":\"gpt\",\"amount\":1}",
        "{\"service\":\"llm\",\"amount\":0}",
        "{\"service\":\"llm\",\"amount\":-1}",
        "{\"service\":\"llm\",\"amount\":1.5}",
        "{\"service\":\"llm\",\"amount\":\"1\"}",
        "{\"service\":\"llm\",\"amount\":99999999999999999999}",
        "{\"service\":\"llm\"}",
        "{}",
    ] {
        assert_eq!(
            ask(&site, &browser, "spend", "the key", bad).status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{bad}"
        );
    }
    for bad in ["", "[]", "null", "{", "\u{feff}{}"] {
        assert_eq!(ask(&site, &browser, "spend", "the key", bad).status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let form = browser.request("POST", "/auth/internal/spend").with("x-service-key", "the key");
    let form = form.with_body("application/x-www-form-urlencoded", "service=llm&amount=1");
    assert_eq!(site.answer(form).status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn without_a_configured_key_nobody_can_spend() {
    let site = Site { service_key: "", ..Site::new() };
    let browser = signed_in(&site);
    let reply = ask(&site, &browser, "spend", "", "{\"service\":\"llm\",\"amount\":1}");
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(json(&reply)["error"].as_str().unwrap().contains("service_key"));
}
