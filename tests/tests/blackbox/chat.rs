//! A chat API in place of the webhook: the built llm against a server that speaks as the real ones do.

use std::time::Duration;

use atelier_tests::{App, events, eventually, read_until};
use mocks::openai::{Dialect, Fault, UNKNOWN_MODEL};
use mocks::{OpenAiMock, wire};
use serde_json::{Value, json};

use crate::applications::close_breakers;

const KEY: &str = "sk-a-key-of-this-test";

/// An application whose Python helper asks this server.
fn chat_app() -> (App, OpenAiMock) {
    let openai = OpenAiMock::start().unwrap();
    let app = App::start_with(|setup| {
        setup.set("llm_openai_origin", &openai.origin());
        setup.set("llm_openai_model", "m:7b");
        setup.set("llm_openai_key", KEY);
        // What it no longer needs.
        setup.set("webhook_origin", "");
    });
    (app, openai)
}

#[test]
fn every_servers_stream_becomes_the_same_answer_whole_or_as_events() {
    let (app, openai) = chat_app();
    let user = app.user();
    let expected = user.ask("Comment trier une liste ?").expect(200).json();
    assert!(expected["code"].as_str().unwrap().contains("sorted"), "{expected}");
    assert_eq!((&expected["complete"], &expected["simulated"]), (&json!(true), &json!(true)));
    let faults = Dialect::ALL.map(Fault::As).into_iter().chain([
        Fault::InlineThoughts,
        Fault::ToolNoise,
        Fault::NoDone,
        Fault::Whole,
        // Each byte by itself, so that every character is cut.
        wire::Fault::Drip(Duration::from_micros(10)).into(),
        // A server that still loads its model is asked again.
        Fault::Loading,
    ]);
    for fault in faults {
        openai.next(fault.clone());
        let answer = user.ask("Comment trier une liste ?").expect(200).json();
        for part in ["code", "explanation", "complete"] {
            assert_eq!(answer[part], expected[part], "{fault:?}");
        }
        openai.next(fault.clone());
        let reply = user.ask_for_events("message=Comment+trier+une+liste+%3F").expect(200);
        assert!(reply.header("content-type").starts_with("text/event-stream"));
        assert!(reply.header("cache-control").contains("no-transform"));
        let events = events(&reply);
        let (name, page) = events.last().unwrap();
        assert!(name == "page" && page["html"].as_str().unwrap().contains("data-part=\"code\""), "{fault:?}");
        let text: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(text.contains("sorted(notes)") && !text.contains("think"), "{fault:?}: {text}");
    }
    assert!(app.make.requests().is_empty());
    assert_eq!(user.questions_left(), 50 - 1 - 2 * 12);
}

#[test]
fn the_server_gets_messages_with_roles_and_the_key_and_nobody_else_does() {
    let (app, openai) = chat_app();
    let user = app.user();
    let page = user.get("/llm").expect(200).text();
    assert!(
        page.contains("un serveur d’IA géré par l’administrateur") && !page.contains("Make.com"),
        "{page}"
    );
    let first =
        user.post_json("/send", &json!({ "message": "Une boucle ?", "conversation": "" })).expect(200).json();
    let body = json!({ "message": "Et à l’envers ?", "conversation": first["conversation"], "mode": "hint" });
    user.post_json("/send", &body).expect(200);
    let requests = openai.requests();
    let sent: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(sent["model"], "m:7b");
    let said = |at: usize| {
        let message = &sent["messages"][at];
        (message["role"].as_str().unwrap().to_owned(), message["content"].as_str().unwrap().to_owned())
    };
    assert_eq!(said(0).0, "system");
    assert_eq!(said(1), ("user".into(), "Une boucle ?".into()));
    assert!(said(2).0 == "assistant" && said(2).1.contains("range(1, 6)"), "{sent}");
    assert!(said(3).0 == "user" && said(3).1.starts_with("Et à l’envers ?\n\nConsigne : "), "{sent}");
    assert_eq!(requests[1].header("authorization"), format!("Bearer {KEY}"));
    assert_eq!((requests[1].header("cookie"), requests[1].header("x-service-key")), ("", ""));
    openai.next(Fault::Unauthorized);
    let mut seen = user.ask("boucle").text() + &app.runtime.log.text();
    openai.next(Fault::ErrorAfter(2));
    seen += &user.ask("Une question secrète").text();
    eventually("the log names the failure", || app.runtime.log.text().contains("InternalServerError 500"));
    let log = app.runtime.log.text();
    assert!(!seen.contains("sk-") && !log.contains("sk-") && !log.contains("secrète"), "{log}");
}

#[test]
fn every_failure_has_its_status_and_what_has_arrived_before_it_is_kept() {
    let (app, openai) = chat_app();
    for (fault, status, code) in [
        (Fault::Unauthorized, 502, "upstream_not_answering"),
        (Fault::ModelNotFound, 502, "upstream_not_answering"),
        (Fault::InsufficientQuota, 502, "upstream_not_answering"),
        (Fault::ContextExceeded, 422, "context_exceeded"),
        (Fault::Internal, 502, "upstream_failed"),
        (Fault::ErrorAfter(0), 502, "upstream_failed"),
        (Fault::EndAfter(0), 502, "upstream_unreadable"),
        (Fault::FinishAfter(0, "content_filter".into()), 422, "upstream_refused"),
        (Fault::FinishAfter(0, "stop".into()), 502, "upstream_unreadable"),
        (wire::Fault::Reset.into(), 502, "upstream_unreadable"),
        (wire::Fault::Html.into(), 502, "upstream_unreadable"),
        (wire::Fault::Redirect("http://127.0.0.1:9/".into()).into(), 502, "upstream_not_answering"),
        (wire::Fault::Status(504, String::new()).into(), 504, "upstream_timeout"),
    ] {
        let user = app.user();
        openai.always(fault.clone());
        let problem = user.ask("boucle").expect_problem(status);
        assert_eq!((&problem["code"], &problem["refunded"]), (&json!(code), &json!(true)), "{fault:?}");
        let reply = user.ask_for_events("message=Ma+question").expect(200);
        let (name, last) = events(&reply).pop().unwrap();
        assert_eq!((name.as_str(), last["status"].as_u64()), ("page", Some(u64::from(status))), "{fault:?}");
        assert!(last["html"].as_str().unwrap().contains("Ma question</textarea>"), "{fault:?}");
        assert_eq!(user.questions_left(), 50, "{fault:?}");
        close_breakers(&app);
    }
    for (fault, counts) in [
        (Fault::ErrorAfter(4), false),
        (Fault::OldErrorAfter(4), false),
        (Fault::EndAfter(4), false),
        (wire::Fault::Cut(900).into(), false),
        (Fault::FinishAfter(4, "length".into()), true),
        (Fault::FinishAfter(4, "content_filter".into()), true),
    ] {
        let user = app.user();
        openai.always(fault.clone());
        let answer = user.ask("boucle").expect(200).json();
        assert_eq!(answer["complete"], false, "{fault:?}: {answer}");
        assert!(answer["notice"].as_str().unwrap().starts_with("Réponse incomplète"), "{answer}");
        assert!(answer.to_string().contains("Voici un exemple"), "{fault:?}: {answer}");
        assert_eq!(user.questions_left(), if counts { 49 } else { 50 }, "{fault:?}");
        assert_eq!(answer["left"], user.questions_left(), "{fault:?}");
        let page = user.post_form("/llm/send", &[("message", "boucle")]).expect(200).text();
        assert!(page.contains("id=\"incomplete\""), "{page}");
        close_breakers(&app);
    }
}

#[test]
fn text_arrives_while_the_model_writes_and_a_client_that_leaves_ends_the_call() {
    let (app, openai) = chat_app();
    let user = app.user();
    let body = "message=boucle&idempotency_key=une-cle";
    openai.next(Fault::Pace(Duration::from_millis(100)));
    let connection = user.start_asking(body);
    // The answer takes several seconds; its beginning is there before the mock has sent the rest.
    let received = read_until(&connection, "event: text");
    assert!(!received.contains("event: page"), "{received}");
    assert_eq!(openai.abandoned(), 0);
    drop(connection);
    eventually("the call is ended", || openai.abandoned() == 1);
    eventually("the question is given back", || user.questions_left() == 50);
    eventually("the log says so", || app.runtime.log.text().contains("Abandoned"));
    // The key is free again, and the whole answer is stored under it.
    let again = user.ask_for_events(body).expect(200);
    assert!(events(&again).last().unwrap().1["html"].as_str().unwrap().contains("range(1, 6)"));
    let asked = openai.requests().len();
    assert!(user.ask_for_events(body).expect(200).text().contains("range(1, 6)"));
    assert_eq!((openai.requests().len(), user.questions_left()), (asked, 49), "answered and paid once");
}

#[test]
fn a_client_that_leaves_before_the_first_word_ends_the_call_too() {
    let (app, openai) = chat_app();
    let user = app.user();
    openai.next(Fault::Pace(Duration::from_secs(12)));
    let connection = user.start_asking("message=boucle");
    eventually("the question arrives", || !openai.requests().is_empty());
    assert_eq!(user.questions_left(), 49);
    drop(connection);
    eventually("the question is given back", || user.questions_left() == 50);
}

#[test]
fn repeated_failures_open_the_circuit_and_a_program_gets_no_events() {
    let (app, openai) = chat_app();
    openai.always(Fault::Internal);
    for _ in 0..5 {
        app.user().ask("boucle").expect(502);
    }
    let asked = openai.requests().len();
    let user = app.user();
    assert_eq!(user.ask("boucle").expect_problem(503)["code"], "breaker_open");
    let refused = user.ask_for_events("message=boucle").expect(503);
    assert!(
        refused.header("content-type").starts_with("text/html"),
        "before the first event it is a whole reply"
    );
    assert_eq!(openai.requests().len(), asked);
    openai.clear();
    close_breakers(&app);
    let headers = [("accept", "text/event-stream"), ("content-type", "application/json")];
    let reply = user.send("POST", "/send", &headers, b"{\"message\":\"boucle\"}").expect(200);
    assert_eq!(reply.header("content-type"), "application/json");
}

#[test]
fn a_half_configured_chat_api_names_what_is_missing() {
    for (origin, model, named) in [
        ("", "m", "llm_openai_origin"),
        ("http://127.0.0.1:9", "", "llm_openai_model"),
        ("http://127.0.0.1:9/v1", "m", "llm_openai_origin"),
    ] {
        let app = App::start_with(|setup| {
            // The origin is also what llm may reach; a path is refused there before any request.
            let grant = origin.trim_end_matches("/v1");
            setup.set("llm_openai_origin", grant);
            setup.manifest.bind("llm", "llm_openai_origin", origin);
            setup.set("llm_openai_model", model);
        });
        let problem = app.user().ask("boucle").expect_problem(503);
        assert!(problem["error"].as_str().unwrap().contains(named), "{problem}");
        assert!(app.make.requests().is_empty(), "the webhook is not asked in its place");
    }
}

#[test]
fn a_model_that_the_server_does_not_have_is_the_administrators_business() {
    let openai = OpenAiMock::start().unwrap();
    let app = App::start_with(|setup| {
        setup.set("llm_openai_origin", &openai.origin());
        setup.set("llm_openai_model", UNKNOWN_MODEL);
    });
    let problem = app.user().ask("boucle").expect_problem(502);
    assert!(problem["error"].as_str().unwrap().contains("Prévenez l’administrateur"), "{problem}");
}

#[test]
fn llm_cannot_call_a_chat_api_that_it_was_not_given() {
    let elsewhere = OpenAiMock::start().unwrap();
    let app = App::start_with(|setup| {
        setup.set("llm_openai_origin", "http://127.0.0.1:9");
        setup.manifest.bind("llm", "llm_openai_origin", &elsewhere.origin());
        setup.set("llm_openai_model", "m");
    });
    assert_eq!(app.user().ask("boucle").expect_problem(502)["code"], "upstream_not_answering");
    assert!(elsewhere.requests().is_empty());
}
