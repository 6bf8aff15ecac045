//! Requests for which the webhook is not called.

use super::fakes::LIMIT;
use super::*;
use crate::question::QUESTION_CHARS_MAX;

#[test]
fn without_a_session_a_browser_is_redirected_and_json_gets_401() {
    for (request, status) in [
        (Request::test("GET", "/llm").with("accept", "text/html"), 303),
        (Request::test("GET", "/llm").with("accept", "application/json"), 401),
        (
            Request::test("POST", "/llm/send")
                .with("accept", "text/html")
                .with_body("application/x-www-form-urlencoded", "message=a"),
            401,
        ),
        (Request::test("POST", "/llm/send").with_body("application/x-www-form-urlencoded", "message=a"), 303),
        (Request::test("POST", "/send").with_body("application/json", "{\"message\":\"a\"}"), 401),
        // The session is verified before the body is read.
        (Request::test("POST", "/send").with_body("application/json", "{}"), 401),
    ] {
        let network = answering(ANSWER);
        let reply = handle(&network, &request);
        assert_eq!(reply.status, status, "{request:?}");
        if status == 303 {
            assert_eq!(reply.headers["location"], "/auth?next=/llm");
        } else if request.is_from_browser() {
            assert!(page(&reply).contains("a</textarea>"), "{}", page(&reply));
        } else {
            assert_eq!(body(&reply)["code"], "signed_out");
        }
        assert_eq!(network.asked(), 0);
    }
}

#[test]
fn a_question_that_is_sent_after_the_session_ended_comes_back_with_a_way_to_sign_in() {
    let before = form_question("message=Une+longue+question");
    let mut after = before.clone();
    after.headers.remove("cookie");
    for (request, ends_at_reservation) in [(after, false), (before, true)] {
        let network = answering(ANSWER);
        if ends_at_reservation {
            network.scripted.borrow_mut().push_back(response(401, &[], ""));
        }
        let reply = handle(&network, &request);
        assert_eq!(reply.status, 401);
        assert!(reply.headers.contains_key("www-authenticate"));
        let page = page(&reply);
        assert!(page.contains("Une longue question</textarea>"), "{page}");
        assert!(page.contains("href=\"/auth?next=/llm\" target=\"_blank\""), "{page}");
        assert!(page.contains("pris fin") && network.asked() == 0, "{page}");
    }
}

#[test]
fn a_session_that_ends_before_the_reservation_is_noticed() {
    for (request, status) in [(form_question("message=a"), 401), (json_question("a"), 401)] {
        let network = answering(ANSWER);
        network.scripted.borrow_mut().push_back(response(401, &[], ""));
        assert_eq!(handle(&network, &request).status, status);
        assert_eq!(network.asked(), 0);
    }
}

#[test]
fn without_a_reply_from_auth_every_request_gets_503() {
    for request in [signed_in("GET", "/llm").with("accept", "text/html"), json_question("a")] {
        let network = answering(ANSWER);
        network.auth_unreachable.set(true);
        let reply = handle(&network, &request);
        assert_eq!((reply.status.as_u16(), reply.cause.as_deref()), (503, Some("auth: refused")));
        assert!(reply.headers.contains_key("retry-after") && network.asked() == 0);
    }
}

#[test]
fn a_body_without_a_valid_question_costs_nothing() {
    let long = "é".repeat(QUESTION_CHARS_MAX + 1);
    let json = |body: String| signed_in("POST", "/send").with_body("application/json", body);
    for (request, status, code) in [
        (json("{}".into()), 400, "message_missing"),
        (json("{\"message\":\"\"}".into()), 400, "message_missing"),
        (json("{\"message\":null}".into()), 400, "message_missing"),
        (json("{\"message\":\" \\n\"}".into()), 400, "message_missing"),
        (json("{\"message\":3}".into()), 400, "malformed_body"),
        (json("{\"message\":".into()), 400, "malformed_body"),
        (json("[]".into()), 400, "malformed_body"),
        (json("{\"message\":\"a\\u0000\"}".into()), 422, "message_invalid"),
        (json_question(&long), 422, "message_too_long"),
        (
            signed_in("POST", "/send").with("accept", "application/json").with_body("text/plain", "a"),
            415,
            "unsupported_media_type",
        ),
        (signed_in("POST", "/send").with("accept", "application/json"), 415, "unsupported_media_type"),
    ] {
        let network = answering(ANSWER);
        let reply = handle(&network, &request);
        assert_eq!((reply.status.as_u16(), body(&reply)["code"].as_str().unwrap()), (status, code));
        assert!(body(&reply)["error"].as_str().is_some_and(|error| !error.is_empty()));
        assert_eq!((network.left.get(), network.asked()), (LIMIT, 0));
    }
    let missing = handle(&answering(ANSWER), &json("{}".into()));
    assert!(body(&missing)["error"].as_str().unwrap().starts_with("Aucun message fourni"));
}

#[test]
fn a_missing_variable_gets_503_with_its_name() {
    for (name, webhook_url, service_key) in
        [("webhook_url", "", "key"), ("webhook_url", "hook", "key"), ("service_key", WEBHOOK, "")]
    {
        for request in [
            signed_in("GET", "/llm").with("accept", "text/html"),
            form_question("message=a"),
            json_question("a"),
        ] {
            let network = answering(ANSWER);
            let variables =
                Variables { webhook_url: webhook_url.into(), service_key: service_key.into(), ..variables() };
            let reply = handle_with(variables, &network, &request);
            assert_eq!(reply.status, 503, "{name}");
            assert!(page(&reply).contains(name), "{name}");
            assert_eq!((network.left.get(), network.asked()), (LIMIT, 0));
        }
    }
}

#[test]
fn an_exhausted_quota_gets_429_with_retry_after_and_what_is_left() {
    let network = answering(ANSWER);
    network.left.set(0);
    let reply = handle(&network, &json_question("a"));
    assert_eq!((reply.status.as_u16(), &reply.headers["retry-after"]), (429, &"3600".parse().unwrap()));
    assert_eq!((&body(&reply)["left"], network.asked()), (&json!(0), 0));
}

#[test]
fn while_the_circuit_is_open_the_webhook_is_not_called() {
    let network = answering(ANSWER);
    let open = || response(424, &[("retry-after", "25")], "{}");
    network.scripted.borrow_mut().extend([open(), open()]);
    let reply = handle(&network, &json_question("a"));
    assert_eq!((reply.status.as_u16(), &reply.headers["retry-after"]), (503, &"25".parse().unwrap()));
    assert_eq!(body(&reply)["code"], "breaker_open");
    let form = handle(&network, &form_question("message=Ma+question"));
    assert_eq!((form.status.as_u16(), &form.headers["retry-after"]), (503, &"25".parse().unwrap()));
    assert!(
        page(&form).contains("Ma question</textarea>")
            && page(&form).contains("L’assistant est en panne. Nouvel essai possible dans 25\u{a0}s")
    );
    assert_eq!((network.asked(), network.auth_bodies("/settle").len()), (0, 0));
}
