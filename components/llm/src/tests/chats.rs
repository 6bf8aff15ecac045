//! A chat API in place of the webhook: what it is sent, what becomes of its answers, and what the page reads meanwhile.

use std::time::Duration;

use auth_api::wire;
use futures_util::{StreamExt as _, future::join};
use web::outbound::SendError;
use web::{Clock as _, ReplyBody, log::Outcome, testing::StoppedClock};

use super::fakes::{LIMIT, Streamed};
use super::*;

fn chat_variables() -> Variables {
    Variables {
        llm_openai_origin: CHAT.to_owned(),
        llm_openai_key: "sk-secret".into(),
        llm_openai_model: "m".to_owned(),
        ..variables()
    }
}

fn delta(text: &str) -> String {
    let event = json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] });
    format!("data: {event}\n\n")
}

fn end(reason: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

fn chatting(replies: impl IntoIterator<Item = Streamed>) -> Network {
    let network = network([Ok(response(500, &[], "the webhook must not be called"))]);
    network.chat.borrow_mut().extend(replies);
    network
}

fn streamed(chunks: &[String]) -> Streamed {
    Streamed::new(&chunks.iter().map(String::as_str).collect::<Vec<_>>())
}

fn ask(network: &Network, request: &Request) -> Reply {
    handle_with(chat_variables(), network, request)
}

fn for_events(request: Request) -> Request {
    let mut request = request;
    request.headers.remove("accept");
    request.with("accept", "text/event-stream, text/html;q=0.9")
}

/// The events as the page reads them, and what the log says of the request.
fn read(reply: Reply) -> (Vec<(String, Value)>, Outcome) {
    let ReplyBody::Stream(body) = reply.body else { panic!("not a stream: {reply:?}") };
    let (chunks, work) = body.start(StoppedClock);
    let (chunks, outcome) = run(join(chunks.collect::<Vec<_>>(), work));
    let text = String::from_utf8(chunks.concat()).unwrap();
    let events = text.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once("\ndata: ").unwrap();
        (name.trim_start_matches("event: ").to_owned(), serde_json::from_str(data).unwrap())
    });
    (events.collect(), outcome)
}

#[test]
fn a_chat_api_gets_the_conversation_as_messages_and_its_key() {
    let network =
        chatting([streamed(&[delta("```python\nx = 1\n```\n"), delta("Explication : a"), end("stop")])]);
    let body = json!({
        "message": "Et à ?", "mode": "hint", "conversation": "### Question\nAvant\n\n### Réponse\noui\n\n"
    });
    let reply = ask(&network, &signed_in("POST", "/send").with_body("application/json", body.to_string()));
    let answer = body_of(&reply);
    assert_eq!((&answer["code"], &answer["explanation"]), (&json!("x = 1"), &json!("a")));
    assert_eq!((&answer["complete"], &answer["left"]), (&json!(true), &json!(49)));
    assert_eq!(network.auth_bodies("/settle"), [json!({ "outcome": "delivered" })]);
    assert_eq!((network.asked(), reply.cause), (0, None));
    let chats = network.chats.borrow();
    assert_eq!(chats[0].headers()["authorization"], "Bearer sk-secret");
    let sent: Value = serde_json::from_slice(chats[0].body()).unwrap();
    assert_eq!((&sent["model"], &sent["stream"]), (&json!("m"), &json!(true)));
    let said: Vec<&str> =
        sent["messages"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(said, ["system", "user", "assistant", "user"]);
    assert!(
        sent["messages"][3]["content"].as_str().unwrap().starts_with("Et à ?\n\nConsigne : Donne un indice")
    );
}

fn body_of(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200);
    body(reply)
}

#[test]
fn the_page_reads_the_text_while_it_is_written_and_then_the_page_with_the_answer() {
    let network = chatting([streamed(&[
        delta(""),
        format!("{}{}", delta("Voici "), delta("é :")),
        delta("\n```python\nx = 1\n```"),
        end("stop"),
    ])]);
    let request = for_events(form_question("message=Ma+question&idempotency_key=k"));
    let (events, outcome) = read(ask(&network, &request));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["progress", "text", "text", "page"]);
    assert_eq!(
        (&events[1].1["text"], &events[2].1["text"]),
        (&json!("Voici é :"), &json!("\n```python\nx = 1\n```"))
    );
    let page = events[3].1["html"].as_str().unwrap();
    assert!(page.contains("Ma question</p>") && page.contains("data-part=\"code\""), "{page}");
    assert_eq!(
        (events[3].1["status"].as_u64(), outcome.status.as_u16(), outcome.cause),
        (Some(200), 200, None)
    );
    let stored = network.auth_bodies("/settle")[0]["response"].as_str().unwrap().to_owned();
    assert!(stored.contains("\"chat\""), "a repetition reads it again: {stored}");
}

#[test]
fn without_script_the_reply_is_the_whole_page() {
    let network = chatting([streamed(&[delta("Bonjour"), end("stop")])]);
    let shown = page(&ask(&network, &form_question("message=a")));
    assert!(shown.contains("Bonjour") && !shown.contains("Make.com"), "{shown}");
    assert!(shown.contains("un serveur d’IA géré par l’administrateur"), "{shown}");
}

#[test]
fn what_has_arrived_before_a_failure_is_kept_marked_as_cut_and_given_back() {
    let error =
        "data: {\"error\":{\"message\":\"sk-secret Bonjour\",\"type\":\"server_error\",\"code\":500}}\n\n";
    let mut cut = streamed(&[delta("Bonjour")]);
    cut.end = Err(SendError::Cut("reset".to_owned()));
    for (reply, cause) in [
        (streamed(&[delta("Bonjour"), error.to_owned()]), "server_error 500"),
        (
            streamed(&[
                delta("Bonjour"),
                "error: {\"code\":500,\"message\":\"x\",\"type\":\"e\"}\n\ndata: [DONE]\n\n".to_owned(),
            ]),
            "e 500",
        ),
        (streamed(&[delta("Bonjour"), "data: <html>\n\n".to_owned()]), "not JSON"),
        (streamed(&[delta("Bonjour")]), "ended before the answer"),
        (cut, "reset"),
    ] {
        let network = chatting([reply]);
        let reply = ask(&network, &json_question("a"));
        let answer = body_of(&reply);
        assert_eq!(
            (&answer["explanation"], &answer["complete"]),
            (&json!("Bonjour"), &json!(false)),
            "{cause}"
        );
        assert!(answer["notice"].as_str().unwrap().contains("n’est pas décomptée"), "{answer}");
        assert_eq!((&answer["left"], network.left.get()), (&json!(LIMIT), LIMIT), "{cause}");
        let found = reply.cause.unwrap();
        assert!(found.contains(cause) && !found.contains("Bonjour") && !found.contains("sk-"), "{found}");
        let settled = &network.auth_bodies("/settle")[0];
        assert_eq!(
            (&settled["outcome"], &settled["upstream_called"]),
            (&json!("not_delivered"), &json!(true))
        );
    }
}

#[test]
fn an_answer_that_reaches_a_limit_counts_and_says_that_it_is_incomplete() {
    let endless = delta(&"x".repeat(1000)).repeat(400);
    for reply in [
        streamed(&[delta("Bonjour"), end("length")]),
        streamed(&[delta("Bonjour"), end("content_filter")]),
        streamed(&[endless]),
    ] {
        let network = chatting([reply]);
        let request = for_events(form_question("message=a&idempotency_key=k"));
        let (events, outcome) = read(ask(&network, &request));
        let page = events.last().unwrap().1["html"].as_str().unwrap();
        assert!(page.contains("id=\"incomplete\"") && page.contains("Réponse incomplète"), "{page}");
        assert!(outcome.cause.unwrap().starts_with("answer cut: "));
        assert_eq!(network.auth_bodies("/settle")[0]["outcome"], "delivered");
    }
}

#[test]
fn time_and_silence_end_an_answer() {
    for (pace, chunks, waited) in [(Duration::from_secs(100), 1, 90), (Duration::from_secs(50), 9, 180)] {
        let mut slow = streamed(&vec![delta("a"); chunks]);
        slow.pace = pace;
        let network = chatting([slow]);
        let reply = ask(&network, &json_question("a"));
        assert_eq!(network.clock.elapsed(), Duration::from_secs(waited));
        match chunks {
            1 => assert_eq!(reply.status, 504),
            _ => assert_eq!(body_of(&reply)["complete"], false),
        }
    }
}

#[test]
fn a_failure_before_any_text_has_its_status_and_is_an_event_of_a_stream() {
    let refused = |status: u16, body: &str| Streamed {
        status,
        content_type: "application/json",
        ..Streamed::new(&[body])
    };
    let page_of_a_proxy = Streamed { content_type: "text/html", ..Streamed::new(&["<html>"]) };
    for (reply, status, reason) in [
        (refused(401, "{\"error\":{\"message\":\"Incorrect API key: sk-secret\"}}"), 502, "upstream_failed"),
        (refused(404, "{\"error\":{\"message\":\"model not found\"}}"), 502, "upstream_failed"),
        (refused(400, "{\"error\":{\"code\":\"context_length_exceeded\"}}"), 422, "other"),
        (refused(500, ""), 502, "upstream_failed"),
        (page_of_a_proxy, 502, "other"),
        (streamed(&[end("stop")]), 502, "other"),
        (streamed(&[end("content_filter")]), 422, "other"),
        (streamed(&[delta("<think>Je réfléchis")]), 502, "upstream_failed"),
    ] {
        let network = chatting([reply.clone()]);
        let whole = ask(&network, &json_question("a"));
        assert_eq!(whole.status.as_u16(), status);
        assert!(!whole.cause.unwrap().contains("sk-secret"));
        let settled = &network.auth_bodies("/settle")[0];
        assert_eq!(
            (&settled["outcome"], &settled["reason"]),
            (&json!("not_delivered"), &json!(reason)),
            "{status}"
        );
        let network = chatting([reply]);
        let (events, outcome) = read(ask(&network, &for_events(form_question("message=Ma+question"))));
        let (name, last) = events.last().unwrap();
        assert_eq!((name.as_str(), last["status"].as_u64()), ("page", Some(u64::from(status))));
        let page = last["html"].as_str().unwrap();
        assert!(page.contains("Ma question</textarea>") && page.contains("role=\"alert\""), "{page}");
        assert_eq!(outcome.status.as_u16(), status, "the log has the failure");
    }
}

#[test]
fn a_refusal_before_the_provider_is_asked_is_a_whole_reply_with_its_status() {
    let network = chatting([]);
    let empty = ask(&network, &for_events(form_question("message=")));
    assert_eq!(empty.status, 400);
    assert!(page(&empty).contains("aria-invalid=\"true\""));
    network.left.set(0);
    assert_eq!(ask(&network, &for_events(form_question("message=a"))).status, 429);
}

#[test]
fn a_server_that_was_not_reached_is_asked_again_and_one_that_was_is_not() {
    let network = chatting([]);
    let reply = ask(&network, &json_question("a"));
    assert_eq!((reply.status.as_u16(), network.chats.borrow().len()), (502, 3));
    let loading = Streamed { status: 503, content_type: "application/json", ..Streamed::new(&[]) };
    let network = chatting([loading, streamed(&[delta("a"), end("stop")])]);
    assert_eq!(ask(&network, &json_question("a")).status, 200);
}

#[test]
fn a_client_that_disconnects_ends_the_call_and_gets_its_question_back() {
    let network = chatting([streamed(&vec![delta("a"); 100])]);
    let reply = ask(&network, &for_events(form_question("message=a&idempotency_key=k")));
    let ReplyBody::Stream(body) = reply.body else { panic!("not a stream") };
    let (chunks, work) = body.start(StoppedClock);
    drop(chunks);
    let outcome = run(work);
    assert!(outcome.cause.unwrap().contains("Abandoned"));
    let expected = json!({ "outcome": "not_delivered", "reason": "other", "upstream_called": true });
    assert_eq!(network.auth_bodies("/settle"), [expected]);
    assert_eq!(network.auth_bodies(wire::RESERVATIONS_PATH).len(), 1);
}

#[test]
fn an_answer_in_one_piece_is_understood_too() {
    let body = json!({ "choices": [{ "message": { "role": "assistant", "content": "Bonjour" }, "finish_reason": "stop" }] });
    let whole = Streamed { content_type: "application/json", ..Streamed::new(&[&body.to_string()]) };
    assert_eq!(body_of(&ask(&chatting([whole]), &json_question("a")))["explanation"], "Bonjour");
}

#[test]
fn a_chat_api_that_is_half_configured_answers_503_and_names_the_variable() {
    for (origin, model, named) in
        [("", "m", "llm_openai_origin"), (CHAT, "", "llm_openai_model"), ("x", "m", "llm_openai_origin")]
    {
        let variables = Variables {
            llm_openai_origin: origin.to_owned(),
            llm_openai_model: model.to_owned(),
            ..variables()
        };
        let network = chatting([]);
        let reply = handle_with(variables, &network, &json_question("a"));
        assert_eq!((reply.status.as_u16(), network.asked()), (503, 0));
        assert!(body(&reply)["detail"].as_str().unwrap().contains(named), "{named}");
    }
}
