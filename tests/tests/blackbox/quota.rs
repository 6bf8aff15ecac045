//! Daily quotas: only tools reserve from them, only for a signed-in user, and never beyond the limit.

use std::thread;

use atelier_tests::{App, Client, Reply};
use serde_json::{Value, json};

use crate::applications::app;

fn call(client: &Client, what: &str, key: Option<&str>, body: &Value) -> Reply {
    let mut headers = vec![("content-type", "application/json"), ("accept", "application/json")];
    headers.extend(key.map(|key| ("x-service-key", key)));
    client.send("POST", &format!("/auth/internal/{what}"), &headers, body.to_string().as_bytes())
}

fn spend(client: &Client, amount: i64) -> Reply {
    call(client, "spend", Some(&app().service_key), &json!({ "service": "ocr", "amount": amount }))
}

#[test]
fn what_is_spent_is_missing_and_what_is_given_back_is_there_again() {
    let user = app().user();
    let left = |client: &Client| client.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"].clone();
    let spent = spend(&user, 30).expect(200).json();
    assert_eq!((&spent["left"], &spent["limit"]), (&json!(70), &json!(100)));
    assert!(spent["ticket"].as_str().is_some_and(|ticket| ticket.len() == 32), "{spent}");
    assert_eq!(left(&user), 70);
    let refund = |amount| {
        call(&user, "refund", Some(&app().service_key), &json!({ "service": "ocr", "amount": amount }))
    };
    assert_eq!(refund(10).expect(200).json()["left"], 80);
    assert_eq!(refund(9_999).expect(200).json()["left"], 100, "never more than was spent");
    assert_eq!(left(&app().user()), 100, "another user's quota is their own");
}

#[test]
fn a_quota_is_taken_whole_or_not_at_all() {
    let user = app().user();
    spend(&user, 95).expect(200);
    let reply = spend(&user, 6);
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0 && s <= 86_400));
    assert_eq!(reply.expect_problem(429)["left"], 5);
    assert_eq!(spend(&user, 5).expect(200).json()["left"], 0);
    assert_eq!(spend(&user, 1).expect_problem(429)["left"], 0);
}

#[test]
fn many_at_once_spend_exactly_the_limit() {
    let user = app().user();
    spend(&user, 80).expect(200);
    let cookie = user.cookie_header();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let spenders: Vec<_> = (0..40)
            .map(|_| {
                scope.spawn(|| {
                    let client = app().client();
                    let (name, value) = cookie.split_once('=').unwrap();
                    client.set_cookie(name, value);
                    spend(&client, 1).status
                })
            })
            .collect();
        spenders.into_iter().map(|spender| spender.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 20, "{statuses:?}");
}

#[test]
fn spending_needs_the_service_key_and_a_session() {
    let user = app().user();
    let body = json!({ "service": "llm", "amount": 1 });
    for what in ["spend", "refund", "recall"] {
        for key in [None, Some(""), Some("wrong"), Some("a service key of this test run, not a secre")] {
            call(&user, what, key, &body).expect_problem(403);
        }
        call(&app().client(), what, Some(&app().service_key), &body).expect_problem(401);
    }
    call(&user, "delivered", Some("wrong"), &body).expect_problem(403);
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["llm"]["left"], 50);
}

#[test]
fn nonsense_is_not_spent() {
    let user = app().user();
    for body in [
        json!({ "service": "ocr", "amount": 0 }),
        json!({ "service": "ocr", "amount": -5 }),
        json!({ "service": "ocr", "amount": 1.5 }),
        json!({ "service": "ocr", "amount": "1" }),
        json!({ "service": "ocr", "amount": 9_223_372_036_854_775_807_i64 }),
        json!({ "service": "admin", "amount": 1 }),
        json!({}),
    ] {
        call(&user, "spend", Some(&app().service_key), &body).expect_problem(422);
    }
    call(&user, "spend", Some(&app().service_key), &json!([])).expect_problem(400);
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"], 100);
}

#[test]
fn a_used_up_quota_stops_questions_and_pages_before_they_leave() {
    let app = App::start_with(|setup| {
        setup.set("llm_daily_quota", "2");
        setup.set("ocr_daily_pages", "2");
    });
    let user = app.user();
    user.ask("boucle").expect(200);
    user.ask("boucle").expect(200);
    let reply = user.ask("boucle");
    assert!(!reply.header("retry-after").is_empty());
    reply.expect_problem(429);
    assert_eq!(app.make.requests().len(), 2);

    let three_pages = mocks::sample::pdf(&[&["un"], &["deux"], &["trois"]]);
    user.upload(&three_pages).expect_problem(429);
    assert_eq!(app.gemini.generations().len(), 0, "a document beyond the quota never reaches the model");
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"], 2);
    app.user().ask("boucle").expect(200);
}
