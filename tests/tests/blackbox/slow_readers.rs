//! A client that reads nothing of a long answer: its stream ends, on every host.

use std::thread;
use std::time::Duration;

use atelier_tests::{Connection, multipart};
use mocks::gemini::Fault;

use crate::applications::exclusive_app;

/// What sockets and the host hold is less than the last event of such a document.
const ANSWER_BYTES: usize = 1_000_000;
/// `WRITE_MAX` of `crates/web/src/spin/reply.rs`, and what a busy machine needs beside it.
const ENDED_AFTER: Duration = Duration::from_secs(40);

#[test]
fn a_stream_that_nobody_reads_ends() {
    let app = exclusive_app();
    let user = app.user();
    // Two bytes in JSON, six in HTML.
    let quotes = "\"".repeat(100);
    let lines: String = (0..ANSWER_BYTES / 210).map(|at| format!("{quotes}{at}{quotes}\n\n")).collect();
    let document = format!("\\documentclass{{article}}\n\\begin{{document}}\n{lines}\\end{{document}}\n");
    app.gemini.next(Fault::Text(document));
    let pdf = mocks::sample::pdf(&[&["Exercice 1", "Résoudre."]]);
    let (content_type, body) = multipart("file", "a.pdf", "application/pdf", &pdf);
    let length = body.len().to_string();
    let headers =
        [("accept", "text/event-stream"), ("content-type", &*content_type), ("content-length", &*length)];
    let mut connection = Connection::to(user.origin()).unwrap();
    connection.write(user.head("POST", "/ocr", &headers).as_bytes()).unwrap();
    connection.write(&body).unwrap();

    let is_answered = |line: &str| (line.contains("\"ocr\"") && line.contains("\"POST\"")).then_some(());
    app.runtime.log.wait_for(Duration::from_secs(60), is_answered).expect("the model has answered");
    thread::sleep(ENDED_AFTER);
    // What was on its way arrives, and the body is cut.
    let reply = connection.read_reply(|_| {}).unwrap();
    let text = reply.text();
    assert!(text.contains("event: latex"), "{} bytes", text.len());
    assert!(!reply.complete, "{} bytes: {}", text.len(), &text[text.len().saturating_sub(100)..]);
    user.upload(&pdf).expect(200);
}
