use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mocks::gemini::{Fault, Quota};
use mocks::{GeminiMock, hex_sha256, sample, wire};
use serde_json::{Value, json};

use crate::client::{Seen, send};

const KEY: (&str, &str) = ("x-goog-api-key", "a-key");
const MODEL: &str = "gemini-3.8-flash";

fn exam() -> Vec<u8> {
    sample::pdf(&[&["Exercice 1 : équations", "Résoudre 100 % des cas."], &["Exercice 2", "Conclure."]])
}

fn body(pdf: &[u8], instruction: &str) -> Value {
    json!({
        "contents": [{ "role": "user", "parts": [
            { "inlineData": { "mimeType": "application/pdf", "data": STANDARD.encode(pdf) } },
            { "text": instruction },
        ]}],
        "generationConfig": { "maxOutputTokens": 65536, "thinkingConfig": { "thinkingLevel": "low" } },
    })
}

fn post(gemini: &GeminiMock, verb: &str, body: &Value) -> Seen {
    let url = format!("{}/v1beta/models/{MODEL}:{verb}", gemini.origin());
    send("POST", &url, &[KEY, ("content-type", "application/json")], body.to_string().as_bytes())
        .expect("a reply")
}

fn convert(gemini: &GeminiMock) -> Seen {
    post(gemini, "generateContent", &body(&exam(), "Transcris."))
}

/// The responses of an SSE stream, and their text joined.
fn events(seen: &Seen) -> Vec<Value> {
    let text = seen.text();
    text.split("\r\n\r\n")
        .filter(|event| !event.is_empty())
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("an event")).expect("JSON"))
        .collect()
}

fn text(response: &Value) -> String {
    let parts = response["candidates"][0]["content"]["parts"].as_array().cloned().unwrap_or_default();
    parts.iter().filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect()
}

#[test]
fn the_latex_is_made_from_the_pdf() {
    let gemini = GeminiMock::start().unwrap();
    let seen = convert(&gemini);
    let latex = text(&seen.json());
    for expected in [
        "% Réponse simulée",
        "\\documentclass",
        "\\section*{Exercice 1 : équations}",
        "Résoudre 100 \\% des cas.",
        "% --- Page 2 ---",
        "\\end{document}",
    ] {
        assert!(latex.contains(expected), "{expected} in {latex}");
    }
    assert_eq!(seen.json()["candidates"][0]["finishReason"], "STOP");
    assert_eq!(seen.json()["modelVersion"], MODEL);
    assert_eq!(seen.json()["usageMetadata"]["promptTokenCount"], 2 * 560 + 200);
    assert_eq!(seen.header("x-atelier-simulated"), "true");
}

#[test]
fn a_stream_carries_the_same_text_in_events_or_in_an_array() {
    let gemini = GeminiMock::start().unwrap();
    let whole = text(&convert(&gemini).json());
    let request = body(&exam(), "Transcris.");

    let seen = post(&gemini, "streamGenerateContent?alt=sse", &request);
    assert_eq!(seen.header("content-type"), "text/event-stream");
    let events = events(&seen);
    assert!(events.len() > 2);
    assert_eq!(events.iter().map(text).collect::<String>(), whole);
    let reasons: Vec<_> = events.iter().filter(|e| e["candidates"][0]["finishReason"].is_string()).collect();
    assert_eq!(reasons.len(), 1, "only the last event ends the text");

    let seen = post(&gemini, "streamGenerateContent", &request);
    let items = seen.json().as_array().cloned().unwrap();
    assert_eq!(items.iter().map(text).collect::<String>(), whole);
}

#[test]
fn keys_are_checked() {
    let gemini = GeminiMock::start_on("127.0.0.1:0".parse().unwrap(), Some("right".into())).unwrap();
    let seen = convert(&gemini);
    assert_eq!(seen.status, 400, "a bad key is not 401");
    assert_eq!(seen.json()["error"]["details"][0]["reason"], "API_KEY_INVALID");
    let url = format!("{}/v1beta/models/{MODEL}", gemini.origin());
    assert_eq!(send("GET", &url, &[], b"").unwrap().status, 403);
    assert_eq!(send("GET", &url, &[("x-goog-api-key", "right")], b"").unwrap().status, 200);
}

#[test]
fn retired_models_and_unknown_methods_are_404() {
    let gemini = GeminiMock::start().unwrap();
    for path in ["models/gemini-1.5-flash:generateContent", "models/gemini-3.8-flash:paint", "nothing"] {
        let url = format!("{}/v1beta/{path}", gemini.origin());
        let seen = send("POST", &url, &[KEY], body(&exam(), "").to_string().as_bytes()).unwrap();
        assert_eq!(seen.status, 404, "{path}");
    }
}

#[test]
fn each_refusal_has_its_envelope() {
    let gemini = GeminiMock::start().unwrap();
    for (fault, code, status) in [
        (Fault::InvalidKey, 400, "INVALID_ARGUMENT"),
        (Fault::PermissionDenied, 403, "PERMISSION_DENIED"),
        (Fault::FailedPrecondition, 400, "FAILED_PRECONDITION"),
        (Fault::ModelNotFound, 404, "NOT_FOUND"),
        (Fault::NoPages, 400, "INVALID_ARGUMENT"),
        (Fault::Internal, 500, "INTERNAL"),
        (Fault::Overloaded, 503, "UNAVAILABLE"),
        (Fault::DeadlineExceeded, 504, "DEADLINE_EXCEEDED"),
    ] {
        gemini.next(fault.clone());
        let seen = convert(&gemini);
        let error = &seen.json()["error"];
        assert_eq!((seen.status, &error["status"]), (code, &json!(status)), "{fault:?}");
        assert_eq!(error["code"], code);
    }
    gemini.next(Fault::Overloaded);
    let seen = post(&gemini, "streamGenerateContent", &body(&exam(), ""));
    assert_eq!((seen.status, &seen.json()[0]["error"]["code"]), (503, &json!(503)), "{}", seen.text());
}

#[test]
fn an_exhausted_quota_says_which_and_when_to_retry() {
    let gemini = GeminiMock::start().unwrap();
    for (quota, id) in [(Quota::PerMinute, "PerMinute"), (Quota::PerDay, "PerDay")] {
        gemini.next(Fault::Exhausted(quota, Duration::from_millis(12_770)));
        let seen = convert(&gemini);
        assert_eq!(seen.status, 429);
        let details = &seen.json()["error"]["details"];
        assert!(details[0]["violations"][0]["quotaId"].as_str().unwrap().contains(id));
        assert_eq!(details[1]["retryDelay"], "12.77s");
    }
}

#[test]
fn a_generation_can_end_early_in_every_way() {
    let gemini = GeminiMock::start().unwrap();
    for reason in ["RECITATION", "SAFETY", "MAX_TOKENS", "SOMETHING_NEW"] {
        gemini.next(Fault::Finish(reason.into()));
        let candidate = convert(&gemini).json()["candidates"][0].clone();
        assert_eq!((candidate["finishReason"].clone(), candidate.get("content")), (json!(reason), None));
    }
    gemini.next(Fault::FinishAfter(5, "MAX_TOKENS".into()));
    let response = convert(&gemini).json();
    assert_eq!(text(&response).lines().count(), 5);
    assert_eq!(response["candidates"][0]["finishReason"], "MAX_TOKENS");

    gemini.next(Fault::Blocked("PROHIBITED_CONTENT".into()));
    let response = convert(&gemini).json();
    assert_eq!(response["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
    assert!(response.get("candidates").is_none());

    gemini.next(Fault::ErrorAfter(3));
    let seen = post(&gemini, "streamGenerateContent?alt=sse", &body(&exam(), ""));
    let last = events(&seen).pop().unwrap();
    assert_eq!((seen.status, &last["error"]["code"]), (200, &json!(500)));
}

#[test]
fn thoughts_fences_and_repetitions_can_be_scripted() {
    let gemini = GeminiMock::start().unwrap();
    gemini.next(Fault::Thoughts);
    let response = convert(&gemini).json();
    assert_eq!(response["candidates"][0]["content"]["parts"][0]["thought"], true);
    gemini.next(Fault::Fenced);
    assert!(text(&convert(&gemini).json()).contains("```latex\n\\documentclass"));
    gemini.next(Fault::Repetition);
    assert!(text(&convert(&gemini).json()).matches("donc unique").count() > 300);
    gemini.next(Fault::Text("exactement ceci".into()));
    assert_eq!(text(&convert(&gemini).json()), "exactement ceci");
}

#[test]
fn a_continuation_gives_what_was_missing() {
    let gemini = GeminiMock::start().unwrap();
    let whole = text(&convert(&gemini).json());
    gemini.next(Fault::FinishAfter(12, "MAX_TOKENS".into()));
    let start = text(&convert(&gemini).json());
    let mut request = body(&exam(), "Transcris.");
    let contents = request["contents"].as_array_mut().unwrap();
    contents.push(json!({ "role": "model", "parts": [{ "text": start }] }));
    contents.push(json!({ "role": "user", "parts": [{ "text": "Continue." }] }));
    let rest = text(&post(&gemini, "generateContent", &request).json());
    assert_eq!(format!("{}\n{rest}", start.trim_end()).replace("\n\n", "\n"), whole.replace("\n\n", "\n"));
}

#[test]
fn one_page_can_be_asked_for_and_one_can_be_refused() {
    let gemini = GeminiMock::start().unwrap();
    let seen = post(&gemini, "generateContent", &body(&exam(), "Transcris la page 2 seulement."));
    let latex = text(&seen.json());
    assert!(latex.contains("Exercice 2") && !latex.contains("Exercice 1"), "{latex}");

    gemini.always(Fault::RecitationOnPage(2));
    assert_eq!(convert(&gemini).json()["candidates"][0]["finishReason"], "RECITATION");
    let seen = post(&gemini, "generateContent", &body(&exam(), "Transcris la page 1 seulement."));
    assert_eq!(seen.json()["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn requests_are_read_strictly() {
    let gemini = GeminiMock::start().unwrap();
    let mut minimal = body(&exam(), "");
    minimal["generationConfig"]["thinkingConfig"]["thinkingLevel"] = json!("minimal");
    let mut warm = body(&exam(), "");
    warm["generationConfig"]["temperature"] = json!(0.2);
    let mut typo = body(&exam(), "");
    typo["generationConfg"] = json!({});
    let mut picture = body(&exam(), "");
    picture["contents"][0]["parts"][0]["inlineData"]["mimeType"] = json!("text/html");
    for (request, status) in
        [(minimal, 400), (warm, 200), (typo, 400), (picture, 400), (json!({ "contents": [] }), 400)]
    {
        assert_eq!(post(&gemini, "generateContent", &request).status, status, "{request:.80}");
    }
}

#[test]
fn locked_and_damaged_documents_have_no_pages_and_a_scan_is_admitted() {
    let gemini = GeminiMock::start().unwrap();
    for pdf in [sample::encrypted(), sample::damaged(), b"hello".to_vec()] {
        let seen = post(&gemini, "generateContent", &body(&pdf, ""));
        assert_eq!(seen.status, 400);
        assert_eq!(seen.json()["error"]["message"], "The document has no pages.");
    }
    let seen = post(&gemini, "generateContent", &body(&sample::scan(2), ""));
    assert_eq!(text(&seen.json()).matches("sans couche texte").count(), 2);
}

#[test]
fn max_output_tokens_cuts_the_answer() {
    let gemini = GeminiMock::start().unwrap();
    let mut request = body(&exam(), "");
    request["generationConfig"]["maxOutputTokens"] = json!(20);
    let response = post(&gemini, "generateContent", &request).json();
    assert_eq!(text(&response).chars().count(), 80);
    assert_eq!(response["candidates"][0]["finishReason"], "MAX_TOKENS");
}

#[test]
fn faults_can_be_tied_to_a_model() {
    let gemini = GeminiMock::start().unwrap();
    gemini.always_for(MODEL, Fault::Overloaded);
    assert_eq!(convert(&gemini).status, 503);
    let url = format!("{}/v1beta/models/gemini-3.5-flash:generateContent", gemini.origin());
    assert_eq!(send("POST", &url, &[KEY], body(&exam(), "").to_string().as_bytes()).unwrap().status, 200);
    gemini.clear();
    assert_eq!(convert(&gemini).status, 200);
}

fn start_upload(gemini: &GeminiMock, length: usize) -> Seen {
    let length = length.to_string();
    let headers = [
        KEY,
        ("x-goog-upload-protocol", "resumable"),
        ("x-goog-upload-command", "start"),
        ("x-goog-upload-header-content-length", length.as_str()),
        ("x-goog-upload-header-content-type", "application/pdf"),
    ];
    let url = format!("{}/upload/v1beta/files", gemini.origin());
    send("POST", &url, &headers, br#"{"file":{"display_name":"examen.pdf"}}"#).unwrap()
}

fn upload(url: &str, offset: usize, command: &str, bytes: &[u8]) -> Seen {
    let offset = offset.to_string();
    let headers = [("x-goog-upload-offset", offset.as_str()), ("x-goog-upload-command", command)];
    send("POST", url, &headers, bytes).unwrap()
}

#[test]
fn a_file_is_uploaded_processed_used_and_deleted() {
    let gemini = GeminiMock::start().unwrap();
    gemini.processing_polls(2);
    let pdf = exam();
    let started = start_upload(&gemini, pdf.len());
    let url = started.header("x-goog-upload-url").to_owned();
    assert!(url.starts_with(&gemini.origin()), "{url}");
    let (head, tail) = pdf.split_at(300);
    assert_eq!(upload(&url, 0, "upload", head).header("x-goog-upload-status"), "active");
    assert_eq!(upload(&url, 7, "upload", tail).status, 400, "a wrong offset is refused");
    let seen = upload(&url, 300, "upload, finalize", tail);
    assert_eq!(seen.header("x-goog-upload-status"), "final");
    let file = seen.json()["file"].clone();
    assert_eq!((&file["state"], &file["displayName"]), (&json!("PROCESSING"), &json!("examen.pdf")));
    assert_eq!(file["sha256Hash"], hex_sha256(&pdf));

    let name = file["name"].as_str().unwrap();
    let look = |method| send(method, &format!("{}/v1beta/{name}", gemini.origin()), &[KEY], b"").unwrap();
    let request = json!({ "contents": [{ "role": "user", "parts": [
        { "fileData": { "mimeType": "application/pdf", "fileUri": file["uri"] } }, { "text": "Transcris." },
    ]}]});
    assert_eq!(post(&gemini, "generateContent", &request).status, 400, "not ACTIVE yet");
    assert_eq!(
        [look("GET").json()["state"].clone(), look("GET").json()["state"].clone()],
        ["PROCESSING", "ACTIVE"]
    );
    assert!(text(&post(&gemini, "generateContent", &request).json()).contains("Exercice 2"));

    assert_eq!(gemini.files_left(), 1);
    assert_eq!(look("DELETE").status, 200);
    assert_eq!(gemini.files_left(), 0);
    assert_eq!((look("GET").status, look("DELETE").status), (403, 403), "a missing file is 403");
    assert_eq!(post(&gemini, "generateContent", &request).status, 403);
}

#[test]
fn uploads_can_fail_and_can_be_sent_elsewhere() {
    let gemini = GeminiMock::start().unwrap();
    gemini.next_file(wire::Fault::Status(503, "later".into()));
    assert_eq!(start_upload(&gemini, 3).status, 503);

    let url = start_upload(&gemini, 3).header("x-goog-upload-url").to_owned();
    assert_eq!(upload(&url, 0, "upload, finalize", b"four").status, 400, "not what was announced");

    gemini.fail_processing(true);
    let url = start_upload(&gemini, 4).header("x-goog-upload-url").to_owned();
    let name = upload(&url, 0, "upload, finalize", b"four").json()["file"]["name"].clone();
    let url = format!("{}/v1beta/{}", gemini.origin(), name.as_str().unwrap());
    assert_eq!(send("GET", &url, &[KEY], b"").unwrap().json()["state"], "FAILED");

    gemini.upload_elsewhere(Some("http://198.51.100.7".into()));
    assert!(start_upload(&gemini, 4).header("x-goog-upload-url").starts_with("http://198.51.100.7/upload/"));
}

#[test]
fn a_document_of_50_megabytes_passes_inline() {
    let gemini = GeminiMock::start().unwrap();
    let pdf = sample::padded(50_000_000);
    let before = Instant::now();
    let seen = post(&gemini, "generateContent", &body(&pdf, "Transcris."));
    assert!(text(&seen.json()).contains("volumineux"), "{}", seen.text());
    assert!(before.elapsed() < Duration::from_secs(30), "{:?}", before.elapsed());
    assert!(gemini.requests()[0].body_bytes > 66_000_000);
}
