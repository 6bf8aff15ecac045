//! A submission that is sent again.

use super::*;
use crate::kept;
use crate::webhook::{Answered, TOTAL_MAX};

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

fn keyed(message: &str) -> Request {
    json_question(message).with("idempotency-key", KEY)
}

fn keyed_form() -> Request {
    form_question("message=Ma+question&idempotency_key=cle-du-formulaire")
}

fn known() -> Response<Bytes> {
    let kept = kept::write(&Answered::read(ANSWER, false).unwrap());
    response(200, &[], &json!({ "left": 41, "limit": 50, "answer": kept }).to_string())
}

fn running() -> Response<Bytes> {
    response(409, &[("retry-after", "1")], "{\"code\":\"still_running\"}")
}

/// An auth that has these to say about the submission, and a webhook that must not be asked.
fn before(replies: Vec<Response<Bytes>>) -> Network {
    let network = network(vec![Ok(response(500, &[], "asked all the same"))]);
    *network.0.before.borrow_mut() = replies;
    network
}

#[test]
fn the_first_hands_its_answer_to_auth_and_one_without_a_key_does_not() {
    let network = answering(ANSWER);
    assert_eq!(handle(&network, &keyed("a")).status, 200);
    assert_eq!(handle(&network, &json_question("a")).status, 200);
    let reports = network.0.reports.borrow();
    let answered = kept::read(reports[0]["answer"].as_str().unwrap()).unwrap();
    assert_eq!(answered.answer.code, "print(\"é\") # <b>");
    assert_eq!(reports[1], json!({ "service": "llm", "ticket": "t48" }));
}

#[test]
fn what_was_answered_before_is_answered_alike_and_costs_nothing() {
    let first = handle(&answering(ANSWER), &keyed("a"));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let network = before(vec![known()]);
    let again = handle(&network, &keyed("a"));
    assert_eq!(
        (again.status.as_u16(), &again.headers["idempotency-replayed"]),
        (200, &"true".parse().unwrap())
    );
    for part in ["code", "explanation", "blocks", "simulated"] {
        assert_eq!(body(&again)[part], body(&first)[part]);
    }
    assert_eq!(body(&again)["left"], 41);
    assert_eq!((network.0.left.get(), network.0.questions.borrow().len()), (50, 0));
    let page = page(&handle(&before(vec![known()]), &keyed_form()));
    assert!(
        page.contains("Ma question</textarea>") && page.contains("on <strong>affiche</strong>"),
        "{page}"
    );
}

#[test]
fn the_second_waits_for_the_answer_of_the_first() {
    let network = before(vec![running(), running(), running(), known()]);
    let reply = handle(&network, &keyed("a"));
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["idempotency-replayed"]),
        (200, &"true".parse().unwrap())
    );
    assert_eq!(network.0.now.get(), Duration::from_secs(3));
    let asked = network.0.reports.borrow();
    assert_eq!(asked.len(), 4);
    for part in ["key_hash", "request_hash"] {
        assert!(
            asked.iter().all(|ask| ask[part] == asked[0][part] && ask[part].as_str().unwrap().len() == 64)
        );
    }
    assert!(network.0.questions.borrow().is_empty());
}

#[test]
fn it_waits_no_longer_than_an_answer_may_take_and_keeps_its_key() {
    let network = before(vec![running(); 200]);
    let reply = handle(&network, &keyed_form());
    assert_eq!((reply.status.as_u16(), network.0.now.get()), (409, TOTAL_MAX));
    assert!(reply.headers.contains_key("retry-after"));
    let page = page(&reply);
    assert!(page.contains("name=\"idempotency_key\" value=\"cle-du-formulaire\""), "{page}");
    assert!(page.contains("ne sera pas comptée deux fois"), "{page}");
}

#[test]
fn when_the_first_fails_the_second_says_so_and_does_not_ask_in_its_place() {
    for gone in [
        response(404, &[], "{\"code\":\"nothing_kept\"}"),
        // Kept by a version of this program that writes it differently.
        response(200, &[], "{\"left\":4,\"limit\":50,\"answer\":\"[]\"}"),
    ] {
        let network = before(vec![running(), gone]);
        let reply = handle(&network, &keyed_form());
        assert_eq!(reply.status, 409);
        assert!(page(&reply).contains("Envoyez-la de nouveau"));
        assert!(page(&reply).contains(&format!("value=\"{}\"", "ab".repeat(16))), "with a new key");
        assert!(network.0.questions.borrow().is_empty() && network.0.left.get() == 50);
    }
}

#[test]
fn a_key_that_means_another_question_or_none_is_refused() {
    let network = before(vec![response(422, &[], "{\"code\":\"idempotency_key_reused\"}")]);
    let reply = handle(&network, &keyed("b"));
    assert_eq!((reply.status.as_u16(), &body(&reply)["code"]), (422, &json!("idempotency_key_reused")));
    for bad in ["", "a b", "\"open"] {
        let network = answering(ANSWER);
        let reply = handle(&network, &json_question("a").with("idempotency-key", bad));
        assert_eq!((reply.status.as_u16(), &body(&reply)["code"]), (400, &json!("idempotency_key_invalid")));
        assert_eq!((network.0.left.get(), network.0.questions.borrow().len()), (50, 0));
    }
}

#[test]
fn every_page_with_the_form_brings_a_key() {
    let key = format!("<input type=\"hidden\" name=\"idempotency_key\" value=\"{}\">", "ab".repeat(16));
    for (network, request) in [
        (answering(ANSWER), signed_in("GET", "/llm").with("accept", "text/html")),
        (answering(ANSWER), keyed_form()),
        (network(vec![Ok(response(410, &[], ""))]), keyed_form()),
    ] {
        assert_eq!(page(&handle(&network, &request)).matches(&key).count(), 1);
    }
}
