use std::time::Duration;

use mocks::openai::{Dialect, Fault, UNKNOWN_MODEL};
use mocks::{OpenAiMock, wire};
use serde_json::{Value, json};
use test_support::Reply;
use test_support::http::send;

fn ask_with(openai: &OpenAiMock, body: &Value) -> Reply {
    let url = format!("{}/v1/chat/completions", openai.origin());
    send("POST", &url, &[("content-type", "application/json")], body.to_string().as_bytes()).expect("a reply")
}

fn chat(model: &str) -> Value {
    json!({
        "model": model,
        "stream": true,
        "messages": [
            { "role": "system", "content": "Aide." },
            { "role": "user", "content": "Comment trier une liste ?" },
        ],
    })
}

fn ask(openai: &OpenAiMock) -> Reply {
    ask_with(openai, &chat("m"))
}

/// The data of the events, and the text in them.
fn read(reply: &Reply) -> (Vec<String>, String) {
    let lines = reply.text().lines().map(str::to_owned).collect::<Vec<_>>();
    let data: Vec<String> =
        lines.iter().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect();
    let text = data.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok()).map(|event| {
        match &event["choices"][0]["delta"]["content"] {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
            _ => String::new(),
        }
    });
    let text = text.collect();
    (data, text)
}

#[test]
fn every_dialect_streams_the_same_text_in_its_own_way() {
    let openai = OpenAiMock::start().unwrap();
    let expected = read(&ask(&openai)).1;
    assert!(expected.contains("sorted(notes)"), "{expected}");
    for dialect in Dialect::ALL {
        openai.next(Fault::As(dialect));
        let reply = ask(&openai);
        assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"));
        assert_eq!(reply.header("x-atelier-simulated"), "true");
        let (data, text) = read(&reply);
        assert_eq!(
            (text.as_str(), data.last().unwrap().as_str()),
            (expected.as_str(), "[DONE]"),
            "{dialect:?}"
        );
        assert_eq!(reply.text().contains("\r\n: ping"), dialect == Dialect::LlamaCppPython);
        let figures = data.iter().any(|data| data.contains("\"choices\":[]"));
        assert_eq!(figures, dialect == Dialect::Vllm, "{dialect:?}");
        assert_eq!(reply.text().contains("\n\n:\n\n"), dialect == Dialect::LlamaCpp, "{dialect:?}");
    }
}

#[test]
fn failures_have_their_status_or_come_in_the_middle() {
    let openai = OpenAiMock::start().unwrap();
    for (fault, status, word) in [
        (Fault::Unauthorized, 401, "invalid_api_key"),
        (Fault::ModelNotFound, 404, "not_found_error"),
        (Fault::ContextExceeded, 400, "exceed_context_size_error"),
        (Fault::RateLimited, 429, "rate_limit_exceeded"),
        (Fault::InsufficientQuota, 429, "insufficient_quota"),
        (Fault::Loading, 503, "Loading model"),
        (Fault::Internal, 500, "api_error"),
    ] {
        openai.next(fault.clone());
        let reply = ask(&openai);
        assert_eq!(reply.status, status, "{fault:?}");
        assert!(reply.json()["error"]["message"].is_string() && reply.text().contains(word), "{fault:?}");
    }
    for (fault, end) in [
        (Fault::ErrorAfter(2), "data: [DONE]\n\n"),
        (Fault::OldErrorAfter(2), "data: [DONE]\n\n"),
        (Fault::FinishAfter(2, "length".into()), "data: [DONE]\n\n"),
        (Fault::EndAfter(2), "\n\n"),
    ] {
        openai.next(fault.clone());
        let reply = ask(&openai);
        assert_eq!((reply.status, read(&reply).1.chars().count()), (200, 24), "{fault:?}");
        assert!(reply.text().ends_with(end), "{fault:?}");
    }
    openai.next(Fault::NoDone);
    assert!(!ask(&openai).text().contains("[DONE]"));
    openai.next(Fault::ToolNoise);
    assert!(ask(&openai).text().contains("tool_calls"));
    openai.next(Fault::InlineThoughts);
    assert!(read(&ask(&openai)).1.starts_with("<think>"));
    openai.next(Fault::Text("é".into()));
    assert_eq!(read(&ask(&openai)).1, "é");
    openai.next(Fault::Whole);
    assert!(ask(&openai).json()["choices"][0]["message"]["content"].is_string());
    openai.next(wire::Fault::Drip(Duration::from_micros(10)));
    assert!(read(&ask(&openai)).1.contains("sorted"));
}

#[test]
fn what_a_real_server_would_refuse_is_refused() {
    let openai = OpenAiMock::start().unwrap();
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    let with = |field: &str, value: Value| {
        let mut body = chat("m");
        body[field] = value;
        body
    };
    for body in [
        json!({}),
        with("model", json!("")),
        with("stream", json!(false)),
        with("max_tokens", json!(5)),
        with("messages", json!([])),
        with("messages", json!([message("system", "a"), message("user", "a"), message("user", "b")])),
        with("messages", json!([message("system", "a"), message("user", " ")])),
        with("messages", json!([message("system", "a"), message("user", "a"), message("assistant", "b")])),
    ] {
        assert_eq!(ask_with(&openai, &body).status, 400, "{body}");
    }
    assert_eq!(ask_with(&openai, &chat(UNKNOWN_MODEL)).status, 404);
    assert_eq!(send("GET", &format!("{}/v1/models", openai.origin()), &[], b"").unwrap().status, 404);
}

#[test]
fn a_client_that_leaves_is_counted() {
    let openai = OpenAiMock::start().unwrap();
    openai.next(Fault::Pace(Duration::from_millis(20)));
    let body = chat("m").to_string();
    let address = openai.origin().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
    let mut first = [0; 64];
    assert!(std::io::Read::read(&mut stream, &mut first).unwrap() > 0);
    assert_eq!(openai.abandoned(), 0);
    drop(stream);
    while openai.abandoned() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let counts = send("GET", &format!("{}/mock", openai.origin()), &[], b"").unwrap().json();
    assert_eq!(counts, json!({ "asked": 1, "abandoned": 1 }));
}
