//! Photographs instead of a PDF.

use std::time::Duration;

use auth_api::{Denied, Reason};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use web::testing::run;

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::{EXAM, JPEG, PNG, WEBP, good};
use crate::charge::TOKENS_PER_PAGE;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::prompt;
use crate::gemini::request::StoredFile;
use crate::intake::{CHUNK_BYTES_MIN, WINDOW_BYTES};
use crate::picture::PICTURES_MAX;
use crate::stored_file::{PREPARE_TIME_MAX, REQUEST_TIME, wait_until_active};
use crate::upload::reader::UPLOAD_TIME_MAX;
use crate::upload::{FileName, UPLOAD_BYTES_MAX, UploadError};

const HEIC: &[u8] = include_bytes!("../../tests/fixtures/photo.heic");

fn appended() -> Reply {
    Reply::new(200, &[("x-goog-upload-status", "active")], "")
}

/// A JPEG of this many bytes.
fn large(bytes: usize) -> Vec<u8> {
    let mut picture = JPEG.to_vec();
    picture.resize(bytes, 7);
    picture
}

/// The parts of a question without its text: types and contents.
pub(super) fn parts(question: &Value) -> Vec<(String, String)> {
    let parts = question["contents"][0]["parts"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let part = |part: &Value| match (&part["inlineData"], &part["fileData"]) {
        (Value::Null, file) => (text(&file["mimeType"]), text(&file["fileUri"])),
        (inline, _) => (text(&inline["mimeType"]), text(&inline["data"])),
    };
    parts[..parts.len() - 1].iter().map(part).collect()
}

fn inline(media: &str, bytes: &[u8]) -> (String, String) {
    (media.to_owned(), STANDARD.encode(bytes))
}

#[test]
fn a_photograph_costs_one_page_whatever_it_is_called_and_however_many_tokens_it_takes() {
    for (media, file) in
        [("image/jpeg", JPEG), ("image/png", PNG), ("image/webp", WEBP), ("image/heic", HEIC)]
    {
        let ports = FakePorts::new([good().reading("IMAGE", 9 * TOKENS_PER_PAGE)]);
        let mut upload = upload(form("Tableau noir.PDF", file));
        upload.chunk_bytes = 7;
        let conversion = convert(&ports, upload).unwrap();
        assert_eq!(
            (conversion.pages, conversion.pages_charged, ports.left.get()),
            (Some(1), 1, 99),
            "{media}"
        );
        assert_eq!((conversion.file.tex().as_str(), conversion.is_complete()), ("Tableau_noir.tex", true));
        assert!(conversion.warnings.is_empty(), "{:?}", conversion.warnings);
        assert_eq!(parts(&ports.sent()[0].json()), [inline(media, file)]);
    }
}

#[test]
fn several_photographs_are_one_document_in_the_order_in_which_they_came() {
    let files: [(&str, &[u8]); 4] = [("b.png", PNG), ("a.jpg", JPEG), ("d.heic", HEIC), ("c.webp", WEBP)];
    for chunk_bytes in [9, 5000, usize::MAX] {
        let ports = FakePorts::new([good()]);
        let mut upload = upload(form_of(&files));
        upload.chunk_bytes = chunk_bytes;
        let conversion = convert(&ports, upload).unwrap();
        assert_eq!((conversion.pages, ports.left.get()), (Some(4), 96));
        assert_eq!(conversion.file.as_str(), "b.png");
        let question = ports.sent()[0].json();
        let expected = [
            inline("image/png", PNG),
            inline("image/jpeg", JPEG),
            inline("image/heic", HEIC),
            inline("image/webp", WEBP),
        ];
        assert_eq!(parts(&question), expected);
        assert_eq!(question["systemInstruction"]["parts"][1]["text"], prompt::PICTURES);
        let bytes = files.iter().map(|(_, file)| file.len() as u64).sum();
        assert!(ports.emitted.borrow()[0] == Event::Accepted { pages: Some(4), bytes });
    }
}

#[test]
fn what_cannot_be_one_document_is_refused_by_name() {
    let name = |name| FileName::parse(name);
    let check = |files: &[(&str, &[u8])], expected: UploadError| {
        let ports = FakePorts::new([]);
        assert_eq!(convert(&ports, upload(form_of(files))).map(|_| ()), Err(Failure::Upload(expected)));
        assert_eq!((ports.left.get(), ports.sent().len()), (100, 0));
        assert_eq!(ports.reason.get(), Some(Reason::Other));
    };
    let alone = UploadError::PdfNotAlone(name("a.pdf"));
    check(&[("a.pdf", EXAM), ("b.jpg", JPEG)], alone.clone());
    check(&[("b.jpg", JPEG), ("a.pdf", EXAM)], alone.clone());
    check(&[("a.pdf", EXAM), ("b.pdf", EXAM)], alone);
    check(
        &[("a.jpg", JPEG), ("b.docx", b"PK\x03\x04 not a picture")],
        UploadError::NotUsable(name("b.docx")),
    );
    check(&[("a.jpg", JPEG), ("b.jpg", b"")], UploadError::NotUsable(name("b.jpg")));
    let broken = |cause| UploadError::BrokenPicture { name: name("b.jpg"), cause };
    check(&[("a.jpg", JPEG), ("b.jpg", &JPEG[..60])], broken("ends within its header"));
    check(&[("a.jpg", JPEG), ("b.jpg", &JPEG[..60]), ("c.jpg", JPEG)], broken("ends within its header"));
    let animated = include_bytes!("../../tests/fixtures/animated.webp");
    check(&[("b.jpg", animated), ("a.jpg", JPEG)], broken("animated"));
}

#[test]
fn the_number_and_the_sum_of_photographs_are_bounded() {
    let max = PICTURES_MAX as usize;
    let ports = FakePorts::new([good()]);
    let conversion = convert(&ports, upload(form_of(&vec![("a.jpg", JPEG); max]))).unwrap();
    assert_eq!((conversion.pages_charged, ports.left.get()), (PICTURES_MAX, 100 - PICTURES_MAX));
    let ports = FakePorts::new([]);
    let many = convert(&ports, upload(form_of(&vec![("a.jpg", JPEG); max + 1])));
    assert_eq!(many.map(|_| ()), Err(Failure::Upload(UploadError::TooManyPictures)));
    assert_eq!(ports.left.get(), 100);

    // Each fits, together they do not.
    let half = large(usize::try_from(UPLOAD_BYTES_MAX / 2).unwrap());
    let chunks = half.len() / WINDOW_BYTES;
    let mut replies = vec![Reply::started()];
    replies.extend((0..chunks).map(|_| appended()));
    replies.extend([Reply::stored("ACTIVE"), Reply::started()]);
    replies.extend((0..chunks).map(|_| appended()));
    replies.extend([Reply::ok(), Reply::ok()]);
    let ports = FakePorts::new(replies);
    let mut endless = upload(form_of(&[("a.jpg", &half), ("b.jpg", &large(half.len() + 1))]));
    endless.content_length = None;
    assert_eq!(convert(&ports, endless).map(|_| ()), Err(Failure::Upload(UploadError::TooLarge)));
    let requests = ports.requests();
    assert_eq!(requests[requests.len() - 2..], ["POST /up?id=1", "DELETE /v1beta/files/abc"]);
    assert_eq!(ports.sent()[requests.len() - 2].header("x-goog-upload-command"), "cancel");
}

#[test]
fn photographs_beyond_the_window_are_stored_used_and_deleted() {
    let (small, first, second) = (large(3 * 1024 * 1024), large(2 * 1024 * 1024 + 5), large(WINDOW_BYTES));
    let ports = FakePorts::new([
        Reply::started(),
        appended(),
        appended(),
        Reply::stored("PROCESSING"),
        Reply::started(),
        appended(),
        appended(),
        appended(),
        Reply::stored("ACTIVE"),
        Reply::stored("ACTIVE"),
        good(),
        Reply::ok(),
        Reply::ok(),
    ]);
    let form = form_of(&[("a.jpg", &small), ("b.jpg", &first), ("c.png", &second), ("d.webp", WEBP)]);
    let conversion = convert(&ports, upload(form)).unwrap();
    assert_eq!((conversion.pages, ports.left.get()), (Some(4), 96));
    assert!(ports.all_replies_used());
    let sent = ports.sent();
    assert_eq!(sent[0].header("x-goog-upload-header-content-type"), "image/jpeg");
    assert_eq!(sent[0].header("x-goog-upload-header-content-length"), "", "others follow");
    assert!(sent.iter().all(|sent| sent.uri.contains("models") || sent.body.len() <= CHUNK_BYTES_MIN));
    assert!([&sent[1].body[..], &sent[2].body, &sent[3].body].concat() == first);
    assert!([&sent[5].body[..], &sent[6].body, &sent[7].body, &sent[8].body].concat() == second);
    let file = ("image/jpeg".to_owned(), "https://g.example/v1beta/files/abc".to_owned());
    let question = sent[10].json();
    let expected = [inline("image/jpeg", &small), file.clone(), file, inline("image/webp", WEBP)];
    assert!(parts(&question) == expected);
    assert_eq!(ports.requests()[9], "GET /v1beta/files/abc", "the one that was not ready");
    assert_eq!(ports.requests()[11..], ["DELETE /v1beta/files/abc"; 2]);
}

#[test]
fn what_is_stored_is_deleted_when_a_later_photograph_is_refused() {
    let replies = [
        Reply::started(),
        appended(),
        Reply::stored("ACTIVE"),
        Reply::started(),
        appended(),
        Reply::ok(),
        Reply::ok(),
    ];
    // Only its end shows what the second one is.
    let endless = [&JPEG[..3], &vec![0xff; WINDOW_BYTES + CHUNK_BYTES_MIN]].concat();
    let files: [(&str, &[u8]); 2] = [("a.jpg", &large(WINDOW_BYTES + 1)), ("b.jpg", &endless)];
    let ports = FakePorts::new(replies);
    let failure = convert(&ports, upload(form_of(&files)));
    assert_eq!(failure.err().unwrap().problem().code(), "unreadable_pdf");
    assert_eq!(ports.requests()[5..], ["POST /up?id=1", "DELETE /v1beta/files/abc"]);
    assert_eq!(ports.left.get(), 100);
}

#[test]
fn a_refused_document_is_asked_for_photograph_by_photograph_each_alone() {
    let refused = || Reply::stream(&[], "RECITATION");
    let ports = FakePorts::new([
        refused(),
        refused(),
        Reply::stream(&["Photo un."], "STOP"),
        refused(),
        Reply::stream(&["Photo trois."], "STOP"),
    ]);
    let form = form_of(&[("a.jpg", JPEG), ("b.png", PNG), ("c.webp", WEBP)]);
    let conversion = convert(&ports, upload(form)).unwrap();
    assert!(conversion.latex.contains("Photo un.") && conversion.latex.contains("Photo trois."));
    assert_eq!((conversion.warnings[0].code(), conversion.is_complete()), ("page_refused", false));
    let sent = ports.sent();
    let asked: Vec<_> = sent[2..].iter().flat_map(|sent| parts(&sent.json())).collect();
    assert!(asked == [inline("image/jpeg", JPEG), inline("image/png", PNG), inline("image/webp", WEBP)]);
    assert!(ports.questions()[3].contains("seule, la page 2"), "{:?}", ports.questions());
    assert_eq!(ports.left.get(), 97);
}

#[test]
fn the_other_ways_of_a_pdf_are_the_same_for_photographs() {
    let check = |replies: Vec<Reply>| {
        let ports = FakePorts::new(replies);
        let outcome = convert(&ports, upload(form_of(&[("a.jpg", JPEG), ("b.png", PNG)])));
        assert!(ports.all_replies_used());
        for sent in ports.sent().iter() {
            assert!(parts(&sent.json()) == [inline("image/jpeg", JPEG), inline("image/png", PNG)]);
        }
        (outcome, ports.left.get())
    };
    // Another model, and the rest of a cut answer, get the photographs again.
    let (outcome, _) = check(vec![Reply::error(404, &json!({"code": 404, "status": "NOT_FOUND"})), good()]);
    assert_eq!(outcome.unwrap().warnings[0].code(), "other_model");
    let cut = Reply::stream(&["\\documentclass{article}\n\\begin{document}\nun\n"], "MAX_TOKENS");
    let (outcome, _) = check(vec![cut, Reply::stream(&["deux\n\\end{document}"], "STOP")]);
    assert!(outcome.unwrap().is_complete());
    // What Gemini cannot open is no PDF here.
    let error =
        json!({"code": 400, "message": "Unable to process input image.", "status": "INVALID_ARGUMENT"});
    let (outcome, left) = check(vec![Reply::error(400, &error)]);
    let problem = outcome.err().unwrap().problem();
    assert_eq!((problem.code(), left), ("unreadable_pdf", 100));
    assert!(!problem.detail(web::Lang::Fr).contains("PDF"));
    // Without quota for all of them no model is asked.
    let ports = FakePorts::new([]);
    ports.left.set(1);
    let denied = convert(&ports, upload(form_of(&[("a.jpg", JPEG), ("b.png", PNG)])));
    let expected = Denied::QuotaExhausted { left: 0, retry_after_seconds: 60 };
    assert_eq!((denied.map(|_| ()), ports.left.get()), (Err(Failure::Denied(expected)), 1));
}

#[test]
fn many_slow_files_take_no_longer_than_one() {
    // One chunk of the body holds them all, and Google takes 50 s for each request.
    let slow = |reply: Reply| reply.after(50);
    let mut files = vec![("a.jpg", large(WINDOW_BYTES)); 1];
    files.extend((0..9).map(|_| ("b.jpg", large(20_000))));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, file)| (*name, &file[..])).collect();
    let mut replies: Vec<Reply> =
        (0..3).flat_map(|_| [slow(Reply::started()), slow(Reply::stored("ACTIVE"))]).collect();
    replies.extend([slow(Reply::ok()), slow(Reply::ok())]);
    let ports = FakePorts::new(replies);
    let mut upload = upload(form_of(&files));
    upload.chunk_bytes = usize::MAX;
    assert_eq!(convert(&ports, upload).map(|_| ()), Err(Failure::Upload(UploadError::TooSlow)));
    assert_eq!(ports.requests().iter().filter(|request| request.starts_with("DELETE")).count(), 2);
    assert!(ports.all_replies_used());
    assert!(UPLOAD_TIME_MAX + REQUEST_TIME * 2 + PREPARE_TIME_MAX < std::time::Duration::from_secs(15 * 60));
}

#[test]
fn a_file_that_was_prepared_meanwhile_is_not_waited_for() {
    let file = StoredFile { name: "files/abc".into(), uri: "https://g.example/v1beta/files/abc".into() };
    let ports = FakePorts::new(
        ["PROCESSING", "PROCESSING", "ACTIVE", "ACTIVE", "PROCESSING", "ACTIVE"].map(Reply::stored),
    );
    let files = [file.clone(), file.clone(), file];
    assert_eq!(run(wait_until_active(&ports, &settings(), &files)), Ok(()));
    assert_eq!(*ports.slept.borrow(), [100, 200, 400, 0, 0, 100].map(Duration::from_millis));
}
