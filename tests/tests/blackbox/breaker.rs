//! The circuit breakers before the webhook and before Gemini: what users see of them, and what reaches the upstreams.

use std::thread;
use std::time::Duration;

use atelier_tests::{App, Client, Reply, question_has_arrived};
use mocks::make::Fault;
use mocks::{gemini, sample, wire};

use crate::applications::exclusive_app;

/// The number of users in a row whose failures open the circuit; the policy is in components/auth.
const FAILED_USERS: usize = 5;

/// Opens the circuit with failed questions.
fn open(app: &App) {
    app.make.always(Fault::NotListening);
    for _ in 0..FAILED_USERS {
        app.user().ask("boucle").expect(502);
    }
    app.make.clear();
    app.make.forget();
}

/// Makes the pause end now.
fn end_the_pause(app: &App) {
    app.database.execute("UPDATE breakers SET open_until = now() - interval '1 second'");
}

/// Expects a refusal because the circuit is open; returns the seconds to wait.
#[track_caller]
fn refused(reply: Reply) -> u32 {
    let seconds = reply.header("retry-after").parse().unwrap();
    assert_eq!(reply.expect_problem(503)["code"], "breaker_open");
    seconds
}

fn left(user: &Client, tool: &str) -> i64 {
    user.get_json("/home").expect(200).json()["quotas"][tool]["left"].as_i64().unwrap()
}

#[test]
fn consecutive_failures_open_the_circuit_and_the_webhook_is_not_called() {
    let app = exclusive_app();
    open(&app);
    let user = app.user();
    let seconds = refused(user.ask("boucle"));
    assert!((1..=30).contains(&seconds), "{seconds}");
    let page = user.post_form("/llm/send", &[("message", "une question à garder")]).expect(503);
    assert!(page.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    let text = page.text();
    assert!(text.contains("en panne") && text.contains("une question à garder</textarea>"), "{text}");
    let english =
        [("accept", "application/json"), ("content-type", "application/json"), ("accept-language", "en")];
    let sentence = user.send("POST", "/send", &english, b"{\"message\":\"loop\"}").expect_problem(503);
    assert!(sentence["error"].as_str().unwrap().contains("is down"), "{sentence}");
    assert_eq!((app.make.requests().len(), left(&user, "llm")), (0, 50));
    // The other tool has a circuit of its own.
    user.upload(&sample::pdf(&[&["un"]])).expect(200);
}

#[test]
fn consecutive_failures_of_gemini_open_the_circuit_of_the_converter() {
    let app = exclusive_app();
    let user = app.user();
    let upload = || user.upload(&sample::pdf(&[&["un"]]));
    app.gemini.always(gemini::Fault::PermissionDenied);
    for _ in 0..FAILED_USERS {
        app.user().upload(&sample::pdf(&[&["un"]])).expect(502);
    }
    app.gemini.clear();
    app.gemini.forget();
    refused(upload());
    assert_eq!((app.gemini.requests().len(), left(&user, "ocr")), (0, 100));
    user.ask("boucle").expect(200);
    end_the_pause(&app);
    upload().expect(200);
    upload().expect(200);
}

#[test]
fn a_success_in_between_keeps_the_circuit_closed() {
    let app = exclusive_app();
    for _ in 0..2 {
        for _ in 1..FAILED_USERS {
            app.make.next(Fault::ScenarioFailed);
            app.user().ask("boucle").expect(502);
        }
        app.user().ask("boucle").expect(200);
    }
}

#[test]
fn failures_for_one_user_and_words_of_a_model_open_it_for_nobody() {
    let app = exclusive_app();
    let user = app.user();
    app.make.always(Fault::NotListening);
    for _ in 0..2 * FAILED_USERS {
        user.ask("boucle").expect(502);
    }
    // A model may have written `Accepted`, and a refused question may be the user's fault.
    for fault in [Fault::Accepted, Fault::ValidationFailed] {
        app.make.always(fault);
        for _ in 0..FAILED_USERS {
            app.user().ask("boucle").expect(502);
        }
    }
    app.make.clear();
    app.user().ask("boucle").expect(200);
}

#[test]
fn after_the_pause_one_request_probes_and_its_success_closes_the_circuit() {
    let app = exclusive_app();
    open(&app);
    end_the_pause(&app);
    app.make.next(wire::Fault::Delay(Duration::from_secs(2)));
    let users: Vec<Client> = (0..12).map(|_| app.user()).collect();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asking: Vec<_> = users.iter().map(|user| scope.spawn(|| user.ask("boucle").status)).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 11, "{statuses:?}");
    assert_eq!(app.make.requests().len(), 1);
    for user in &users {
        user.ask("boucle").expect(200);
    }
}

#[test]
fn a_failed_probe_lengthens_the_pause() {
    let app = exclusive_app();
    open(&app);
    let user = app.user();
    for pause in [60, 120, 240, 480, 600, 600] {
        end_the_pause(&app);
        app.make.next(Fault::ScenarioFailed);
        app.user().ask("boucle").expect(502);
        let seconds = refused(user.ask("boucle"));
        assert!((pause - 10..=pause).contains(&seconds), "{seconds} s instead of {pause}");
    }
}

#[test]
fn a_probe_without_an_outcome_expires() {
    let app = exclusive_app();
    open(&app);
    end_the_pause(&app);
    app.make.next(wire::Fault::Delay(Duration::from_secs(5)));
    let (lost, next) = (app.user(), app.user());
    thread::scope(|scope| {
        scope.spawn(|| lost.ask("boucle").expect(200));
        question_has_arrived(&app);
        refused(next.ask("boucle"));
        app.database.execute("UPDATE breakers SET probe_until = now() - interval '1 second'");
        next.ask("boucle").expect(200);
        app.user().ask("boucle").expect(200);
    });
}

#[test]
fn an_answer_is_delivered_when_it_cannot_be_settled() {
    let app = App::start();
    let user = app.user();
    app.make.next(wire::Fault::Delay(Duration::from_secs(2)));
    thread::scope(|scope| {
        let asking = scope.spawn(|| user.ask("boucle"));
        question_has_arrived(&app);
        app.database_proxy.cut();
        assert!(asking.join().unwrap().expect(200).json()["code"].as_str().unwrap().contains("for i in"));
    });
    app.database_proxy.restore();
}
