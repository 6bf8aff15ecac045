//! Files that do not fit into the window.

use auth_api::Reason;
use serde_json::json;
use web::outbound::SendError;

use super::fake_gemini::Reply;
use super::fakes::*;
use crate::error::Failure;
use crate::intake::WINDOW_BYTES;
use crate::upload::{Malformed, UPLOAD_BYTES_MAX, UploadError};

const LATEX: &str = "\\documentclass{article}\n\\begin{document}\nx\n\\end{document}\n";

/// A PDF of about this many bytes, one page.
fn pdf(bytes: usize) -> Vec<u8> {
    let mut pdf = format!("%PDF-1.4\n1 0 obj <</Type /Page>> endobj 2 0 obj <</Length {bytes}>>\nstream\n")
        .into_bytes();
    pdf.extend((0..bytes).map(|index| (index % 251) as u8));
    pdf.extend_from_slice(b"\nendstream endobj\n%%EOF\n");
    pdf
}

fn appended() -> Reply {
    Reply::new(200, &[("x-goog-upload-status", "active")], "")
}

#[test]
fn a_large_file_is_stored_in_chunks_used_and_deleted() {
    let file = pdf(9 * 1024 * 1024);
    let ports = FakePorts::new([
        Reply::started(),
        appended(),
        appended(),
        Reply::stored("PROCESSING"),
        Reply::stored("PROCESSING"),
        Reply::stored("ACTIVE"),
        Reply::stream(&[LATEX], "STOP"),
        Reply::ok(),
    ]);
    let conversion = convert(&ports, upload(form("a.pdf", &file))).unwrap();
    assert_eq!((conversion.latex.as_str(), conversion.pages), (LATEX, Some(1)));
    assert_eq!(
        ports.requests(),
        [
            "POST /upload/v1beta/files",
            "POST /up?id=1",
            "POST /up?id=1",
            "POST /up?id=1",
            "GET /v1beta/files/abc",
            "GET /v1beta/files/abc",
            "POST /v1beta/models/m-1:streamGenerateContent?alt=sse",
            "DELETE /v1beta/files/abc",
        ]
    );
    let sent = ports.sent();
    assert_eq!(sent[0].header("x-goog-upload-header-content-length"), file.len().to_string());
    let chunks = &sent[1..4];
    assert_eq!(chunks.iter().flat_map(|sent| sent.body.clone()).collect::<Vec<_>>(), file);
    let commands: Vec<&str> = chunks.iter().map(|sent| sent.header("x-goog-upload-command")).collect();
    assert_eq!(commands, ["upload", "upload", "upload, finalize"]);
    let offsets: Vec<&str> = chunks.iter().map(|sent| sent.header("x-goog-upload-offset")).collect();
    assert_eq!(offsets, ["0", "4194304", "8388608"]);
    assert!(chunks.iter().all(|sent| sent.body.len() <= WINDOW_BYTES));
    assert_eq!(
        sent[6].json()["contents"][0]["parts"][0]["fileData"]["fileUri"],
        "https://g.example/v1beta/files/abc"
    );
}

#[test]
fn a_file_is_stored_from_one_byte_more_than_the_window() {
    let overhead = pdf(0).len() + 6;
    let exact = pdf(WINDOW_BYTES - overhead);
    assert_eq!(exact.len(), WINDOW_BYTES);
    let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP")]);
    assert!(convert(&ports, upload(form("a.pdf", &exact))).is_ok());
    let ports = FakePorts::new([
        Reply::started(),
        appended(),
        Reply::stored("ACTIVE"),
        Reply::stream(&[LATEX], "STOP"),
        Reply::ok(),
    ]);
    assert!(convert(&ports, upload(form("a.pdf", &pdf(WINDOW_BYTES - overhead + 1)))).is_ok());
    assert_eq!(ports.sent()[2].body.len(), 1);
}

#[test]
fn without_a_content_length_none_is_announced() {
    let ports = FakePorts::new([
        Reply::started(),
        appended(),
        Reply::stored("ACTIVE"),
        Reply::stream(&[LATEX], "STOP"),
        Reply::ok(),
    ]);
    let mut chunked = upload(form("a.pdf", &pdf(5 * 1024 * 1024)));
    chunked.content_length = None;
    assert!(convert(&ports, chunked).is_ok());
    assert_eq!(ports.sent()[0].header("x-goog-upload-header-content-length"), "");
}

#[test]
fn an_interrupted_chunk_is_resumed_where_it_stopped() {
    let file = pdf(5 * 1024 * 1024);
    let ports = FakePorts::new([
        Reply::started(),
        Reply::refused(SendError::Cut("reset".into())),
        Reply::new(200, &[("x-goog-upload-size-received", "1000000")], ""),
        appended(),
        Reply::stored("ACTIVE"),
        Reply::stream(&[LATEX], "STOP"),
        Reply::ok(),
    ]);
    convert(&ports, upload(form("a.pdf", &file))).unwrap();
    let sent = ports.sent();
    assert_eq!(sent[2].header("x-goog-upload-command"), "query");
    assert_eq!(
        (sent[3].header("x-goog-upload-offset"), sent[3].body.len()),
        ("1000000", WINDOW_BYTES - 1_000_000)
    );
    let stored = [&file[..1_000_000], &sent[3].body, &sent[4].body].concat();
    assert_eq!(stored, file);
}

#[test]
fn after_a_failure_nothing_is_stored_at_google_and_nothing_is_charged() {
    let file = pdf(5 * 1024 * 1024);
    let encrypted = [&file[..], b"trailer <</Encrypt 3 0 R>>\n%%EOF\n"].concat();
    let check = |body: Vec<u8>, replies: Vec<Reply>, status: u16, last: &str| {
        let ports = FakePorts::new(replies);
        let failure = convert(&ports, upload(body)).err().unwrap();
        assert_eq!(failure.problem().status(), status, "{failure:?}");
        assert_eq!(ports.requests().last().unwrap(), last, "{failure:?}");
        assert!(
            !ports.requests().iter().any(|request| request.contains("models")) || status == 503,
            "{failure:?}"
        );
        assert_eq!(ports.left.get(), 100, "{failure:?}");
        assert!(ports.all_replies_used(), "{failure:?}");
    };
    let error = |status| Reply::error(status, &json!({"code": status}));
    let delete = "DELETE /v1beta/files/abc";
    let form = |file: &[u8]| form("a.pdf", file);
    check(form(&encrypted), vec![Reply::started(), appended(), Reply::ok()], 422, "POST /up?id=1");
    check(form(&file), vec![error(403)], 502, "POST /upload/v1beta/files");
    check(form(&file), vec![Reply::started(), error(400), Reply::ok()], 422, "POST /up?id=1");
    check(
        form(&file),
        vec![Reply::started(), appended(), Reply::stored("FAILED"), Reply::stored("FAILED"), Reply::ok()],
        422,
        delete,
    );
    check(
        form(&file),
        vec![Reply::started(), appended(), Reply::stored("PROCESSING"), Reply::stored("FAILED"), Reply::ok()],
        422,
        delete,
    );
    let elsewhere = Reply::new(200, &[("x-goog-upload-url", "https://evil.example/up")], "");
    check(form(&file), vec![elsewhere], 502, "POST /upload/v1beta/files");
    let busy = vec![
        Reply::started(),
        appended(),
        Reply::stored("ACTIVE"),
        error(503),
        error(503),
        error(503),
        error(503),
        Reply::ok(),
    ];
    check(form(&file), busy, 503, delete);
    let mut cut = form(&file);
    cut.truncate(cut.len() - 9);
    check(cut, vec![Reply::started(), appended(), Reply::ok()], 400, "POST /up?id=1");
}

#[test]
fn a_file_that_never_becomes_active_times_out_and_is_deleted() {
    let mut replies = vec![Reply::started(), appended()];
    replies.extend((0..21).map(|_| Reply::stored("PROCESSING")));
    replies.push(Reply::ok());
    let ports = FakePorts::new(replies);
    assert_eq!(
        convert(&ports, upload(form("a.pdf", &pdf(5 * 1024 * 1024)))).map(|_| ()),
        Err(Failure::TimedOut)
    );
    assert_eq!(ports.reason.get(), Some(Reason::UpstreamFailed));
    assert_eq!(ports.requests().last().unwrap(), "DELETE /v1beta/files/abc");
}

#[test]
fn a_streamed_file_stops_at_the_limit() {
    let mut replies = vec![Reply::started()];
    replies.extend((0..13).map(|_| appended()));
    let ports = FakePorts::new(replies);
    let mut endless = upload(form("a.pdf", &pdf(usize::try_from(UPLOAD_BYTES_MAX).unwrap())));
    endless.content_length = None;
    assert_eq!(convert(&ports, endless).map(|_| ()), Err(Failure::Upload(UploadError::TooLarge)));
    assert_eq!(ports.sent().last().unwrap().header("x-goog-upload-command"), "cancel");
}

#[test]
fn a_form_that_goes_on_after_a_large_file_is_refused() {
    let ports = FakePorts::new([Reply::started(), appended(), Reply::ok()]);
    let mut body = form("a.pdf", &pdf(5 * 1024 * 1024));
    body.extend_from_slice(b"an epilogue");
    let failure = convert(&ports, upload(body)).map(|_| ());
    assert_eq!(failure, Err(Failure::Upload(UploadError::Malformed(Malformed::Length))));
}
