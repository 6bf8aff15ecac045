use auth_api::{Reason, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use web::outbound::SendError;

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::{EXAM, LATEX};
use crate::error::Failure;
use crate::events::Event;
use crate::stored_file::{PREPARE_TIME_MAX, REQUEST_TIME};
use crate::transcribe::MODEL_TIME_MAX;
use crate::upload::reader::{BETWEEN_BYTES_TIME, UPLOAD_TIME_MAX};
use crate::upload::{FileName, Malformed, UPLOAD_BYTES_MAX, UploadError};
use crate::warning::Warning;

fn exam() -> FakeUpload {
    upload(form("Énoncé n°3.pdf", EXAM))
}

fn codes(warnings: &[Warning]) -> Vec<&'static str> {
    warnings.iter().map(Warning::code).collect()
}

#[test]
fn a_small_pdf_becomes_latex_in_one_request() {
    let ports = FakePorts::new([Reply::stream(&["```latex\n", LATEX, "```"], "STOP")]);
    let conversion = convert(&ports, exam()).unwrap();
    assert_eq!((conversion.latex.as_str(), conversion.markdown.as_str()), (LATEX, "Soit $x$.\n"));
    assert_eq!((conversion.pages, conversion.pages_charged, ports.left.get()), (Some(3), 3, 97));
    assert!(conversion.is_complete() && conversion.simulated && conversion.warnings.is_empty());
    assert_eq!((conversion.model.as_str(), conversion.file.tex().as_str()), ("m-version", "Enonce_n3.tex"));
    assert_eq!(ports.requests(), ["POST /v1beta/models/m-1:streamGenerateContent?alt=sse"]);
    let sent = ports.sent();
    let data = sent[0].json()["contents"][0]["parts"][0]["inlineData"]["data"].clone();
    assert_eq!(STANDARD.decode(data.as_str().unwrap()).unwrap(), EXAM);
    let emitted = ports.emitted.borrow();
    assert!(emitted[0] == Event::Accepted { pages: Some(3), bytes: EXAM.len() as u64 });
    assert!(emitted.contains(&Event::Latex(LATEX.into())));
}

#[test]
fn a_refused_upload_is_sent_nowhere_and_costs_nothing() {
    let protected = include_bytes!("../../tests/fixtures/protege.pdf");
    let pages = |count: u32| {
        format!("%PDF-1.4\n1 0 obj <</Type /Pages /Count {count}>> endobj\n%%EOF\n").into_bytes()
    };
    let check = |body: Vec<u8>, expected: Failure| {
        let ports = FakePorts::new([]);
        assert_eq!(convert(&ports, upload(body)).map(|_| ()), Err(expected));
        assert_eq!((ports.left.get(), ports.sent().len(), ports.emitted.borrow().len()), (100, 0, 0));
        assert_eq!(ports.reason.get(), Some(Reason::Other));
    };
    check(Vec::new(), Failure::Upload(UploadError::Malformed(Malformed::NoFile)));
    check(form("", EXAM), Failure::Upload(UploadError::Malformed(Malformed::NoFile)));
    for file in [&b""[..], b"%PD", b"PK\x03\x04", b"PK\x03\x04\x14\0\0\0\0\0\0\0\0", b"x%PDF-1.4\nno PDF"] {
        check(form("a.pdf", file), Failure::Upload(UploadError::NotUsable(FileName::parse("a.pdf"))));
    }
    check(form("a.pdf", b"%PDF-1.4\nno end"), Failure::Upload(UploadError::Unreadable("no %%EOF")));
    check(form("a.pdf", protected), Failure::Upload(UploadError::Protected));
    check(form("a.pdf", &pages(301)), Failure::Upload(UploadError::TooManyPages(301)));
    let mut unfinished = form("a.pdf", EXAM);
    unfinished.truncate(unfinished.len() - 8);
    check(unfinished, Failure::Upload(UploadError::Malformed(Malformed::Unfinished)));
}

#[test]
fn a_pdf_that_its_client_opened_without_a_password_is_converted_although_it_is_encrypted() {
    let file = include_bytes!("../../tests/fixtures/reserve.pdf");
    let body = || upload(form("a.pdf", file));
    assert_eq!(
        convert(&FakePorts::new([]), body()).map(|_| ()),
        Err(Failure::Upload(UploadError::Protected))
    );
    let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP")]);
    let conversion = convert(&ports, FakeUpload { opens: true, ..body() }).unwrap();
    assert_eq!((conversion.latex.as_str(), conversion.pages), (LATEX, None));
}

#[test]
fn blanks_and_a_byte_order_mark_before_a_pdf_are_left_out() {
    for before in [&b"\xef\xbb\xbf"[..], b"\r\n\r\n  ", &[b'\n'; 300]] {
        let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP")]);
        let file = [before, EXAM].concat();
        assert_eq!(convert(&ports, upload(form("a.pdf", &file))).unwrap().pages, Some(3));
        let sent = ports.sent();
        let data = sent[0].json()["contents"][0]["parts"][0]["inlineData"]["data"].clone();
        assert_eq!(STANDARD.decode(data.as_str().unwrap()).unwrap(), EXAM);
    }
}

#[test]
fn an_upload_that_breaks_off_or_is_no_form_is_refused() {
    let ports = FakePorts::new([]);
    let mut broken = exam();
    broken.breaks = true;
    broken.bytes.truncate(9000);
    assert_eq!(
        convert(&ports, broken).map(|_| ()),
        Err(Failure::Upload(UploadError::Interrupted("fake".into())))
    );
    let mut json = exam();
    json.content_type = "application/json".into();
    assert_eq!(
        convert(&ports, json).map(|_| ()),
        Err(Failure::Upload(UploadError::Malformed(Malformed::NotMultipart)))
    );
    assert_eq!(ports.left.get(), 100);
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let ports = FakePorts::new([]);
    let mut announced = exam();
    announced.content_length = Some(UPLOAD_BYTES_MAX + 100_000);
    announced.breaks = true;
    announced.bytes.clear();
    assert_eq!(convert(&ports, announced).map(|_| ()), Err(Failure::Upload(UploadError::TooLarge)));
}

#[test]
fn a_retired_or_overloaded_model_is_replaced_with_a_warning() {
    let gone = || Reply::error(404, &json!({"code": 404, "status": "NOT_FOUND"}));
    let busy = || Reply::error(503, &json!({"code": 503, "status": "UNAVAILABLE"}));
    let good = || Reply::stream(&[LATEX], "STOP");
    let check = |replies: Vec<Reply>, slept: &[u64]| {
        let ports = FakePorts::new(replies);
        let conversion = convert(&ports, exam()).unwrap();
        assert_eq!(codes(&conversion.warnings), ["other_model"]);
        assert!(ports.requests().last().unwrap().contains("/m-2:"));
        assert_eq!(ports.slept.borrow().iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), slept);
        assert!(ports.all_replies_used());
    };
    check(vec![gone(), good()], &[]);
    check(vec![busy(), busy(), good()], &[1]);
    check(vec![Reply::new(200, &[("content-type", "text/html")], "<html>"), good()], &[]);
    check(vec![Reply::stream(&[], "MAX_TOKENS"), good()], &[]);
}

#[test]
fn a_delay_that_google_asks_for_is_waited() {
    let wait = json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "12s"}]});
    let ports = FakePorts::new([Reply::error(429, &wait), Reply::stream(&[LATEX], "STOP")]);
    let conversion = convert(&ports, exam()).unwrap();
    assert_eq!((conversion.latex.as_str(), ports.slept.borrow()[0].as_secs()), (LATEX, 12));
    assert!(ports.emitted.borrow().contains(&Event::Waiting { seconds: 12 }));
}

#[test]
fn failures_of_the_upstream_have_their_status_and_cost_nothing() {
    let check = |replies: Vec<Reply>, status: u16, code: &str| {
        let ports = FakePorts::new(replies);
        let problem = convert(&ports, exam()).err().unwrap().problem();
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        assert_eq!(ports.left.get(), 100, "{code}");
        assert!(ports.all_replies_used(), "{code}");
    };
    let error = |status: u16, body| Reply::error(status, &body);
    check(
        vec![error(400, json!({"code": 400, "message": "The document has no pages."}))],
        422,
        "unreadable_pdf",
    );
    check(vec![error(400, json!({"code": 400, "message": "API key not valid."}))], 502, "upstream_refused");
    check(vec![error(403, json!({"code": 403}))], 502, "upstream_refused");
    check(vec![error(404, json!({"code": 404})), error(404, json!({"code": 404}))], 502, "upstream_refused");
    let day = json!({"code": 429, "details": [{"violations": [{"quotaId": "RequestsPerDay"}]}]});
    check(vec![error(429, day)], 503, "upstream_busy");
    check((0..4).map(|_| error(503, json!({"code": 503}))).collect(), 503, "upstream_busy");
    check(vec![Reply::stream(&[LATEX], "STOP").after(61)], 504, "upstream_timeout");
    let unreachable = || Reply::refused(SendError::NotSent("refused".into()));
    check(vec![unreachable(), unreachable()], 502, "upstream_failed");
    check(vec![Reply::refused(SendError::Denied("hosts".into()))], 502, "upstream_refused");
    check(vec![Reply::stream(&[], "SAFETY")], 422, "refused_by_model");
}

#[test]
fn a_long_answer_is_continued_and_joined() {
    let (start, rest) =
        ("\\documentclass{article}\n\\begin{document}\nun\ndeux\ntro", "deux\ntrois\n\\end{document}");
    let ports = FakePorts::new([Reply::stream(&[start], "MAX_TOKENS"), Reply::stream(&[rest], "STOP")]);
    let conversion = convert(&ports, exam()).unwrap();
    assert_eq!(
        conversion.latex,
        "\\documentclass{article}\n\\begin{document}\nun\ndeux\ntrois\n\\end{document}\n"
    );
    assert!(conversion.is_complete(), "{:?}", conversion.warnings);
    assert!(ports.questions()[1].contains("deux") && !ports.questions()[1].contains("tro\n"));
    assert!(ports.emitted.borrow().contains(&Event::Continuing));
}

#[test]
fn a_stream_that_breaks_is_continued_or_its_document_is_marked_as_cut() {
    let start = "\\documentclass{article}\n\\begin{document}\nun\ndeux\n";
    let cut = || Reply::stream(&[start], "").then(SendError::Cut("reset".into()));
    let ports = FakePorts::new([cut(), Reply::stream(&["trois\n\\end{document}"], "STOP")]);
    assert!(convert(&ports, exam()).unwrap().is_complete());

    let refused = || Reply::refused(SendError::NotSent("down".into()));
    let ports = FakePorts::new([cut(), refused(), refused()]);
    let conversion = convert(&ports, exam()).unwrap();
    assert_eq!((codes(&conversion.warnings), conversion.is_complete()), (vec!["cut"], false));
    assert!(conversion.latex.contains("deux") && conversion.latex.ends_with("\\end{document}\n"));
    assert_eq!(ports.left.get(), 97, "something was delivered");
}

#[test]
fn a_stream_with_an_error_event_is_continued() {
    let mut reply = Reply::stream(&["\\documentclass{article}\n\\begin{document}\nun\n"], "");
    reply = reply.also(&format!("data: {}\n\n", json!({"error": {"code": 503, "message": "overloaded"}})));
    let ports = FakePorts::new([reply, Reply::stream(&["deux\n\\end{document}"], "STOP")]);
    assert!(convert(&ports, exam()).unwrap().latex.contains("un\ndeux\n"));
}

#[test]
fn a_loop_is_not_continued() {
    let text =
        format!("\\documentclass{{article}}\n\\begin{{document}}\n{}", "La même ligne, encore.\n".repeat(60));
    let ports = FakePorts::new([Reply::stream(&[&text], "MAX_TOKENS")]);
    let conversion = convert(&ports, exam()).unwrap();
    assert_eq!(codes(&conversion.warnings), ["loop"]);
    assert_eq!(conversion.latex.matches("La même ligne").count(), 1);
}

#[test]
fn a_recitation_goes_to_another_model_then_page_by_page() {
    let refused = || Reply::stream(&[], "RECITATION");
    let ports = FakePorts::new([refused(), Reply::stream(&[LATEX], "STOP")]);
    assert_eq!(convert(&ports, exam()).unwrap().latex, LATEX);

    let ports = FakePorts::new([
        refused(),
        refused(),
        Reply::stream(&["Page un."], "STOP"),
        refused(),
        Reply::stream(&["```latex\n", LATEX, "```"], "STOP"),
    ]);
    let conversion = convert(&ports, exam()).unwrap();
    assert!(ports.questions()[3].contains("page 2"));
    assert_eq!(codes(&conversion.warnings)[0], "page_refused");
    assert!(
        conversion.latex.contains("Page un.") && conversion.latex.contains("Soit $x$."),
        "{}",
        conversion.latex
    );
    assert!(
        conversion.latex.contains("% page 2\n\\textit{[Page 2 non transcrite.]}")
            && !conversion.is_complete()
    );
    assert_eq!(conversion.latex.matches("\\documentclass").count(), 1);

    let ports = FakePorts::new((0..5).map(|_| refused()));
    assert_eq!(convert(&ports, exam()).err().unwrap().problem().status(), 422);
    assert_eq!(ports.left.get(), 100);
}

#[test]
fn a_reservation_outlives_the_longest_conversion() {
    // A chunk, where it stopped, its rest, the last chunk, a last look at the state, and the deletion.
    let files_api = REQUEST_TIME * 6 + PREPARE_TIME_MAX;
    // The same for the last of many pictures: the others are stored within the time of the upload.
    let longest = UPLOAD_TIME_MAX + BETWEEN_BYTES_TIME + files_api + MODEL_TIME_MAX;
    assert!(longest.as_secs() < 15 * 60 && 15 * 60 < Service::Ocr.reservation_seconds_max());
}

#[test]
fn a_client_that_disconnects_ends_the_conversion_and_pays_nothing() {
    let cut = || Reply::stream(&["\\documentclass{article}\nun\n"], "MAX_TOKENS");
    let check = |replies: Vec<Reply>, events_max: usize| {
        let ports = FakePorts::new(replies);
        ports.events_max.set(events_max);
        assert_eq!(convert(&ports, exam()).err(), Some(Failure::ClientDisconnected), "{events_max}");
        assert_eq!((ports.left.get(), ports.reason.get()), (100, Some(Reason::Other)), "{events_max}");
    };
    // Accepted, model, text, restart, continuing, and the model of the continuation.
    for events_max in 0..3 {
        check(vec![Reply::stream(&[LATEX], "STOP")], events_max);
    }
    for events_max in 3..6 {
        check(vec![cut()], events_max);
    }
    let overloaded = json!({"code": 503, "status": "UNAVAILABLE"});
    check(vec![Reply::error(503, &overloaded)], 2);
    check((0..2).map(|_| Reply::stream(&[], "RECITATION")).collect(), 4);
}
