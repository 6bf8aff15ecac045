//! Daily quotas: only tools reserve from them, only for a signed-in user, and never beyond the limit.

use std::thread;

use atelier_tests::{App, Client, Reply};
use serde_json::{Value, json};

use crate::applications::app;

const RESERVATIONS: &str = "/auth/internal/reservations";

fn call(client: &Client, path: &str, key: Option<&str>, body: &Value) -> Reply {
    let mut headers = vec![("content-type", "application/json"), ("accept", "application/json")];
    headers.extend(key.map(|key| ("x-service-key", key)));
    client.send("POST", &format!("{RESERVATIONS}{path}"), &headers, body.to_string().as_bytes())
}

fn reserve(client: &Client, amount: i64) -> Reply {
    call(client, "", Some(&app().service_key), &json!({ "service": "ocr", "amount": amount }))
}

#[test]
fn what_is_reserved_is_missing_until_it_is_given_back_once() {
    let user = app().user();
    let left = |client: &Client| client.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"].clone();
    let reserved = reserve(&user, 30).expect(201).json();
    assert_eq!((&reserved["left"], &reserved["limit"]), (&json!(70), &json!(100)));
    let id = reserved["reservation_id"].as_str().unwrap();
    let key = Some(&*app().service_key);
    let extension = json!({ "service": "ocr", "amount": 10 });
    assert_eq!(call(&user, &format!("/{id}/extend"), key, &extension).expect(200).json()["left"], 60);
    assert_eq!(left(&user), 60);
    let failed = json!({ "outcome": "not_delivered", "reason": "other" });
    call(&app().client(), &format!("/{id}/settle"), key, &failed).expect(204);
    assert_eq!(left(&user), 100);
    let again = call(&user, &format!("/{id}/settle"), key, &failed);
    assert_eq!(again.expect_problem(404)["code"], "reservation_unknown");
    assert_eq!(left(&user), 100);
    assert_eq!(left(&app().user()), 100, "another user's quota is their own");
}

#[test]
fn a_quota_is_reserved_whole_or_not_at_all() {
    let user = app().user();
    reserve(&user, 95).expect(201);
    let reply = reserve(&user, 6);
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0 && s <= 86_400));
    assert_eq!(reply.expect_problem(429)["left"], 5);
    assert_eq!(reserve(&user, 5).expect(201).json()["left"], 0);
    assert_eq!(reserve(&user, 1).expect_problem(429)["left"], 0);
}

#[test]
fn parallel_reservations_take_exactly_the_limit() {
    let user = app().user();
    reserve(&user, 80).expect(201);
    let cookie = user.cookie_header();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..40)
            .map(|_| {
                scope.spawn(|| {
                    let client = app().client();
                    let (name, value) = cookie.split_once('=').unwrap();
                    client.set_cookie(name, value);
                    reserve(&client, 1).status
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 20, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 20, "{statuses:?}");
}

#[test]
fn reserving_needs_the_service_key_and_a_session() {
    let user = app().user();
    let body = json!({ "service": "llm", "amount": 1 });
    for path in ["", "/lookup"] {
        for key in [None, Some(""), Some("wrong"), Some("a service key of this test run, not a secre")] {
            call(&user, path, key, &body).expect_problem(403);
        }
        call(&app().client(), path, Some(&app().service_key), &body).expect_problem(401);
    }
    for verb in ["extend", "settle"] {
        let path = format!("/{}/{verb}", "ab".repeat(16));
        call(&user, &path, Some("wrong"), &body).expect_problem(403);
    }
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["llm"]["left"], 50);
}

#[test]
fn malformed_reservations_are_refused() {
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
        call(&user, "", Some(&app().service_key), &body).expect_problem(422);
    }
    call(&user, "", Some(&app().service_key), &json!("x")).expect_problem(422);
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

#[test]
fn a_ceiling_stops_all_users_together_before_anything_leaves() {
    let app = App::start_with(|setup| {
        setup.set("llm_daily_ceiling", "2");
        setup.set("ocr_daily_ceiling", "2");
    });
    let (first, second) = (app.user(), app.user());
    first.ask("boucle").expect(200);
    second.ask("boucle").expect(200);
    let refused = second.ask("boucle");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0 && s <= 86_400));
    let problem = refused.expect_problem(503);
    assert_eq!(problem["code"], "daily_ceiling_reached");
    assert!(problem["error"].as_str().unwrap().contains("l’ensemble des utilisateurs"), "{problem}");
    assert_eq!(app.make.requests().len(), 2);
    let left = |client: &Client, tool: &str| {
        client.get_json("/home").expect(200).json()["quotas"][tool]["left"].clone()
    };
    assert_eq!(left(&second, "llm"), 49);

    let three_pages = mocks::sample::pdf(&[&["un"], &["deux"], &["trois"]]);
    assert_eq!(first.upload(&three_pages).expect_problem(503)["code"], "daily_ceiling_reached");
    assert_eq!((app.gemini.generations().len(), left(&first, "ocr")), (0, json!(100)));
    first.upload(&mocks::sample::pdf(&[&["un"]])).expect(200);
}

#[test]
fn a_decoy_count_is_settled_on_the_pages_that_the_model_read() {
    let app = App::start();
    let user = app.user();
    let three_pages = mocks::sample::pdf(&[&["un"], &["deux"], &["trois"]]);
    let text = String::from_utf8_lossy(&three_pages).replace("/Count 3", "/Count 1");
    // Without `/Type`, our own count does not see the pages.
    let decoy = text.replace("/Type /Page ", "/Tipe /Page ").replace("/Type /Page/", "/Tipe /Page/");
    let converted = user.upload(decoy.as_bytes()).expect(200).json();
    assert_eq!(converted["pages_charged"], 3, "{}", converted["pages"]);
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"], 97);
}

#[test]
fn calls_in_vain_are_given_back_five_times_a_day_and_then_paid() {
    let app = App::start();
    let user = app.user();
    let refunded = || {
        app.make.next(mocks::make::Fault::Accepted);
        let problem = user.ask("boucle").expect_problem(502);
        let counts = problem["error"].as_str().unwrap().contains("est décomptée");
        assert_eq!(problem["refunded"].as_bool(), Some(!counts), "{problem}");
        !counts
    };
    assert_eq!((0..7).map(|_| refunded()).collect::<Vec<_>>(), [true, true, true, true, true, false, false]);
    assert_eq!(user.get_json("/home").expect(200).json()["quotas"]["llm"]["left"], 48);
}
