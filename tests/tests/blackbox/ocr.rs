//! The converter: a PDF goes to Gemini and comes back as LaTeX.

use std::thread;
use std::time::{Duration, Instant};

use atelier_tests::{App, Client, Connection, http, multipart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mocks::gemini::{Fault, Quota};
use mocks::{sample, wire};
use serde_json::Value;

use crate::applications::{app, close_breakers, exclusive_app};

fn exam() -> Vec<u8> {
    sample::pdf(&[&["Exercice 1 : équations", "Résoudre 100 % des cas."], &["Exercice 2", "Conclure."]])
}

fn left(user: &Client) -> i64 {
    user.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"].as_i64().unwrap()
}

fn warning_codes(conversion: &Value) -> Vec<String> {
    let warnings = conversion["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().filter_map(|warning| warning["code"].as_str().map(str::to_owned)).collect()
}

/// The document within the question to the model.
fn inline_bytes(app: &App) -> Vec<u8> {
    let question: Value = serde_json::from_slice(&app.gemini.generations()[0].body).unwrap();
    let parts = question["contents"][0]["parts"].as_array().unwrap();
    let data = parts.iter().find_map(|part| part["inlineData"]["data"].as_str()).expect("an inline document");
    STANDARD.decode(data).unwrap()
}

/// The document in the requests to the Files API, put together again.
fn stored_bytes(app: &App) -> Vec<u8> {
    let mut stored = Vec::new();
    for request in app.gemini.requests() {
        if request.header("x-goog-upload-command").contains("upload") {
            assert_eq!(request.header("x-goog-upload-offset"), stored.len().to_string());
            stored.extend_from_slice(&request.body);
        }
    }
    stored
}

/// Does not print the documents.
#[track_caller]
fn expect_received(received: &[u8], sent: &[u8]) {
    assert!(received == sent, "{} bytes arrived of {}, or others", received.len(), sent.len());
}

#[test]
fn a_pdf_comes_back_as_latex() {
    let app = exclusive_app();
    let user = app.user();
    let conversion = user.upload(&exam()).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    for expected in [
        "\\documentclass",
        "\\section*{Page 1}",
        "Exercice 1 : équations",
        "100 \\%",
        "Conclure.",
        "\\end{document}",
    ] {
        assert!(latex.contains(expected), "{expected} in {latex}");
    }
    let markdown = conversion["markdown"].as_str().unwrap();
    for expected in ["# Page 1", "Exercice 1 : équations", "100 %", "Conclure."] {
        assert!(markdown.contains(expected), "{expected} in {markdown}");
    }
    assert!(!markdown.contains("\\documentclass") && !markdown.contains("\\section"), "{markdown}");
    assert_eq!(conversion["markdown_file"], "examen.md");
    assert_eq!(conversion["pages"], 2);
    assert_eq!(conversion["model"], "gemini-3.8-flash");
    assert_eq!(warning_codes(&conversion), [""; 0], "{conversion}");
    assert_eq!(left(&user), 98);

    assert_eq!(app.gemini.generations().len(), 1, "one question, for both forms");
    let sent = &app.gemini.generations()[0];
    assert!(
        sent.uri.path().starts_with("/v1beta/models/gemini-3.8-flash:streamGenerateContent"),
        "{}",
        sent.uri
    );
    assert!(!sent.header("x-goog-api-key").is_empty() && !sent.uri.to_string().contains("key="));
    assert_eq!(sent.header("cookie"), "", "the user's session stays here");
    assert!(!sent.text().contains("temperature"), "{}", sent.text());
    expect_received(&inline_bytes(&app), &exam());
}

#[test]
fn the_page_says_what_is_left_also_with_a_slash_at_its_end() {
    let user = app().user();
    for path in ["/ocr", "/ocr/"] {
        assert!(user.get(path).expect(200).text().contains("<strong>100&nbsp;/&nbsp;100</strong>"), "{path}");
    }
}

#[test]
fn a_figure_has_its_place_on_its_page_and_the_document_keeps_the_words() {
    let app = exclusive_app();
    let user = app.user();
    let document = sample::pdf(&[&["Exercice 1"], &["Figure : la courbe de f", "Conclure."]]);
    let conversion = user.upload(&document).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    assert!(latex.contains("\n\\fbox{Figure : la courbe de f}\n") && !latex.contains("% figure"), "{latex}");
    let expected = serde_json::json!([{
        "page": 2,
        "before": 0,
        "box": [300, 200, 600, 800],
        "source": "\\fbox{Figure : la courbe de f}",
        "words": "Figure : la courbe de f",
    }]);
    assert_eq!(conversion["figures"], expected, "{conversion}");
    assert!(conversion["markdown"].as_str().unwrap().contains("Figure : la courbe de f"));
    assert_eq!(warning_codes(&conversion), [""; 0], "{conversion}");
    let sent = app.gemini.generations()[0].text();
    assert!(sent.contains("% figure n [ymin, xmin, ymax, xmax]"), "the model is asked for it");
}

#[test]
fn what_draws_pages_in_the_browser_is_served_to_everybody() {
    let app = app();
    let french = app.client().get_json("/ocr/pages").expect(200).json();
    assert_eq!(french["texts"]["zip"], "Télécharger le .zip");
    for name in ["pages", "figures", "zip"] {
        app.client().get(french[name].as_str().unwrap()).expect(200);
    }
    // Where the build had no network there is none.
    let Some(pdfjs) = french["pdfjs"].as_str() else {
        assert!(std::env::var_os("CI").is_none(), "CI has the network");
        return;
    };
    let script = app.client().get(&format!("{pdfjs}/pdf.min.mjs")).expect(200);
    assert!(script.header("content-type").starts_with("text/javascript"), "{:?}", script.headers);
    assert!(script.header("cache-control").contains("immutable"), "{:?}", script.headers);
    assert!(!script.header("content-security-policy").contains("eval"), "{:?}", script.headers);
    for other in ["pdfjs.json", "pdf.min.mjs.gz", "../pdf.min.mjs"] {
        app.client().get(&format!("{pdfjs}/{other}")).expect(404);
    }
}

#[test]
fn the_page_works_without_javascript() {
    let app = exclusive_app();
    let user = app.user();
    let page = user.get("/ocr").expect(200).text();
    assert!(page.contains("multipart/form-data") && page.contains("name=\"file\""), "{page}");
    let reply = user.upload_as("Énoncé n°3.pdf", "application/pdf", "text/html", &exam()).expect(200);
    assert!(reply.header("content-type").starts_with("text/html"));
    let page = reply.text();
    assert!(page.contains("Exercice 1 : équations") && page.contains("aucune IA n’a répondu"), "{page}");
    assert!(page.contains("# Page 1"), "{page}");
    assert!(page.contains("data:text/markdown;") && page.contains("download=\"Énoncé n°3.md\""), "{page}");
}

#[test]
fn a_stream_reports_progress_and_ends_with_the_document() {
    let app = exclusive_app();
    let user = app.user();
    let reply = user.upload_as("a.pdf", "application/pdf", "text/event-stream", &exam()).expect(200);
    assert!(reply.header("content-type").starts_with("text/event-stream"), "{:?}", reply.headers);
    let text = reply.text();
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert!(names.contains(&"progress") && names.contains(&"latex"), "{names:?}");
    assert_eq!(names.last(), Some(&"done"), "{names:?}");
    let last = text.lines().rfind(|line| line.starts_with("data: ")).unwrap();
    let done: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
    assert!(done["latex"].as_str().unwrap().contains("\\end{document}"), "{done}");
    assert!(done["markdown"].as_str().unwrap().contains("# Page 2"), "{done}");
}

#[test]
fn a_table_with_joined_cells_stays_one_in_the_markdown_and_is_aligned_in_the_preview() {
    let app = exclusive_app();
    let user = app.user();
    let table = "\\begin{tabular}{|l|*{2}{r|}}\\hline\n & \\multicolumn{2}{c|}{Essai} \\\\ \\hline\n\
        \\multirow{2}{*}{cercle} & 58 & $|x|$ \\\\\n & 52 & 3 \\\\ \\hline\n\\end{tabular}";
    let latex = format!("\\documentclass{{article}}\n\\begin{{document}}\n{table}\n\\end{{document}}\n");
    app.gemini.always(Fault::Text(latex));
    let markdown = user.upload(&exam()).expect(200).json()["markdown"].as_str().unwrap().to_owned();
    let expected =
        "|  | Essai |  |\n| --- | ---: | ---: |\n| cercle | 58 | $\\vert x\\vert$ |\n|  | 52 | 3 |\n";
    assert!(markdown.contains(expected), "{markdown}");
    let page = user.upload_as("a.pdf", "application/pdf", "text/html", &exam()).expect(200).text();
    assert!(page.contains("<td class=\"l\">cercle</td><td class=\"r\">58</td>"), "{page}");
}

#[test]
fn the_markdown_alone_is_a_download() {
    let app = exclusive_app();
    let user = app.user();
    let reply = user.upload_as("Énoncé.pdf", "application/pdf", "text/markdown", &exam()).expect(200);
    assert_eq!(reply.header("content-type"), "text/markdown; charset=utf-8");
    assert!(reply.header("content-disposition").contains("filename=\"Enonce.md\""), "{:?}", reply.headers);
    assert_eq!(reply.header("x-complete"), "true");
    assert!(reply.text().starts_with("# Page 1"), "{}", reply.text());
}

#[test]
fn latex_arrives_while_the_model_still_writes() {
    let app = exclusive_app();
    let user = app.user();
    // About 1 ms for each byte of the answer: half a second.
    app.gemini.next(wire::Fault::Drip(Duration::from_millis(1)));
    let (content_type, body) = multipart("file", "a.pdf", "application/pdf", &exam());
    let length = body.len().to_string();
    let headers = [
        ("accept", "text/event-stream"),
        ("content-type", content_type.as_str()),
        ("content-length", length.as_str()),
    ];
    let mut connection = Connection::to(user.origin()).unwrap();
    connection.write(user.head("POST", "/ocr", &headers).as_bytes()).unwrap();
    connection.write(&body).unwrap();
    let mut first_latex = None;
    let mut received = Vec::new();
    let start = Instant::now();
    connection
        .read_reply(|piece| {
            received.extend_from_slice(piece);
            if first_latex.is_none() && String::from_utf8_lossy(&received).contains("event: latex") {
                first_latex = Some(start.elapsed());
            }
        })
        .unwrap();
    assert!(String::from_utf8_lossy(&received).contains("event: done"));
    let (first, whole) = (first_latex.expect("some LaTeX"), start.elapsed());
    assert!(first < whole / 2, "the first LaTeX after {first:?} of {whole:?}");
}

#[test]
fn bad_uploads_are_refused_and_cost_nothing() {
    let app = exclusive_app();
    let user = app.user();
    let upload = |file: &[u8]| user.upload(file);
    user.upload_as("", "application/octet-stream", "application/json", b"").expect_problem(400);
    upload(b"").expect_problem(415);
    upload(b"hello, I am a text").expect_problem(415);
    upload(b"x%PDF-1.4 with a byte before it").expect_problem(415);
    upload(b"PK\x03\x04 zip").expect_problem(415);
    upload(&sample::encrypted()).expect_problem(422);
    upload(&sample::damaged()).expect_problem(422);
    let many: Vec<&[&str]> = vec![&["une page"]; 301];
    upload(&sample::pdf(&many)).expect_problem(422);

    let (form, body) = multipart("other", "a.pdf", "application/pdf", &exam());
    user.send("POST", "/ocr", &[("content-type", &form), ("accept", "application/json")], &body)
        .expect_problem(400);
    let (form, mut body) = multipart("file", "a.pdf", "application/pdf", &exam());
    body.truncate(body.len() - 20);
    user.send("POST", "/ocr", &[("content-type", &form), ("accept", "application/json")], &body)
        .expect_problem(400);
    user.send(
        "POST",
        "/ocr",
        &[("content-type", "application/pdf"), ("accept", "application/json")],
        &exam(),
    )
    .expect_problem(415);
    assert_eq!(left(&user), 100);
    assert_eq!(app.gemini.files_left(), 0);
}

#[test]
fn a_scan_is_converted_and_says_what_the_mock_cannot_read() {
    let app = exclusive_app();
    let user = app.user();
    let conversion = user.upload(&sample::scan(3)).expect(200).json();
    assert_eq!(conversion["latex"].as_str().unwrap().matches("sans couche texte").count(), 3);
    assert_eq!(left(&user), 97);
}

#[test]
fn every_failure_of_gemini_has_its_status_and_costs_nothing() {
    let app = exclusive_app();
    let user = app.user();
    for (fault, status) in [
        (Fault::InvalidKey, 502),
        (Fault::PermissionDenied, 502),
        (Fault::FailedPrecondition, 502),
        (Fault::ModelNotFound, 502),
        (Fault::NoPages, 422),
        (Fault::Exhausted(Quota::PerDay, Duration::from_secs(50)), 503),
        (Fault::Exhausted(Quota::PerMinute, Duration::from_secs(58)), 503),
        (Fault::Overloaded, 503),
        (Fault::Blocked("PROHIBITED_CONTENT".into()), 422),
        (wire::Fault::Html.into(), 502),
        (wire::Fault::Redirect("http://127.0.0.1:9/".into()).into(), 502),
        (wire::Fault::InvalidUtf8.into(), 502),
    ] {
        app.gemini.always(fault.clone());
        let reply = user.upload(&exam());
        assert_eq!(reply.status, status, "{fault:?}: {}", reply.text());
        if status == 503 {
            assert!(!reply.header("retry-after").is_empty(), "{fault:?}");
        }
        let problem = reply.expect_problem(status);
        assert!(!problem.to_string().contains("API key"), "{problem}");
        assert_eq!(left(&user), 100, "{fault:?} was charged");
        close_breakers(&app);
    }
    let asked = app.gemini.requests().len();
    app.gemini.always(Fault::from(wire::Fault::Redirect(format!("{}/elsewhere", app.gemini.origin()))));
    user.upload(&exam()).expect_problem(502);
    let paths: Vec<String> = app.gemini.requests()[asked..].iter().map(|sent| sent.uri.to_string()).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| !path.contains("elsewhere")), "{paths:?}");
    close_breakers(&app);
}

#[test]
fn an_overloaded_or_retired_model_is_replaced_by_the_next() {
    let app = exclusive_app();
    let user = app.user();
    for fault in [Fault::Overloaded, Fault::ModelNotFound, Fault::Internal] {
        app.gemini.clear();
        app.gemini.always_for("gemini-3.8-flash", fault.clone());
        let conversion = user.upload(&exam()).expect(200).json();
        assert_eq!(conversion["model"], "gemini-3.7-flash", "{fault:?}");
    }
}

#[test]
fn a_short_retry_delay_is_waited_for() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.next(Fault::Exhausted(Quota::PerMinute, Duration::from_secs(1)));
    let start = Instant::now();
    let conversion = user.upload(&exam()).expect(200).json();
    // A lower bound, which other load on the machine cannot break.
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(app.gemini.generations().len(), 2);
    assert_eq!(conversion["model"], "gemini-3.8-flash");
}

#[test]
fn a_cut_answer_is_continued_without_loss_or_repetition() {
    let app = exclusive_app();
    let user = app.user();
    let whole = user.upload(&exam()).expect(200).json()["latex"].clone();
    app.gemini.next(Fault::FinishAfter(14, "MAX_TOKENS".into()));
    let conversion = user.upload(&exam()).expect(200).json();
    let lines = |text: &Value| -> Vec<String> {
        text.as_str()
            .unwrap()
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lines(&conversion["latex"]), lines(&whole));
    assert_eq!(conversion["complete"], true, "{conversion}");
}

#[test]
fn a_document_that_stays_cut_is_marked_incomplete() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.always(Fault::FinishAfter(2, "MAX_TOKENS".into()));
    let conversion = user.upload(&exam()).expect(200).json();
    assert_eq!(conversion["complete"], false, "{conversion}");
    assert!(!warning_codes(&conversion).is_empty(), "{conversion}");
    let markdown = conversion["markdown"].as_str().unwrap();
    assert!(markdown.starts_with("> **Transcription incomplète"), "{markdown}");
}

#[test]
fn only_the_refused_page_is_missing_and_it_is_named() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.always(Fault::RecitationOnPage(2));
    let conversion = user.upload(&exam()).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    assert!(latex.contains("Exercice 1") && !latex.contains("Conclure."), "{latex}");
    assert_eq!(conversion["complete"], false);
    assert!(conversion["warnings"].to_string().contains('2'), "{conversion}");
}

#[test]
fn chatter_and_fences_are_stripped_and_thoughts_are_left_out() {
    let app = exclusive_app();
    let user = app.user();
    let plain = user.upload(&exam()).expect(200).json()["latex"].clone();
    for fault in [Fault::Fenced, Fault::Thoughts] {
        app.gemini.next(fault.clone());
        let latex = user.upload(&exam()).expect(200).json()["latex"].clone();
        assert_eq!(latex.as_str().unwrap().trim(), plain.as_str().unwrap().trim(), "{fault:?}");
    }
}

#[test]
fn a_loop_of_repetitions_is_flagged() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.always(Fault::Repetition);
    let conversion = user.upload(&exam()).expect(200).json();
    assert!(warning_codes(&conversion).iter().any(|code| code == "loop"), "{conversion}");
}

#[test]
fn dangerous_latex_is_shown_with_a_warning_and_never_as_markup() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.always(Fault::Text(
        "\\documentclass{article}\n\\begin{document}\n\\write18{rm -rf /}</pre><script>alert(1)</script>\n\\end{document}\n"
            .into(),
    ));
    let conversion = user.upload(&exam()).expect(200).json();
    assert!(!warning_codes(&conversion).is_empty(), "{conversion}");
    let markdown = conversion["markdown"].as_str().unwrap();
    let unescaped = markdown.replace("\\<", "");
    assert!(markdown.contains("\\<script>alert(1)") && !unescaped.contains('<'), "{markdown}");
    let page = user.upload_as("<script>alert(2)</script>.pdf", "application/pdf", "text/html", &exam());
    assert!(!page.expect(200).text().contains("<script>alert"));
}

/// The last event of a stream and its data.
fn last_event(stream: &str) -> (String, Value) {
    let last =
        |prefix: &str| stream.lines().rfind(|line| line.starts_with(prefix)).unwrap_or_default().to_owned();
    let data = last("data: ");
    let data = serde_json::from_str(data.trim_start_matches("data: ")).unwrap_or_default();
    (last("event: ").trim_start_matches("event: ").to_owned(), data)
}

#[test]
fn a_stream_that_fails_once_is_continued() {
    let app = exclusive_app();
    let user = app.user();
    let whole = user.upload(&exam()).expect(200).json()["latex"].clone();
    for fault in [Fault::ErrorAfter(9), wire::Fault::Cut(900).into()] {
        app.gemini.next(fault.clone());
        let reply = user.upload_as("a.pdf", "application/pdf", "text/event-stream", &exam()).expect(200);
        let (name, done) = last_event(&reply.text());
        assert_eq!((name.as_str(), &done["complete"]), ("done", &Value::Bool(true)), "{fault:?}: {done}");
        let squeezed = |text: &Value| text.as_str().unwrap().split_whitespace().collect::<String>();
        assert_eq!(squeezed(&done["latex"]), squeezed(&whole), "{fault:?}");
    }
}

#[test]
fn a_stream_that_keeps_failing_ends_with_a_problem_or_says_that_it_is_cut() {
    let app = exclusive_app();
    for (fault, is_problem) in
        [(Fault::ErrorAfter(1), false), (wire::Fault::Cut(10).into(), true), (Fault::ErrorAfter(0), true)]
    {
        let user = app.user();
        app.gemini.always(fault.clone());
        let reply = user.upload_as("a.pdf", "application/pdf", "text/event-stream", &exam());
        let (name, data) = last_event(&reply.text());
        if is_problem {
            assert_eq!(name, "problem", "{fault:?}: {data}");
            assert_eq!(left(&user), 100, "{fault:?}");
        } else {
            assert_eq!(
                (name.as_str(), &data["complete"]),
                ("done", &Value::Bool(false)),
                "{fault:?}: {data}"
            );
        }
    }
}

#[test]
fn a_large_document_goes_through_the_files_api_and_is_deleted_afterwards() {
    let app = exclusive_app();
    let user = app.user();
    let pdf = sample::padded(30_000_000);
    let conversion = user.upload(&pdf).expect(200).json();
    assert!(conversion["latex"].as_str().unwrap().contains("volumineux"), "{conversion}");
    expect_received(&stored_bytes(&app), &pdf);
    assert_eq!(app.gemini.files_left(), 0);
}

#[test]
fn every_byte_of_an_upload_reaches_gemini_also_when_its_length_is_not_announced() {
    let app = exclusive_app();
    let user = app.user();
    for (pdf, chunk_bytes) in [(exam(), 7), (exam(), 100_000), (sample::padded(30_000_000), 65_537)] {
        app.gemini.forget();
        let (content_type, body) = multipart("file", "a.pdf", "application/pdf", &pdf);
        let headers = [
            ("content-type", content_type.as_str()),
            ("accept", "application/json"),
            ("transfer-encoding", "chunked"),
        ];
        user.send("POST", "/ocr", &headers, &http::chunked(&body, chunk_bytes)).expect(200);
        let is_large = pdf.len() > 1_000_000;
        expect_received(&if is_large { stored_bytes(&app) } else { inline_bytes(&app) }, &pdf);
    }
}

#[test]
fn a_file_that_google_cannot_process_is_deleted_and_costs_nothing() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.fail_processing();
    let problem = user.upload(&sample::padded(30_000_000)).expect_problem(422);
    assert_eq!(problem["code"], "unreadable_pdf");
    assert_eq!((app.gemini.files_left(), left(&user)), (0, 100));
}

#[test]
fn an_upload_address_that_points_elsewhere_is_not_followed() {
    let app = exclusive_app();
    let user = app.user();
    let elsewhere = mocks::GeminiMock::start().unwrap();
    app.gemini.upload_elsewhere(elsewhere.origin());
    user.upload(&sample::padded(30_000_000)).expect_problem(502);
    assert!(elsewhere.requests().is_empty(), "the document was sent to a host that is not configured");
    assert_eq!(left(&user), 100);
}

#[test]
fn an_upload_of_50_megabytes_passes_and_a_larger_one_is_refused() {
    let app = exclusive_app();
    let user = app.user();
    let limit = 50 * 1024 * 1024;
    let largest = sample::padded(limit - 4096);
    user.upload(&largest).expect(200);
    expect_received(&stored_bytes(&app), &largest);
    assert_eq!(left(&user), 99);
    user.upload(&sample::padded(limit + 1)).expect_problem(413);
    assert_eq!(left(&user), 99);
}

/// Has `at_once` users at work, and asks for `path` until all have their answers. No answer takes half as long: the work
/// gives way between its steps.
fn expect_answers_during(at_once: usize, path: &str, work: impl Fn(&Client) + Sync) {
    let app = App::start();
    let users: Vec<_> = (0..at_once).map(|_| app.user()).collect();
    let (longest, whole) = thread::scope(|scope| {
        let begun = Instant::now();
        let work = &work;
        let under_way: Vec<_> = users.iter().map(|user| scope.spawn(move || work(user))).collect();
        let stranger = app.client();
        let mut longest = Duration::ZERO;
        while !under_way.iter().all(|work| work.is_finished()) {
            let asked = Instant::now();
            stranger.get_json(path).expect(404);
            longest = longest.max(asked.elapsed());
        }
        for work in under_way {
            work.join().expect("the work");
        }
        (longest, begun.elapsed())
    });
    println!("of {whole:?}, {longest:?} in a row");
    assert!(longest < whole / 2, "of {whole:?}, {longest:?} in a row");
}

/// Checks a long document.
fn checks(units: usize) -> impl Fn(&Client) + Sync {
    let unit = r"\foo \é $a_1$ & ≤ {b} ";
    let document = format!(
        "\\documentclass{{article}}\n\\begin{{document}}\n{}\n\\end{{document}}\n",
        unit.repeat(units)
    );
    let body = serde_json::json!({ "snip": document });
    move |user| {
        // On a busy machine a check may have computed for as long as it may.
        let reply = user.post_json("/ocr/check", &body);
        assert!([200, 503].contains(&reply.status), "{}: {}", reply.status, reply.text());
    }
}

#[test]
fn other_requests_go_on_while_a_long_document_is_checked() {
    expect_answers_during(1, "/ocr/nowhere", checks(50_000));
}

#[test]
fn other_components_answer_while_every_processor_checks_a_document() {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    expect_answers_during(processors, "/llm/nowhere", checks(20_000));
}

/// A PDF of one page with an object stream that inflates to these bytes.
fn inflating(bytes: &[u8]) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(bytes, 9);
    let head = format!(
        "%PDF-1.7\n1 0 obj <</Type /ObjStm /First 0 /Filter /FlateDecode /Length {}>> stream\n",
        packed.len()
    );
    [head.as_bytes(), &packed, b"\nendstream endobj\n2 0 obj <</Type /Page>> endobj\n%%EOF\n"].concat()
}

#[test]
fn other_requests_go_on_while_a_small_pdf_inflates_to_megabytes() {
    let bomb = inflating(&b"1 ".repeat(32 * 1024 * 1024));
    assert!(bomb.len() < 100_000);
    expect_answers_during(1, "/ocr/nowhere", |user| {
        user.upload(&bomb).expect_problem(422);
    });
}

#[test]
fn the_pdfs_of_one_upload_inflate_to_a_bounded_size_together() {
    let app = exclusive_app();
    let user = app.user();
    let spaces = b" ".repeat(6 * 1024 * 1024);
    let asked_about = |pages: usize| {
        user.upload_pages(&vec![inflating(&spaces); pages]).expect_problem(422);
        app.gemini.generations().len()
    };
    // The model finds nothing in them; of the third, whose object stream is not read, nobody knows that it is one page.
    let two = asked_about(2);
    assert!(two > 0);
    assert_eq!(asked_about(3), two);
}
