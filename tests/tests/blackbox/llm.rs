//! The Python helper: a question goes to the webhook and comes back as code and explanation.

use std::thread;
use std::time::{Duration, Instant};

use atelier_tests::{App, Client, question_has_arrived};
use mocks::make::Fault;
use mocks::wire;
use serde_json::json;

use crate::applications::{close_breakers, exclusive_app};

fn left(user: &Client) -> i64 {
    user.get_json("/home").expect(200).json()["quotas"]["llm"]["left"].as_i64().unwrap()
}

#[test]
fn a_question_comes_back_as_code_and_explanation() {
    let app = exclusive_app();
    let user = app.user();
    let answer = user.ask("Comment écrire une boucle en Python ?").expect(200).json();
    let code = answer["code"].as_str().unwrap();
    assert!(code.starts_with("for i in range(1, 6):") && !code.contains("```"), "{answer}");
    let explanation = answer["explanation"].as_str().unwrap();
    assert!(explanation.starts_with("`for` parcourt") && !explanation.contains("Explication"), "{answer}");
    assert!(answer["blocks"].is_array() && answer["request_id"].is_string(), "{answer}");
    assert_eq!(left(&user), 49);

    let sent = &app.make.requests()[0];
    assert_eq!(sent.method, "POST");
    assert_eq!(sent.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["message"], "Comment écrire une boucle en Python ?");
    assert_eq!(sent.header("cookie"), "", "the user's session stays here");
    assert_eq!(sent.header("x-service-key"), "");
}

#[test]
fn the_page_works_without_javascript() {
    let app = exclusive_app();
    let user = app.user();
    let page = user.get("/llm").expect(200).text();
    assert!(page.contains("name=\"message\"") && page.contains("method=\"post\""), "{page}");
    let reply = user.post_form("/llm/send", &[("message", "Trier une liste")]).expect(200);
    let page = reply.text();
    assert!(reply.header("content-type").starts_with("text/html"));
    assert!(page.contains("sorted") && page.contains("aucune IA n’a répondu"), "{page}");
}

#[test]
fn a_follow_up_question_takes_its_conversation_to_the_webhook() {
    let app = exclusive_app();
    let user = app.user();
    let ask = |message: &str, conversation: &str| {
        let body = json!({ "message": message, "conversation": conversation, "mode": "explain" });
        user.post_json("/send", &body).expect(200).json()["conversation"].as_str().unwrap().to_owned()
    };
    let first = ask("Comment trier une liste ?", "");
    let second = ask("Et en décroissant ?", &first);
    assert!(second.starts_with(&first) && second.contains("Et en décroissant ?"), "{second}");
    let messages: Vec<String> = (app.make.requests().iter())
        .map(|sent| serde_json::from_slice::<serde_json::Value>(&sent.body).unwrap())
        .inspect(|body| assert_eq!(body.as_object().unwrap().len(), 1, "a scenario knows one field"))
        .map(|body| body["message"].as_str().unwrap().to_owned())
        .collect();
    let instruction = "Consigne : Explique pas à pas";
    assert!(messages[0].starts_with("Comment trier une liste ?\n\n") && messages[0].contains(instruction));
    assert!(
        messages[1].contains(&first) && messages[1].contains("Et en décroissant ?\n\n"),
        "{}",
        messages[1]
    );
    user.post_json("/send", &json!({ "message": "a", "mode": "?" })).expect_problem(422);
}

#[test]
fn both_addresses_answer() {
    let app = exclusive_app();
    let user = app.user();
    for path in ["/send", "/llm/send", "/send/"] {
        user.post_json(path, &json!({ "message": "boucle" })).expect(200);
    }
}

#[test]
fn a_bad_question_is_refused_before_it_costs_anything() {
    let app = exclusive_app();
    let user = app.user();
    for (body, status) in [
        (json!({}), 400),
        (json!({ "message": "" }), 400),
        (json!({ "message": "  \n " }), 400),
        (json!({ "message": "x".repeat(20_000) }), 422),
        (json!({ "message": "a\u{0}b" }), 422),
    ] {
        user.post_json("/send", &body).expect_problem(status);
    }
    user.send("POST", "/send", &[("content-type", "text/plain"), ("accept", "application/json")], b"boucle")
        .expect_problem(415);
    user.send("POST", "/send", &[("content-type", "application/json")], b"{\"message\":").expect_problem(400);
    let huge = json!({ "message": "x".repeat(300_000) });
    user.post_json("/send", &huge).expect_problem(413);
    assert_eq!((left(&user), app.make.requests().len()), (50, 0));
}

#[test]
fn every_failure_of_the_webhook_has_its_status_and_costs_nothing() {
    let app = exclusive_app();
    for (fault, status) in [
        (Fault::Accepted, 502),
        (Fault::ScenarioFailed, 502),
        (Fault::NotListening, 502),
        (Fault::NotFound, 502),
        (Fault::ValidationFailed, 502),
        (Fault::Unauthorized, 502),
        (Fault::Empty, 502),
        (wire::Fault::Reset.into(), 502),
        (wire::Fault::Cut(10).into(), 502),
        (wire::Fault::Redirect("http://127.0.0.1:9/".into()).into(), 502),
        (wire::Fault::Html.into(), 502),
        (wire::Fault::Gzip.into(), 502),
        (wire::Fault::Huge(3 * 1024 * 1024).into(), 502),
        (wire::Fault::Status(500, "boom".into()).into(), 502),
        (wire::Fault::Status(504, "Gateway Timeout".into()).into(), 504),
        (Fault::Json("{\"error\":{\"message\":\"quota\"}}".into()), 502),
    ] {
        app.make.always(fault.clone());
        // One user would pay from the sixth call in vain of a day.
        let user = app.user();
        let problem = user.ask("boucle").expect(status).expect_problem(status);
        let sentence = problem["error"].as_str().unwrap();
        assert!(sentence.contains("assistant"), "{fault:?}: {problem}");
        assert!(!sentence.contains("boom") && !problem.to_string().contains("Accepted"), "{problem}");
        assert_eq!(left(&user), 50, "{fault:?} was charged");
        close_breakers(&app);
    }
    // Not even where the webhook itself is: the address is allowed, and the question stays where it was sent.
    let asked = app.make.requests().len();
    app.make.always(Fault::from(wire::Fault::Redirect(format!("{}/elsewhere", app.make.origin()))));
    app.user().ask("boucle").expect_problem(502);
    assert_eq!(app.make.requests().len(), asked + 1);
    close_breakers(&app);
    app.make.clear();
    let user = app.user();
    user.ask("boucle").expect(200);
    assert_eq!(left(&user), 49);
}

#[test]
fn failures_are_in_the_users_language() {
    let app = exclusive_app();
    let user = app.user();
    app.make.always(Fault::Accepted);
    let in_english = |headers: &[(&str, &str)]| {
        let mut headers = headers.to_vec();
        headers
            .extend([("content-type", "application/json"), ("accept-language", "en-GB,en;q=0.9,fr;q=0.5")]);
        user.send("POST", "/send", &headers, b"{\"message\":\"loop\"}").expect(502)
    };
    assert!(in_english(&[("accept", "application/json")]).text().contains("The assistant"));
    let page = user.post_form("/send", &[("message", "une question à garder")]).expect(502).text();
    assert!(page.contains("L’assistant") && page.contains("une question à garder"), "{page}");
}

#[test]
fn a_busy_webhook_is_retried_and_then_reported() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(Fault::TooManyRequests);
    user.ask("boucle").expect(200);
    assert_eq!(app.make.requests().len(), 2, "429 means that nothing was taken: one more try");

    app.make.forget();
    app.make.always(Fault::QueueFull);
    let reply = user.ask("boucle").expect(503);
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(left(&user), 49);
}

#[test]
fn a_question_that_may_have_been_paid_is_not_sent_twice() {
    let app = exclusive_app();
    let user = app.user();
    for fault in [Fault::ScenarioFailed, wire::Fault::Reset.into(), wire::Fault::Cut(5).into()] {
        app.make.forget();
        app.make.always(fault.clone());
        user.ask("boucle").expect(502);
        assert_eq!(app.make.requests().len(), 1, "{fault:?}");
    }
}

#[test]
fn the_answer_is_found_in_every_wrapping() {
    let app = exclusive_app();
    let user = app.user();
    let plain = user.ask("boucle").expect(200).json();
    for fault in [
        Fault::JsonString,
        Fault::CodeAndExplanation,
        Fault::UnderKey("response".into()),
        Fault::UnderKey("text".into()),
        Fault::OpenAiEnvelope,
        Fault::GeminiEnvelope,
        Fault::AnthropicEnvelope,
        Fault::BrokenJson,
        wire::Fault::Drip(Duration::from_millis(1)).into(),
    ] {
        app.make.next(fault.clone());
        let answer = user.ask("boucle").expect(200).json();
        assert_eq!(answer["code"], plain["code"], "{fault:?}");
        assert!(answer["explanation"].as_str().unwrap().contains("parcourt"), "{fault:?}: {answer}");
    }
}

#[test]
fn text_of_a_model_never_becomes_markup() {
    let app = exclusive_app();
    let user = app.user();
    app.make.always(Fault::Text(
        "```python\nprint('</textarea><script>alert(1)</script>')\n```\n**Explication :** <img src=x onerror=alert(2)> \
         [lien](javascript:alert(3)) <b>gras</b>"
            .into(),
    ));
    let page = user.post_form("/send", &[("message", "<script>alert(4)</script>")]).expect(200).text();
    for dangerous in ["<script>alert", "<img src=x", "href=\"javascript:", "<b>gras</b>"] {
        assert!(!page.contains(dangerous), "{dangerous} in {page}");
    }
    let answer = user.ask("boucle").expect(200).json();
    assert_eq!(answer["code"], "print('</textarea><script>alert(1)</script>')");
}

#[test]
fn an_answer_that_is_not_utf_8_is_a_502() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(wire::Fault::InvalidUtf8);
    assert_eq!(user.ask("boucle").expect_problem(502)["code"], "upstream_unreadable");
    assert_eq!(left(&user), 50);
    user.ask("boucle").expect(200);
}

#[test]
fn a_slow_webhook_does_not_delay_other_users() {
    let app = exclusive_app();
    let (slow, quick) = (app.user(), app.user());
    app.make.next(wire::Fault::Delay(Duration::from_secs(5)));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| slow.ask("boucle").expect(200));
        question_has_arrived(&app);
        quick.ask("boucle").expect(200);
        quick.get("/llm").expect(200);
        assert!(!waiting.is_finished(), "the quick question waited for the slow one");
    });
}

#[test]
fn many_questions_at_once_each_get_their_own_answer() {
    let app = exclusive_app();
    let app: &App = &app;
    let questions = [("boucle", "for i in range"), ("fibonacci", "def fibonacci"), ("palindrome", "[::-1]")];
    thread::scope(|scope| {
        for (question, expected) in questions.iter().cycle().take(24) {
            scope.spawn(move || {
                let user = app.user();
                let code = user.ask(question).expect(200).json()["code"].as_str().unwrap().to_owned();
                assert!(code.contains(expected), "{question}: {code}");
            });
        }
    });
}

#[test]
fn the_key_of_the_webhook_is_sent_when_there_is_one() {
    let app = App::start_with(|setup| setup.set("webhook_api_key", "clé-du-webhook-de-test"));
    app.user().ask("boucle").expect(200);
    let requests = app.make.requests();
    let sent = requests[0].headers.get("x-make-apikey").map(|value| value.as_bytes().to_vec());
    assert_eq!(sent.as_deref(), Some("clé-du-webhook-de-test".as_bytes()));
}

#[test]
#[ignore = "waits for the real limit of 70 seconds"]
fn a_webhook_that_stays_silent_is_a_timeout() {
    let app = exclusive_app();
    let user = app.user();
    app.make.next(wire::Fault::Delay(Duration::from_secs(100)));
    let start = Instant::now();
    user.ask("boucle").expect_problem(504);
    assert!((60..80).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(left(&user), 50);
}
