use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mocks::gemini::{Fault, Quota};
use mocks::{GeminiMock, sample};
use serde_json::{Value, json};
use test_support::Reply;
use test_support::http::send;

const KEY: (&str, &str) = ("x-goog-api-key", "a-key");
const MODEL: &str = "gemini-3.8-flash";

fn exam() -> Vec<u8> {
    sample::pdf(&[&["Exercice 1 : équations", "Résoudre 100 % des cas."], &["Exercice 2", "Conclure."]])
}

fn body(pdf: &[u8], question: &str) -> Value {
    json!({
        "contents": [{ "role": "user", "parts": [
            { "inlineData": { "mimeType": "application/pdf", "data": STANDARD.encode(pdf) } },
            { "text": question },
        ]}],
        "generationConfig": { "maxOutputTokens": 65536, "thinkingConfig": { "thinkingLevel": "low" } },
    })
}

fn ask(gemini: &GeminiMock, model: &str, body: &Value) -> Reply {
    let url = format!("{}/v1beta/models/{model}:streamGenerateContent?alt=sse", gemini.origin());
    send("POST", &url, &[KEY, ("content-type", "application/json")], body.to_string().as_bytes())
        .expect("a reply")
}

fn convert(gemini: &GeminiMock) -> Reply {
    ask(gemini, MODEL, &body(&exam(), "Transcris."))
}

fn events(seen: &Reply) -> Vec<Value> {
    let text = seen.text();
    let events = text.split("\r\n\r\n").filter(|event| !event.is_empty());
    events
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("an event")).expect("JSON"))
        .collect()
}

/// The text of a stream and why it ended.
fn text(seen: &Reply) -> (String, Value) {
    let events = events(seen);
    let parts = events.iter().map(|event| &event["candidates"][0]["content"]["parts"][0]);
    let text =
        parts.filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect();
    (text, events.last().expect("an event")["candidates"][0]["finishReason"].clone())
}

#[test]
fn the_latex_is_made_from_the_pdf_and_arrives_in_events() {
    let gemini = GeminiMock::start().unwrap();
    let seen = convert(&gemini);
    assert_eq!(seen.header("content-type"), "text/event-stream");
    assert_eq!(seen.header("x-atelier-simulated"), "true");
    let events = events(&seen);
    assert!(events.len() > 2, "{events:?}");
    let reasons = events.iter().filter(|event| event["candidates"][0]["finishReason"].is_string());
    assert_eq!(reasons.count(), 1, "only the last event ends the text");
    assert_eq!(events[0]["modelVersion"], MODEL);
    let (latex, finish) = text(&seen);
    assert_eq!(finish, "STOP");
    assert!(latex.starts_with("\\documentclass") && latex.contains("% Réponse simulée"), "{latex}");
    let pages = "\\begin{document}\n\n\\section*{Page 1}\n\nExercice 1 : équations\nRésoudre 100 \\% des cas.\n\n\
                 \\section*{Page 2}\n\nExercice 2\nConclure.\n\n\\end{document}\n";
    assert!(latex.ends_with(pages), "{latex}");
}

#[test]
fn keys_models_and_methods_are_checked() {
    let gemini = GeminiMock::start().unwrap();
    let at = |path: &str| format!("{}/v1beta/{path}", gemini.origin());
    let stream = at("models/gemini-3.8-flash:streamGenerateContent?alt=sse");
    assert_eq!(send("POST", &stream, &[], b"{}").unwrap().status, 403);
    for path in
        ["models/gemini-1.5-flash:streamGenerateContent?alt=sse", "models/gemini-3.8-flash:paint", "nothing"]
    {
        let seen = send("POST", &at(path), &[KEY], body(&exam(), "").to_string().as_bytes()).unwrap();
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
    gemini.next(Fault::InvalidKey);
    assert_eq!(convert(&gemini).json()["error"]["details"][0]["reason"], "API_KEY_INVALID");
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
    gemini.next(Fault::FinishAfter(0, "RECITATION".into()));
    let mut events_of_nothing = events(&convert(&gemini));
    // It was read all the same.
    assert_eq!(events_of_nothing[0]["usageMetadata"]["candidatesTokenCount"], 0);
    events_of_nothing[0].as_object_mut().unwrap().remove("usageMetadata");
    assert_eq!(
        events_of_nothing,
        [json!({ "candidates": [{ "finishReason": "RECITATION" }], "modelVersion": MODEL })]
    );

    gemini.next(Fault::FinishAfter(5, "MAX_TOKENS".into()));
    let (latex, finish) = text(&convert(&gemini));
    assert_eq!((latex.lines().count(), finish), (5, json!("MAX_TOKENS")));

    gemini.next(Fault::Blocked("PROHIBITED_CONTENT".into()));
    let blocked = events(&convert(&gemini));
    assert_eq!(blocked[0]["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
    assert!(blocked[0].get("candidates").is_none());

    gemini.next(Fault::ErrorAfter(3));
    let seen = convert(&gemini);
    assert_eq!((seen.status, &events(&seen).last().unwrap()["error"]["code"]), (200, &json!(500)));
}

#[test]
fn thoughts_fences_and_repetitions_can_be_scripted() {
    let gemini = GeminiMock::start().unwrap();
    gemini.next(Fault::Thoughts);
    assert_eq!(events(&convert(&gemini))[0]["candidates"][0]["content"]["parts"][0]["thought"], true);
    gemini.next(Fault::Fenced);
    assert!(text(&convert(&gemini)).0.contains("```latex\n\\documentclass"));
    gemini.next(Fault::Repetition);
    assert!(text(&convert(&gemini)).0.matches("donc unique").count() > 300);
    gemini.next(Fault::Text("exactement ceci".into()));
    assert_eq!(text(&convert(&gemini)).0, "exactement ceci");
}

#[test]
fn a_continuation_gives_what_was_missing() {
    let gemini = GeminiMock::start().unwrap();
    let (whole, _) = text(&convert(&gemini));
    gemini.next(Fault::FinishAfter(12, "MAX_TOKENS".into()));
    let (start, _) = text(&convert(&gemini));
    let question = format!("Voici la fin :\n\n{start}\n\nReprends juste après.");
    let (rest, _) = text(&ask(&gemini, MODEL, &body(&exam(), &question)));
    assert_eq!(format!("{start}{rest}").replace("\n\n", "\n"), whole.replace("\n\n", "\n"));
}

#[test]
fn one_page_can_be_asked_for_and_one_can_be_refused() {
    let gemini = GeminiMock::start().unwrap();
    let page = |number: usize| {
        text(&ask(
            &gemini,
            MODEL,
            &body(&exam(), &format!("Transcris seulement la page {number} de ce document.")),
        ))
    };
    let (latex, _) = page(2);
    assert!(latex.contains("{Page 2}\n\nExercice 2") && !latex.contains("Exercice 1"), "{latex}");
    assert!(!page(3).0.contains("Exercice"), "there is no third page");

    gemini.always(Fault::RecitationOnPage(2));
    assert_eq!(text(&convert(&gemini)).1, "RECITATION");
    assert_eq!((page(1).1, page(2).1), (json!("STOP"), json!("RECITATION")));
}

#[test]
fn requests_are_read_strictly() {
    let gemini = GeminiMock::start().unwrap();
    let with = |pointer: &str, value: Value| {
        let mut request = body(&exam(), "");
        *request.pointer_mut(pointer).unwrap() = value;
        ask(&gemini, MODEL, &request)
    };
    assert_eq!(with("/generationConfig", json!({})).status, 200);
    for (pointer, value) in [
        ("/generationConfig/thinkingConfig/thinkingLevel", json!("minimal")),
        ("/generationConfig", json!({ "temperature": 0.2 })),
        ("/contents/0", json!({ "part": [] })),
        ("/contents/0/parts/0/inlineData/mimeType", json!("text/html")),
        ("/contents/0/parts/0/inlineData/data", json!("not base64")),
    ] {
        assert_eq!(with(pointer, value.clone()).status, 400, "{value}");
    }
    for pdf in [sample::encrypted(), sample::damaged()] {
        let seen = ask(&gemini, MODEL, &body(&pdf, ""));
        assert_eq!(
            (seen.status, &seen.json()["error"]["message"]),
            (400, &json!("The document has no pages."))
        );
    }
}

#[test]
fn pictures_are_named_in_their_order_and_must_be_what_they_are_said_to_be() {
    let gemini = GeminiMock::start().unwrap();
    let png: &[u8] = include_bytes!("../../../../components/ocr/tests/fixtures/photo.png");
    let jpeg: &[u8] = include_bytes!("../../../../components/ocr/tests/fixtures/photo.jpg");
    let part = |mime: &str, bytes: &[u8]| json!({ "inlineData": { "mimeType": mime, "data": STANDARD.encode(bytes) } });
    let with = |parts: &[Value], resolution: &str, question: &str| {
        let parts: Vec<Value> = parts.iter().cloned().chain([json!({ "text": question })]).collect();
        let config = json!({ "mediaResolution": resolution });
        let request = json!({ "contents": [{ "role": "user", "parts": parts }], "generationConfig": config });
        ask(&gemini, MODEL, &request)
    };
    let both = [part("image/png", png), part("image/jpeg", jpeg)];
    for (resolution, tokens) in [("MEDIA_RESOLUTION_HIGH", 2240), ("MEDIA_RESOLUTION_MEDIUM", 1120)] {
        let seen = with(&both, resolution, "Transcris.");
        let (latex, _) = text(&seen);
        let first = format!("{{Page 1}}\n\nPhoto de type image/png, {} octets", png.len());
        let second = format!("{{Page 2}}\n\nPhoto de type image/jpeg, {} octets", jpeg.len());
        assert!(latex.contains(&first) && latex.contains(&second), "{latex}");
        let events = events(&seen);
        let [first, last] = [&events[0], &events[events.len() - 1]].map(|event| &event["usageMetadata"]);
        assert_eq!(first["promptTokensDetails"][1], json!({ "modality": "IMAGE", "tokenCount": tokens }));
        let (prompt, answer) = (first["promptTokenCount"].as_u64(), last["candidatesTokenCount"].as_u64());
        assert_eq!(prompt, Some(tokens + "Transcris.".len() as u64 / 4));
        assert_eq!(answer, Some(latex.chars().count() as u64 / 4));
    }
    let (alone, _) =
        text(&with(&both[1..], "MEDIA_RESOLUTION_HIGH", "Voici, seule, la page 2 de ce document."));
    assert!(alone.contains("{Page 2}\n\nPhoto de type image/jpeg"), "{alone}");
    for wrong in [part("image/jpeg", png), part("image/gif", b"GIF89a"), part("application/pdf", png)] {
        assert_eq!(with(&[wrong], "MEDIA_RESOLUTION_HIGH", "").status, 400);
    }
}

#[test]
fn faults_can_be_tied_to_a_model() {
    let gemini = GeminiMock::start().unwrap();
    gemini.always_for(MODEL, Fault::Overloaded);
    assert_eq!(convert(&gemini).status, 503);
    assert_eq!(ask(&gemini, "gemini-3.5-flash", &body(&exam(), "")).status, 200);
    gemini.clear();
    assert_eq!(convert(&gemini).status, 200);
}

fn start_upload(gemini: &GeminiMock, length: usize) -> String {
    let length = length.to_string();
    let headers = [
        KEY,
        ("x-goog-upload-protocol", "resumable"),
        ("x-goog-upload-command", "start"),
        ("x-goog-upload-header-content-length", length.as_str()),
        ("x-goog-upload-header-content-type", "application/pdf"),
    ];
    let url = format!("{}/upload/v1beta/files", gemini.origin());
    send("POST", &url, &headers, b"").unwrap().header("x-goog-upload-url").to_owned()
}

fn upload(url: &str, offset: usize, command: &str, bytes: &[u8]) -> Reply {
    let offset = offset.to_string();
    let headers = [("x-goog-upload-offset", offset.as_str()), ("x-goog-upload-command", command)];
    send("POST", url, &headers, bytes).unwrap()
}

#[test]
fn a_file_is_uploaded_in_pieces_waited_for_used_and_deleted() {
    let gemini = GeminiMock::start().unwrap();
    let pdf = exam();
    let url = start_upload(&gemini, pdf.len());
    let (head, tail) = pdf.split_at(300);
    assert_eq!(upload(&url, 0, "upload", head).header("x-goog-upload-status"), "active");
    assert_eq!(upload(&url, 0, "query", b"").header("x-goog-upload-size-received"), "300");
    assert_eq!(upload(&url, 7, "upload", tail).status, 400, "a wrong offset is refused");
    let seen = upload(&url, 300, "upload, finalize", tail);
    assert_eq!(seen.header("x-goog-upload-status"), "final");
    let file = seen.json()["file"].clone();
    assert_eq!(file["state"], "PROCESSING");

    let url = format!("{}/v1beta/{}", gemini.origin(), file["name"].as_str().unwrap());
    let look = |method| send(method, &url, &[KEY], b"").unwrap();
    let request = json!({ "contents": [{ "role": "user", "parts": [
        { "fileData": { "mimeType": "application/pdf", "fileUri": file["uri"] } }, { "text": "Transcris." },
    ]}]});
    assert_eq!(ask(&gemini, MODEL, &request).status, 400, "not ACTIVE yet");
    assert_eq!(look("GET").json()["state"], "ACTIVE");
    assert!(text(&ask(&gemini, MODEL, &request)).0.contains("Exercice 2"));
    let mut other_type = request.clone();
    other_type["contents"][0]["parts"][0]["fileData"]["mimeType"] = json!("image/png");
    assert_eq!(ask(&gemini, MODEL, &other_type).status, 400, "uploaded as a PDF");

    assert_eq!(gemini.files_left(), 1);
    assert_eq!((look("DELETE").status, gemini.files_left()), (200, 0));
    assert_eq!((look("GET").status, look("DELETE").status), (403, 403), "a missing file is 403");
    assert_eq!(ask(&gemini, MODEL, &request).status, 403);
}

#[test]
fn uploads_can_fail_be_cancelled_and_be_sent_elsewhere() {
    let gemini = GeminiMock::start().unwrap();
    let url = start_upload(&gemini, 3);
    assert_eq!(upload(&url, 0, "upload, finalize", b"four").status, 400, "not what was announced");
    assert_eq!(upload(&url, 0, "cancel", b"").header("x-goog-upload-status"), "cancelled");
    assert_eq!(upload(&url, 0, "query", b"").status, 404);

    gemini.fail_processing();
    let file = upload(&start_upload(&gemini, 4), 0, "upload, finalize", b"four").json()["file"].clone();
    let url = format!("{}/v1beta/{}", gemini.origin(), file["name"].as_str().unwrap());
    assert_eq!(send("GET", &url, &[KEY], b"").unwrap().json()["state"], "FAILED");

    gemini.upload_elsewhere("http://198.51.100.7".into());
    assert!(start_upload(&gemini, 4).starts_with("http://198.51.100.7/upload/"));
}
