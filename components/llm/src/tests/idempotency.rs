//! Repetitions of a submission.

use std::time::Duration;

use ::http::Response;
use auth_api::{Quota, Replayed, Reservation, wire};
use bytes::Bytes;
use web::Clock;

use super::fakes::LIMIT;
use super::*;
use crate::stored_response;
use crate::webhook::{self, TOTAL_MAX};

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

fn keyed(message: &str) -> Request {
    json_question(message).with("idempotency-key", KEY)
}

fn keyed_form() -> Request {
    form_question("message=Ma+question&idempotency_key=cle-du-formulaire")
}

fn replayed(stored: &str) -> Response<Bytes> {
    let quota = Quota { left: 41, limit: LIMIT };
    let replayed = Reservation::Replayed(Replayed { response: stored.to_owned(), quota });
    response(200, &[], &serde_json::to_string(&replayed).unwrap())
}

fn replayed_answer() -> Response<Bytes> {
    replayed(&stored_response::write(&webhook::parse(ANSWER, false).unwrap(), false))
}

fn in_progress() -> Response<Bytes> {
    response(409, &[("retry-after", "1")], "{\"code\":\"still_running\"}")
}

/// An auth that knows the submission and replies so, and a webhook that must not be called.
fn repeated(replies: impl IntoIterator<Item = Response<Bytes>>) -> Network {
    let network = network([Ok(response(500, &[], "called"))]);
    network.scripted.borrow_mut().extend(replies);
    network
}

#[test]
fn auth_stores_the_response_of_a_request_with_a_key_and_of_no_other() {
    let network = answering(ANSWER);
    assert_eq!(handle(&network, &keyed("a")).status, 200);
    assert_eq!(handle(&network, &json_question("a")).status, 200);
    let settlements = network.auth_bodies("/settle");
    let stored = stored_response::read(settlements[0]["response"].as_str().unwrap()).unwrap();
    assert_eq!(stored.parsed.code, "print(\"é\") # <b>");
    assert_eq!(settlements[1], json!({ "outcome": "delivered" }));
}

#[test]
fn a_repetition_gets_the_same_answer_and_costs_nothing() {
    let first = handle(&answering(ANSWER), &keyed("a"));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let network = repeated([replayed_answer()]);
    let again = handle(&network, &keyed("a"));
    assert_eq!(
        (again.status.as_u16(), &again.headers["idempotency-replayed"]),
        (200, &"true".parse().unwrap())
    );
    for part in ["code", "explanation", "blocks", "simulated"] {
        assert_eq!(body(&again)[part], body(&first)[part]);
    }
    assert_eq!(body(&again)["left"], 41);
    assert_eq!((network.left.get(), network.asked()), (LIMIT, 0));
    let page = page(&handle(&repeated([replayed_answer()]), &keyed_form()));
    assert!(
        page.contains("</span>Ma question</p>") && page.contains("on <strong>affiche</strong>"),
        "{page}"
    );
}

#[test]
fn a_repetition_of_a_request_in_progress_waits_for_its_answer() {
    let network = repeated([in_progress(), in_progress(), in_progress(), replayed_answer()]);
    let reply = handle(&network, &keyed("a"));
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["idempotency-replayed"]),
        (200, &"true".parse().unwrap())
    );
    assert_eq!(network.clock.elapsed(), Duration::from_secs(3));
    let reserved = network.auth_bodies(wire::RESERVATIONS_PATH);
    let lookups = network.auth_bodies(wire::LOOKUP_PATH);
    assert_eq!((reserved.len(), lookups.len(), network.asked()), (1, 3, 0));
    let key = &reserved[0]["idempotency_key"];
    assert!(key.is_object() && lookups.iter().all(|lookup| lookup["idempotency_key"] == *key));
}

#[test]
fn a_repetition_waits_no_longer_than_an_answer_may_take_and_keeps_its_key() {
    let network = repeated(vec![in_progress(); 200]);
    let reply = handle(&network, &keyed_form());
    assert_eq!((reply.status.as_u16(), network.clock.elapsed()), (409, TOTAL_MAX));
    assert!(reply.headers.contains_key("retry-after"));
    let page = page(&reply);
    assert!(page.contains("name=\"idempotency_key\" value=\"cle-du-formulaire\""), "{page}");
    assert!(page.contains("ne sera pas comptée deux fois"), "{page}");
}

#[test]
fn a_repetition_of_a_failed_request_fails_too_and_does_not_call_the_webhook() {
    // The second reply is a response that another version of this program stored in another form.
    for lookup in [response(404, &[], "{\"code\":\"no_stored_response\"}"), replayed("[]")] {
        let network = repeated([in_progress(), lookup]);
        let reply = handle(&network, &keyed_form());
        assert_eq!(reply.status, 409);
        assert!(page(&reply).contains("Renvoyez-la."));
        assert!(page(&reply).contains(&format!("value=\"{FORM_KEY}\"")), "the form has a new key");
        assert_eq!((network.left.get(), network.asked()), (LIMIT, 0));
    }
}

#[test]
fn a_key_that_was_used_for_another_question_and_an_invalid_key_are_refused() {
    let network = repeated([response(422, &[], "{\"code\":\"idempotency_key_reused\"}")]);
    let reply = handle(&network, &keyed("b"));
    assert_eq!((reply.status.as_u16(), &body(&reply)["code"]), (422, &json!("idempotency_key_reused")));
    for invalid in ["", "a b", "\"open"] {
        let network = answering(ANSWER);
        let reply = handle(&network, &json_question("a").with("idempotency-key", invalid));
        assert_eq!((reply.status.as_u16(), &body(&reply)["code"]), (400, &json!("idempotency_key_invalid")));
        assert_eq!((network.left.get(), network.asked()), (LIMIT, 0));
    }
}

#[test]
fn every_page_with_the_form_has_a_new_key() {
    let key = format!("<input type=\"hidden\" name=\"idempotency_key\" value=\"{FORM_KEY}\">");
    for (network, request) in [
        (answering(ANSWER), signed_in("GET", "/llm").with("accept", "text/html")),
        (answering(ANSWER), keyed_form()),
        (network([Ok(response(410, &[], ""))]), keyed_form()),
    ] {
        assert!(page(&handle(&network, &request)).contains(&key));
    }
}
