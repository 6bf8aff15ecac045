//! Bodies that are refused, sent by clients that read nothing before they have written everything: they can read the
//! answer all the same. A client that never stops writing is disconnected.

use std::time::{Duration, Instant};

use atelier_tests::{Client, Connection, http, multipart};

use crate::applications::app;

const FORM: &str = "application/x-www-form-urlencoded";
const MEBIBYTE: usize = 1024 * 1024;

/// The head of a request, as a browser on the same site sends it.
fn head(client: &Client, line: &str, headers: &[(&str, &str)]) -> String {
    let (method, path) = line.split_once(' ').unwrap();
    let mut all = headers.to_vec();
    if !headers.iter().any(|(name, _)| *name == "sec-fetch-site") {
        all.push(("sec-fetch-site", "same-origin"));
    }
    client.head(method, path, &all)
}

/// Connects and writes the head of a request.
fn start(client: &Client, line: &str, headers: &[(&str, &str)]) -> Connection {
    let mut connection = Connection::to(client.origin()).unwrap();
    connection.write(head(client, line, headers).as_bytes()).unwrap();
    connection
}

/// Everything up to the end of the connection, which must not be reset.
#[track_caller]
fn read(mut connection: Connection) -> String {
    let mut received = Vec::new();
    connection.read_to_end(&mut received).unwrap_or_else(|error| panic!("no whole answer: {error}"));
    String::from_utf8_lossy(&received).into_owned()
}

/// Writes the whole request, then reads the whole reply.
#[track_caller]
fn written_first(client: &Client, line: &str, headers: &[(&str, &str)], body: &[u8], status: u16) {
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    all.push(("content-length", &length));
    let mut connection = start(client, line, &all);
    let written = connection.write(body);
    written.unwrap_or_else(|error| panic!("{line}: the server did not take the whole request: {error}"));
    let reply = read(connection);
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
    let headers = [("content-type", FORM), ("transfer-encoding", "chunked")];
    let mut connection = start(&user, "POST /send", &headers);
    connection.write(&http::chunked(&vec![b'x'; MEBIBYTE], 1024)).unwrap();
    let reply = read(connection);
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
fn a_refused_file_is_answered_whatever_the_reason() {
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
    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("expect", "100-continue"),
        ("content-length", "60000000"),
    ];
    let sent = Instant::now();
    let reply = read(start(&user, "POST /ocr", &headers));
    assert!(reply.starts_with("HTTP/1.1 413 "), "not even `100 Continue`: {reply}");
    // Less than the pause that is allowed within a body (crates/web/src/drain.rs).
    assert!(sent.elapsed() < Duration::from_secs(4), "answered after {:?}", sent.elapsed());
}

#[test]
fn an_endless_body_is_cut_off() {
    let stranger = app().client();
    let piece = format!("10000\r\n{}\r\n", "x".repeat(65536));
    for path in ["/auth", "/send", "/ocr"] {
        let headers = [("content-type", FORM), ("transfer-encoding", "chunked")];
        let mut connection = start(&stranger, &format!("POST {path}"), &headers);
        // 64 MiB are read and dropped; some more fit into the buffers of both ends.
        let pieces = (0..128 * 16).take_while(|_| connection.write(piece.as_bytes()).is_ok()).count();
        assert!(pieces < 128 * 16, "{path} takes {pieces} pieces of 64 KiB and goes on");
    }
}

#[test]
fn a_body_that_pauses_for_long_is_answered() {
    let user = app().user();
    let paused = |line: &str, length: usize, sent: &[u8], status: u16, seconds: u64| {
        let begun = Instant::now();
        let length = length.to_string();
        let mut connection = start(&user, line, &[("content-type", FORM), ("content-length", &length)]);
        connection.write(sent).unwrap();
        let reply = read(connection);
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {reply}");
        assert!(begun.elapsed() < Duration::from_secs(seconds), "{line}: after {:?}", begun.elapsed());
    };
    // Refused by its announced length; the rest is waited for only briefly.
    paused("POST /send", MEBIBYTE, &[b'x'; 1000], 413, 15);
    // Small enough, but it never arrives.
    paused("POST /account", 50, b"cut", 408, 40);
}
