use std::time::Duration;

use mocks::make::Fault;
use mocks::{MakeMock, wire};
use serde_json::json;
use test_support::Reply;
use test_support::http::send;

const QUESTION: &str = "Comment trier une liste ?";

fn ask(make: &MakeMock) -> Reply {
    let body = json!({ "message": QUESTION }).to_string();
    send("POST", &make.webhook_url(), &[("content-type", "application/json")], body.as_bytes())
        .expect("a reply")
}

#[test]
fn a_question_is_answered_with_code_and_explanation() {
    let make = MakeMock::start().unwrap();
    let seen = ask(&make);
    assert_eq!(seen.status, 200);
    assert!(seen.text().contains("```python\n") && seen.text().contains("sorted(notes)"), "{}", seen.text());
    assert_eq!(seen.header("x-atelier-simulated"), "true");
    assert_eq!(seen.header("x-powered-by"), "Make Gateway/production");
    assert_eq!(make.webhook_url().rsplit('/').next().unwrap().len(), 32);
}

#[test]
fn what_was_sent_is_recorded() {
    let make = MakeMock::start().unwrap();
    ask(&make);
    let requests = make.requests();
    let request = &requests[0];
    assert_eq!(request.text(), json!({ "message": QUESTION }).to_string());
    assert_eq!(request.header("content-type"), "application/json");
    make.forget();
    assert!(make.requests().is_empty());
}

#[test]
fn each_failure_has_its_status_and_text() {
    let make = MakeMock::start().unwrap();
    for (fault, status, text) in [
        (Fault::Accepted, 200, "Accepted"),
        (Fault::ScenarioFailed, 500, "Scenario failed to complete."),
        (Fault::NotListening, 410, "There is no scenario listening for this webhook."),
        (Fault::NotFound, 410, "Webhook not found."),
        (Fault::QueueFull, 400, "Queue is full"),
        (Fault::ValidationFailed, 400, "Data structure validation failed."),
        (Fault::TooManyRequests, 429, "Too many requests"),
        (Fault::Unauthorized, 401, "Unauthorized"),
        (Fault::Empty, 200, ""),
        (wire::Fault::Status(502, "Bad gateway".into()).into(), 502, "Bad gateway"),
    ] {
        make.next(fault.clone());
        let seen = ask(&make);
        assert_eq!((seen.status, seen.text().as_str()), (status, text), "{fault:?}");
        assert_eq!(seen.header("x-atelier-simulated"), "true", "{fault:?}");
    }
    assert_eq!(ask(&make).status, 200, "a fault is played once");
}

#[test]
fn a_standing_fault_lasts_until_it_is_cleared() {
    let make = MakeMock::start().unwrap();
    make.always(Fault::QueueFull);
    make.next(Fault::ScenarioFailed);
    assert_eq!([500, 400, 400], [ask(&make).status, ask(&make).status, ask(&make).status]);
    make.clear();
    assert_eq!(ask(&make).status, 200);
}

#[test]
fn scenarios_wrap_the_answer_in_many_shapes() {
    let make = MakeMock::start().unwrap();
    let answer = ask(&make).text();
    for (fault, pointer) in [
        (Fault::JsonString, ""),
        (Fault::UnderKey("response".into()), "/response"),
        (Fault::OpenAiEnvelope, "/choices/0/message/content"),
        (Fault::GeminiEnvelope, "/candidates/0/content/parts/0/text"),
        (Fault::AnthropicEnvelope, "/content/0/text"),
    ] {
        make.next(fault.clone());
        let seen = ask(&make);
        assert_eq!(seen.json().pointer(pointer).unwrap(), answer.as_str(), "{fault:?}");
        assert!(seen.header("content-type").starts_with("application/json"));
    }
    make.next(Fault::CodeAndExplanation);
    let seen = ask(&make).json();
    assert!(seen["code"].as_str().unwrap().starts_with("notes ="), "{seen}");
    assert!(seen["explanation"].as_str().unwrap().contains("trie sur place"), "{seen}");
    make.next(Fault::BrokenJson);
    let seen = ask(&make);
    assert!(serde_json::from_slice::<serde_json::Value>(&seen.body).is_err());
    assert!(seen.text().contains("sorted(notes)"));
}

#[test]
fn the_transport_can_fail_in_every_way() {
    let make = MakeMock::start().unwrap();
    let whole = ask(&make).body;

    for slow in [wire::Fault::Delay(Duration::from_millis(10)), wire::Fault::Drip(Duration::from_micros(10))]
    {
        make.next(slow.clone());
        assert_eq!(ask(&make).body, whole, "{slow:?}");
    }

    make.next(wire::Fault::Cut(10));
    let seen = ask(&make);
    assert!(!seen.complete && seen.body == whole[..10], "{:?}", seen.text());

    make.next(wire::Fault::Reset);
    let body = json!({ "message": QUESTION }).to_string();
    assert!(send("POST", &make.webhook_url(), &[], body.as_bytes()).is_err());

    make.next(wire::Fault::Redirect("http://127.0.0.1:9/elsewhere".into()));
    let seen = ask(&make);
    assert_eq!((seen.status, seen.header("location")), (302, "http://127.0.0.1:9/elsewhere"));

    make.next(wire::Fault::Html);
    assert!(ask(&make).header("content-type").starts_with("text/html"));

    make.next(wire::Fault::InvalidUtf8);
    assert!(String::from_utf8(ask(&make).body).is_err());

    make.next(wire::Fault::Gzip);
    let seen = ask(&make);
    assert_eq!(seen.header("content-encoding"), "gzip");
    assert_eq!(seen.body[..2], [0x1f, 0x8b]);

    make.next(wire::Fault::Huge(10_000_001));
    assert_eq!(ask(&make).body.len(), 10_000_001);
}

#[test]
fn other_addresses_and_large_payloads_are_refused() {
    let make = MakeMock::start().unwrap();
    let seen = send("POST", &format!("{}/unknown", make.origin()), &[], b"{}").unwrap();
    assert_eq!((seen.status, seen.text().as_str()), (410, "Webhook not found."));
    let large = vec![b' '; mocks::make::PAYLOAD_BYTES_MAX + 1];
    assert_eq!(send("POST", &make.webhook_url(), &[], &large).unwrap().status, 413);
}

#[test]
fn a_dropped_mock_no_longer_listens() {
    let make = MakeMock::start().unwrap();
    let url = make.webhook_url();
    drop(make);
    assert!(send("POST", &url, &[], b"{}").is_err());
}
