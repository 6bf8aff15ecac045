//! Bodies that are refused, sent by clients that read nothing before they have written everything: they get to read
//! the answer all the same. Whoever never stops writing is cut off.

use std::time::{Duration, Instant};

use atelier_tests::{Client, Wire, multipart};

use crate::shared::app;

const FORM: &str = "application/x-www-form-urlencoded";
const MEBIBYTE: usize = 1024 * 1024;

/// The head of a request, without the empty line at its end.
fn head(client: &Client, line: &str, headers: &[(&str, &str)]) -> String {
    let host = client.origin().trim_start_matches("http://");
    let mut head = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nx-forwarded-for: {}\r\n",
        client.address()
    );
    if !client.cookie_header().is_empty() {
        head.push_str(&format!("cookie: {}\r\n", client.cookie_header()));
    }
    if !headers.iter().any(|(name, _)| *name == "sec-fetch-site") {
        head.push_str("sec-fetch-site: same-origin\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}

/// Writes the whole request, then reads the whole reply.
#[track_caller]
fn written_first(client: &Client, line: &str, headers: &[(&str, &str)], body: &[u8], status: u16) {
    let length = format!("content-length: {}\r\n\r\n", body.len());
    let mut wire = Wire::to(client.origin());
    let written =
        wire.write((head(client, line, headers) + &length).as_bytes()).and_then(|()| wire.write(body));
    written.unwrap_or_else(|error| panic!("{line}: the server did not take the whole request: {error}"));
    let reply = wire.read().unwrap_or_else(|error| panic!("{line}: no answer: {error}"));
    assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {reply}");
}

#[test]
fn a_form_that_is_too_large_is_answered() {
    let (stranger, user) = (app().client(), app().user());
    let body = vec![b'x'; MEBIBYTE];
    written_first(&stranger, "POST /auth", &[("content-type", FORM)], &body, 413);
    written_first(&stranger, "POST /register", &[("content-type", FORM)], &body, 413);
    written_first(&user, "POST /send", &[("content-type", FORM)], &body, 413);
    written_first(&user, "POST /llm/send", &[("content-type", "application/json")], &body, 413);
}

#[test]
fn a_form_of_no_announced_length_that_is_too_large_is_answered() {
    let user = app().user();
    let mut request = head(&user, "POST /send", &[("content-type", FORM), ("transfer-encoding", "chunked")]);
    request.push_str("\r\n");
    for _ in 0..MEBIBYTE / 1024 {
        request.push_str(&format!("400\r\n{}\r\n", "x".repeat(1024)));
    }
    request.push_str("0\r\n\r\n");
    let mut wire = Wire::to(user.origin());
    wire.write(request.as_bytes()).unwrap();
    let reply = wire.read().unwrap();
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[test]
fn a_file_that_is_too_large_is_answered() {
    let user = app().user();
    let mut file = b"%PDF-1.7\n".to_vec();
    file.resize(60_000_000, b' ');
    let (kind, body) = multipart("file", "cours.pdf", "application/pdf", &file);
    written_first(&user, "POST /ocr", &[("content-type", &kind)], &body, 413);
}

#[test]
fn a_file_that_nobody_wants_is_answered_whatever_the_reason() {
    let (stranger, user) = (app().client(), app().user());
    let (kind, body) = multipart("file", "notes.pdf", "application/pdf", &vec![b'x'; 20 * MEBIBYTE]);
    let form = ("content-type", kind.as_str());
    written_first(&stranger, "POST /ocr", &[form, ("accept", "application/json")], &body, 401);
    written_first(&user, "POST /ocr", &[form, ("sec-fetch-site", "cross-site")], &body, 403);
    written_first(&user, "POST /ocr", &[form], &body, 415);
    written_first(&user, "POST /ocr", &[form, ("accept", "text/event-stream")], &body, 415);
    written_first(&user, "POST /ocr", &[("content-type", "application/pdf")], &body, 415);
    written_first(&user, "PUT /ocr", &[form], &body, 405);
    written_first(&user, "POST /ocr/elsewhere", &[form], &body, 404);
}

#[test]
fn a_client_that_asks_first_is_refused_before_it_sends_anything() {
    let user = app().user();
    let headers = [("content-type", "multipart/form-data; boundary=x"), ("expect", "100-continue")];
    let mut wire = Wire::to(user.origin());
    let start = Instant::now();
    wire.write((head(&user, "POST /ocr", &headers) + "content-length: 60000000\r\n\r\n").as_bytes()).unwrap();
    let reply = wire.read().unwrap();
    assert!(reply.starts_with("HTTP/1.1 413 "), "not even `100 Continue`: {reply}");
    assert!(start.elapsed() < Duration::from_secs(4), "answered after {:?}", start.elapsed());
}

#[test]
fn an_endless_body_is_cut_off() {
    let stranger = app().client();
    let piece = format!("10000\r\n{}\r\n", "x".repeat(65536));
    for path in ["/auth", "/send", "/ocr"] {
        let headers = [("content-type", FORM), ("transfer-encoding", "chunked")];
        let mut wire = Wire::to(stranger.origin());
        wire.write((head(&stranger, &format!("POST {path}"), &headers) + "\r\n").as_bytes()).unwrap();
        // 64 MiB are dropped, and some more wait in the buffers of both ends.
        let pieces = (0..128 * 16).take_while(|_| wire.write(piece.as_bytes()).is_ok()).count();
        assert!(pieces < 128 * 16, "{path} takes {pieces} pieces of 64 KiB and goes on");
    }
}

#[test]
fn a_body_that_pauses_for_long_is_answered() {
    let user = app().user();
    let paused = |line: &str, length: usize, sent: &[u8], status: u16, seconds: u64| {
        let start = Instant::now();
        let mut wire = Wire::to(user.origin());
        let head = head(&user, line, &[("content-type", FORM)]);
        wire.write((head + &format!("content-length: {length}\r\n\r\n")).as_bytes()).unwrap();
        wire.write(sent).unwrap();
        let reply = wire.read().unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {reply}");
        assert!(start.elapsed() < Duration::from_secs(seconds), "{line}: after {:?}", start.elapsed());
    };
    // Refused by its announced length, and then not listened to for long.
    paused("POST /send", MEBIBYTE, &[b'x'; 1000], 413, 15);
    // Small enough, but it never comes.
    paused("POST /account", 50, b"cut", 408, 40);
}
