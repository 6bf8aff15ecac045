//! A question that is sent twice reaches the webhook once and is paid once.

use std::thread;
use std::time::Duration;

use atelier_tests::{Client, Connection, Reply, question_has_arrived};
use mocks::make::Fault;
use mocks::wire;
use serde_json::json;

use crate::applications::exclusive_app;

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

fn ask(user: &Client, key: &str, message: &str) -> Reply {
    let headers =
        [("content-type", "application/json"), ("accept", "application/json"), ("idempotency-key", key)];
    user.send("POST", "/send", &headers, json!({ "message": message }).to_string().as_bytes())
}

fn left(user: &Client) -> i64 {
    user.get_json("/home").expect(200).json()["quotas"]["llm"]["left"].as_i64().unwrap()
}

/// The same answer, marked as replayed.
#[track_caller]
fn expect_repeated(reply: &Reply, first: &Reply) {
    assert_eq!((reply.status, reply.header("idempotency-replayed")), (200, "true"), "{}", reply.text());
    for part in ["code", "explanation", "blocks", "simulated"] {
        assert_eq!(reply.json()[part], first.json()[part]);
    }
}

/// The idempotency key in the form.
fn form_key(page: &str) -> String {
    let field = page.split("name=\"idempotency_key\" value=\"").nth(1).expect("the form has a key");
    field.split('"').next().unwrap().to_owned()
}

#[test]
fn simultaneous_repetitions_are_one_call_of_the_webhook_one_of_the_quota_and_equal_answers() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(wire::Fault::Delay(Duration::from_secs(2)));
    let replies: Vec<Reply> = thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&user, KEY, "boucle"))).collect();
        asking.into_iter().map(|one| one.join().unwrap().expect(200)).collect()
    });
    let (repeated, first): (Vec<&Reply>, Vec<&Reply>) =
        replies.iter().partition(|reply| reply.header("idempotency-replayed") == "true");
    assert_eq!((first.len(), repeated.len()), (1, 3));
    repeated.iter().for_each(|reply| expect_repeated(reply, first[0]));
    assert_eq!((app.make.requests().len(), left(&user)), (1, 49));
    // Also afterwards, quoted as in the IETF draft, and under the other path.
    let quoted = [("content-type", "application/json"), ("idempotency-key", &*format!("\"{KEY}\""))];
    expect_repeated(&user.send("POST", "/llm/send", &quoted, b"{\"message\":\"  boucle\"}"), first[0]);
    assert_eq!((app.make.requests().len(), left(&user)), (1, 49));
}

#[test]
fn a_key_identifies_one_question_of_one_user() {
    let app = exclusive_app();
    let (user, other) = (app.user(), app.user());
    let first = ask(&user, KEY, "boucle").expect(200);
    let problem = ask(&user, KEY, "palindrome").expect_problem(422);
    assert_eq!(problem["code"], "idempotency_key_reused");
    expect_repeated(&ask(&user, KEY, "boucle"), &first);
    assert_eq!(ask(&other, KEY, "palindrome").expect(200).header("idempotency-replayed"), "");
    assert_eq!(ask(&user, "another-key", "boucle").expect(200).header("idempotency-replayed"), "");
    assert_eq!((app.make.requests().len(), left(&user), left(&other)), (3, 48, 49));
    for bad in ["a b", "\"", &"k".repeat(129)] {
        assert_eq!(ask(&user, bad, "boucle").expect_problem(400)["code"], "idempotency_key_invalid");
    }
    ask(&app.client(), KEY, "boucle").expect_problem(401);
}

#[test]
fn a_failure_frees_the_key_and_fails_the_repetition_that_waited() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(Fault::AcceptedAfter(Duration::from_secs(2)));
    thread::scope(|scope| {
        let first = scope.spawn(|| ask(&user, KEY, "boucle"));
        question_has_arrived(&app);
        assert_eq!(ask(&user, KEY, "boucle").expect_problem(409)["code"], "first_attempt_failed");
        assert_eq!(first.join().unwrap().expect_problem(502)["refunded"], true);
    });
    assert_eq!((app.make.requests().len(), left(&user)), (1, 50));
    assert_eq!(ask(&user, KEY, "boucle").expect(200).header("idempotency-replayed"), "");
    assert_eq!((app.make.requests().len(), left(&user)), (2, 49));
}

#[test]
fn a_client_that_disconnects_and_asks_again_gets_the_first_answer() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(wire::Fault::Delay(Duration::from_secs(2)));
    let body = "{\"message\":\"boucle\"}";
    let length = body.len().to_string();
    let headers =
        [("content-type", "application/json"), ("idempotency-key", KEY), ("content-length", length.as_str())];
    let mut gone = Connection::to(user.origin()).unwrap();
    gone.write((user.head("POST", "/send", &headers) + body).as_bytes()).unwrap();
    question_has_arrived(&app);
    drop(gone);
    let again = ask(&user, KEY, "boucle").expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(again.json()["code"].as_str().unwrap().starts_with("for i in"));
    assert_eq!((app.make.requests().len(), left(&user)), (1, 49));
}

#[test]
fn a_form_without_script_that_is_sent_twice_is_one_question() {
    let app = exclusive_app();
    let user = app.user();
    let key = form_key(&user.get("/llm").expect(200).text());
    let send = |message: &str, key: &str| {
        user.post_form("/llm/send", &[("message", message), ("idempotency_key", key)]).expect(200).text()
    };
    app.make.next(wire::Fault::Delay(Duration::from_secs(1)));
    let pages: Vec<String> = thread::scope(|scope| {
        let sending: Vec<_> = (0..2).map(|_| scope.spawn(|| send("boucle", &key))).collect();
        sending.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for page in &pages {
        assert!(page.contains("parcourt"), "{page}");
        assert_ne!(form_key(page), key, "the next question has another key");
    }
    assert_eq!((app.make.requests().len(), left(&user)), (1, 49));
    // Another question from the same form, reached by the browser's back button, is a new question.
    assert!(send("palindrome", &key).contains("[::-1]"));
    // The same question from a new form is a new question.
    send("boucle", &form_key(&pages[0]));
    assert_eq!((app.make.requests().len(), left(&user)), (3, 47));
}

#[test]
fn a_response_is_stored_for_ten_minutes_and_then_deleted() {
    let app = exclusive_app();
    let user = app.user();
    app.database.execute("DELETE FROM reservations");
    ask(&user, KEY, "boucle").expect(200);
    let rows = "SELECT count(*) FROM reservations WHERE response IS NOT NULL";
    let minutes = "SELECT round(extract(epoch FROM max(expires_at) - now()) / 60) FROM reservations";
    assert_eq!(app.database.value(rows).as_deref(), Some("1"));
    assert_eq!(app.database.value(minutes).as_deref(), Some("10"));
    app.database.execute("UPDATE reservations SET expires_at = now() - interval '1 second'");
    // The readiness check, which Kubernetes makes every few seconds, deletes it.
    user.get_json("/auth/readyz").expect(200);
    assert_eq!(app.database.value(rows).as_deref(), Some("0"));
    assert_eq!(ask(&user, KEY, "boucle").expect(200).header("idempotency-replayed"), "");
    assert_eq!((app.make.requests().len(), left(&user)), (2, 48));
}

#[test]
fn a_reservation_without_an_outcome_expires_and_frees_the_key() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(wire::Fault::Delay(Duration::from_secs(4)));
    thread::scope(|scope| {
        scope.spawn(|| ask(&user, KEY, "boucle").expect(200));
        question_has_arrived(&app);
        app.database.execute("UPDATE reservations SET expires_at = now() - interval '1 second'");
        assert_eq!(ask(&user, KEY, "boucle").expect(200).header("idempotency-replayed"), "");
    });
    assert_eq!(app.make.requests().len(), 2);
    expect_repeated(&ask(&user, KEY, "boucle"), &ask(&user, KEY, "boucle"));
}

#[test]
fn an_oversized_answer_is_delivered_and_not_stored() {
    let app = exclusive_app();
    let user = app.user();
    let long = format!("```python\nx = 1\n```\n**Explication :** {}", "très long ".repeat(40_000));
    app.make.always(Fault::Text(long));
    for _ in 0..2 {
        assert_eq!(ask(&user, KEY, "boucle").expect(200).header("idempotency-replayed"), "");
    }
    assert_eq!(app.make.requests().len(), 2);
    app.make.always(Fault::Text(format!("```python\nx = \"{}\"\n```", "é\\\"".repeat(20_000))));
    let first = ask(&user, "long-but-kept", "boucle").expect(200);
    expect_repeated(&ask(&user, "long-but-kept", "boucle"), &first);
}
