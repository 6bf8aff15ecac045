use http::Method;
use serde_json::Value;

use super::request::{Chunk, Part, Source, StoredFile};
use super::*;
use crate::media::Media;
use crate::tests::fakes::settings;

fn part(media: Media, source: Source) -> Part {
    Part { media, source }
}

fn inline(media: Media, bytes: &'static [u8]) -> Part {
    part(media, Source::Inline(bytes::Bytes::from_static(bytes)))
}

fn json(payload: payload::Payload) -> Value {
    serde_json::from_slice(&payload.collect::<Vec<_>>().concat()).unwrap()
}

#[test]
fn an_inline_document_is_asked_about_in_one_request() {
    let document = [inline(Media::Pdf, b"%PDF-1.4")];
    let request = request::generate(&settings(), "m-1", &document, prompt::WHOLE).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "https://g.example/v1beta/models/m-1:streamGenerateContent?alt=sse");
    assert_eq!(request.headers()["x-goog-api-key"], "key");
    assert!(request.headers()["x-goog-api-key"].is_sensitive());
    assert_eq!(request.headers()["accept-encoding"], "identity");
    assert_eq!(request.headers()["content-length"], request.body().length().to_string().as_str());
    let body = json(request.into_body());
    assert_eq!(body["contents"][0]["parts"][0]["inlineData"]["data"], "JVBERi0xLjQ=");
    assert_eq!(body["contents"][0]["parts"][0]["inlineData"]["mimeType"], "application/pdf");
    assert_eq!(body["contents"][0]["parts"][1]["text"], prompt::WHOLE);
    assert_eq!(body["systemInstruction"]["parts"], serde_json::json!([{"text": prompt::RULES}]));
    assert_eq!(body["generationConfig"]["mediaResolution"], "MEDIA_RESOLUTION_MEDIUM");
    assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingLevel"], "low");
    assert!(body["generationConfig"].get("temperature").is_none());
}

#[test]
fn a_stored_document_is_named() {
    let file = StoredFile { name: "files/a".into(), uri: "https://g.example/v1beta/files/a".into() };
    let request =
        request::generate(&settings(), "m-1", &[part(Media::Pdf, Source::Stored(file.clone()))], "q")
            .unwrap();
    let body = json(request.into_body());
    assert_eq!(body["contents"][0]["parts"][0]["fileData"]["fileUri"], "https://g.example/v1beta/files/a");
    let delete = request::file_delete(&settings(), &file).unwrap();
    assert_eq!((delete.method(), delete.uri().path()), (&Method::DELETE, "/v1beta/files/a"));
}

#[test]
fn pictures_are_parts_of_one_request_in_their_order() {
    let file = StoredFile { name: "files/a".into(), uri: "https://g.example/v1beta/files/a".into() };
    let document =
        [inline(Media::Heic, b"one"), part(Media::Jpeg, Source::Stored(file)), inline(Media::Webp, b"three")];
    let request = request::generate(&settings(), "m-1", &document, "q").unwrap();
    assert_eq!(request.headers()["content-length"], request.body().length().to_string().as_str());
    let body = json(request.into_body());
    let parts = serde_json::json!([
        {"inlineData": {"mimeType": "image/heic", "data": "b25l"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://g.example/v1beta/files/a"}},
        {"inlineData": {"mimeType": "image/webp", "data": "dGhyZWU="}},
        {"text": "q"},
    ]);
    assert_eq!(body["contents"][0]["parts"], parts);
    assert_eq!(body["systemInstruction"]["parts"][1]["text"], prompt::PICTURES);
    assert_eq!(body["generationConfig"]["mediaResolution"], "MEDIA_RESOLUTION_HIGH");
}

#[test]
fn an_upload_follows_the_resumable_protocol() {
    let start = request::upload_start(&settings(), Media::Png, Some(42)).unwrap();
    assert_eq!(start.uri(), "https://g.example/upload/v1beta/files");
    assert_eq!(start.headers()["x-goog-upload-protocol"], "resumable");
    assert_eq!(start.headers()["x-goog-upload-command"], "start");
    assert_eq!(start.headers()["x-goog-upload-header-content-length"], "42");
    assert_eq!(start.headers()["x-goog-upload-header-content-type"], "image/png");
    assert!(
        !request::upload_start(&settings(), Media::Pdf, None)
            .unwrap()
            .headers()
            .contains_key("x-goog-upload-header-content-length")
    );
    let url = "https://g.example/up?id=1".parse().unwrap();
    let chunk = request::upload_chunk(
        &settings(),
        &url,
        Chunk { offset: 262_144, bytes: bytes::Bytes::from_static(b"abc"), is_last: false },
    )
    .unwrap();
    assert_eq!(
        (&chunk.headers()["x-goog-upload-command"], &chunk.headers()["x-goog-upload-offset"]),
        (&"upload".parse().unwrap(), &"262144".parse().unwrap())
    );
    assert_eq!(chunk.headers()["content-length"], "3");
    let last = request::upload_chunk(
        &settings(),
        &url,
        Chunk { offset: 0, bytes: bytes::Bytes::new(), is_last: true },
    )
    .unwrap();
    assert_eq!(last.headers()["x-goog-upload-command"], "upload, finalize");
}

#[test]
fn a_model_name_cannot_change_the_path() {
    let document = [inline(Media::Pdf, b"")];
    for name in ["", "../x", "a/b", "a?b", "a#b", "a b", "..", "é"] {
        assert!(request::generate(&settings(), name, &document, "q").is_err(), "{name}");
    }
}

#[test]
fn the_prompt_contains_the_rules_of_the_product() {
    for word in [
        "français",
        "\\documentclass",
        "babel",
        "amsmath",
        "amssymb",
        "geometry",
        "ligne vide",
        "[illisible]",
        "Overleaf",
    ] {
        assert!(prompt::RULES.contains(word), "{word}");
    }
    assert!(prompt::rest_after("x = 1", None).contains("x = 1"));
    assert!(prompt::only_page(3, false).contains("seulement la page 3"));
    assert!(prompt::only_page(3, true).contains("seule, la page 3"));
}
