//! The converter with photographs instead of a PDF.

use atelier_tests::{App, Client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mocks::gemini::{Fault, Quota};
use mocks::sample;
use serde_json::{Value, json};
use std::time::Duration;

use crate::applications::exclusive_app;

const JPEG: &[u8] = include_bytes!("../../../components/ocr/tests/fixtures/photo.jpg");
const PNG: &[u8] = include_bytes!("../../../components/ocr/tests/fixtures/photo.png");
const WEBP: &[u8] = include_bytes!("../../../components/ocr/tests/fixtures/photo.webp");
const HEIC: &[u8] = include_bytes!("../../../components/ocr/tests/fixtures/photo.heic");
const ANIMATED: &[u8] = include_bytes!("../../../components/ocr/tests/fixtures/animated.png");
const JSON: &str = "application/json";

fn left(user: &Client) -> i64 {
    user.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"].as_i64().unwrap()
}

/// A readable JPEG of this many bytes.
fn large(bytes: usize) -> Vec<u8> {
    let mut picture = JPEG.to_vec();
    picture.resize(bytes, 7);
    picture
}

/// The types of the pictures in each question to a model, and their bytes where they are inside it.
fn asked(app: &App) -> Vec<Vec<(String, Vec<u8>)>> {
    let part = |part: &Value| {
        let (inline, file) = (&part["inlineData"], &part["fileData"]);
        let mime = inline["mimeType"].as_str().or(file["mimeType"].as_str())?.to_owned();
        Some((mime, STANDARD.decode(inline["data"].as_str().unwrap_or_default()).unwrap()))
    };
    let parts = |body: &[u8]| {
        let question: Value = serde_json::from_slice(body).unwrap();
        question["contents"][0]["parts"].as_array().unwrap().iter().filter_map(part).collect()
    };
    app.gemini.generations().iter().map(|request| parts(&request.body)).collect()
}

#[test]
fn photographs_become_one_document_in_the_order_in_which_they_were_sent() {
    let app = exclusive_app();
    let user = app.user();
    let files: [(&str, &[u8]); 4] =
        [("Tableau.HEIC", HEIC), ("2.jpg", JPEG), ("1.png", PNG), ("été.webp", WEBP)];
    let conversion = user.upload_all(JSON, &files).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    let at = |mime: &str| latex.find(mime).unwrap_or_else(|| panic!("{mime} in {latex}"));
    assert!(at("image/heic") < at("image/jpeg") && at("image/jpeg") < at("image/png"));
    assert!(at("image/png") < at("image/webp"));
    assert_eq!((&conversion["pages"], &conversion["pages_charged"], left(&user)), (&4.into(), &4.into(), 96));
    assert_eq!(
        (&conversion["file"], &conversion["tex_file"]),
        (&"Tableau.HEIC".into(), &"Tableau.tex".into())
    );
    assert_eq!(conversion["complete"], true, "{conversion}");
    let sent = |mime: &str, bytes: &[u8]| (mime.to_owned(), bytes.to_vec());
    let expected = [
        sent("image/heic", HEIC),
        sent("image/jpeg", JPEG),
        sent("image/png", PNG),
        sent("image/webp", WEBP),
    ];
    assert!(asked(&app) == [expected], "the pictures arrive as they were sent");
}

#[test]
fn the_page_takes_photographs_without_javascript() {
    let app = exclusive_app();
    let user = app.user();
    let page = user.get("/ocr").expect(200).text();
    for expected in
        ["PDF ou photos", "multiple", "image/jpeg,image/png,image/webp,image/heic,image/heif", "20 photos"]
    {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("capture"), "{page}");
    let page = user.upload_all("text/html", &[("été.jpg", JPEG), ("b.png", PNG)]).expect(200).text();
    assert!(page.contains("Photo de type image/png") && page.contains("download=\"été.tex\""), "{page}");
    let refused =
        user.upload_all("text/html", &[("a.jpg", JPEG), ("<b>.pdf", &sample::scan(1))]).expect(422).text();
    assert!(refused.contains("&#60;b&#62;.pdf") && refused.contains("doit être converti seul"), "{refused}");
}

#[test]
fn a_stream_reports_photographs_as_pages() {
    let app = exclusive_app();
    let user = app.user();
    let text = user.upload_all("text/event-stream", &[("a.jpg", JPEG), ("b.webp", WEBP)]).expect(200).text();
    assert!(text.contains("\"pages\":2,\"stage\":\"accepted\""), "{text}");
    assert!(text.contains("event: done"), "{text}");
}

#[test]
fn what_cannot_be_converted_together_or_at_all_is_refused_by_name_and_costs_nothing() {
    let app = exclusive_app();
    let user = app.user();
    let pdf = sample::pdf(&[&["Exercice 1"]]);
    let check = |files: &[(&str, &[u8])], status: u16, code: &str, name: &str| {
        let problem = user.upload_all(JSON, files).expect_problem(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert!(problem["error"].as_str().unwrap().contains(name), "{name} in {problem}");
    };
    check(&[("a.pdf", &pdf), ("b.jpg", JPEG)], 422, "pdf_not_alone", "a.pdf");
    check(&[("b.jpg", JPEG), ("a.pdf", &pdf)], 422, "pdf_not_alone", "a.pdf");
    check(&[("a.pdf", &pdf), ("c.pdf", &pdf)], 422, "pdf_not_alone", "a.pdf");
    check(&[("b.jpg", JPEG), ("c.jpg", b"GIF89a is no photograph")], 415, "not_a_pdf", "c.jpg");
    check(&[("b.jpg", &JPEG[..40]), ("c.jpg", JPEG)], 422, "unreadable_pdf", "b.jpg");
    check(&[("b.jpg", ANIMATED)], 422, "unreadable_pdf", "b.jpg");
    check(&vec![("b.jpg", JPEG); 21], 422, "too_many_pictures", "20");
    assert_eq!((left(&user), app.gemini.requests().len()), (100, 0));
    user.upload_all(JSON, &vec![("b.jpg", JPEG); 20]).expect(200);
    assert_eq!(left(&user), 80);
}

#[test]
fn large_photographs_go_through_the_files_api_and_are_deleted_afterwards() {
    let app = exclusive_app();
    let user = app.user();
    let picture = large(4_900_000);
    let files: Vec<(&str, &[u8])> = vec![("a.jpg", &picture); 10];
    let conversion = user.upload_all(JSON, &files).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    assert_eq!(latex.matches("Photo de type image/jpeg, 4900000 octets").count(), 10, "{latex}");
    assert_eq!((left(&user), app.gemini.files_left()), (90, 0));
    let (first, more) = (large(40 * 1024 * 1024), large(11 * 1024 * 1024));
    user.upload_all(JSON, &[("a.jpg", &first), ("b.jpg", &more)]).expect_problem(413);
    assert_eq!((left(&user), app.gemini.files_left()), (90, 0));
}

#[test]
fn a_photograph_that_is_refused_for_recitation_is_missing_alone() {
    let app = exclusive_app();
    let user = app.user();
    app.gemini.always(Fault::RecitationOnPage(2));
    let files: [(&str, &[u8]); 3] = [("a.jpg", JPEG), ("b.png", PNG), ("c.webp", WEBP)];
    let conversion = user.upload_all(JSON, &files).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    assert!(
        latex.contains("image/jpeg") && latex.contains("image/webp") && !latex.contains("image/png"),
        "{latex}"
    );
    assert_eq!(conversion["complete"], false);
    let each: Vec<usize> = asked(&app).iter().map(Vec::len).collect();
    assert_eq!(each[each.len() - 3..], [1, 1, 1], "each photograph alone: {each:?}");
}

#[test]
fn failures_and_fallbacks_are_those_of_a_pdf() {
    let app = exclusive_app();
    let user = app.user();
    let upload = || user.upload_all(JSON, &[("a.jpg", JPEG), ("b.png", PNG)]);
    app.gemini.always_for("gemini-3.8-flash", Fault::Overloaded);
    assert_eq!(upload().expect(200).json()["model"], "gemini-3.7-flash");
    for (fault, status) in [
        (Fault::NoPages, 422),
        (Fault::Blocked("PROHIBITED_CONTENT".into()), 422),
        (Fault::Exhausted(Quota::PerDay, Duration::from_secs(50)), 503),
    ] {
        app.gemini.always(fault.clone());
        upload().expect_problem(status);
        assert_eq!(left(&user), 98, "{fault:?} was charged");
    }
}

#[test]
fn the_pages_of_a_pdf_that_come_one_by_one_are_asked_about_alone_and_become_one_document() {
    let app = App::start_with(|setup| setup.set("ocr_page_mode", "pages"));
    let user = app.user();
    let pages: Vec<Vec<u8>> =
        (1..=7).map(|page| sample::pdf(&[&[format!("Question {page}.").as_str()]])).collect();
    let conversion = user.upload_pages(&pages).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    assert_eq!(latex.matches("% page ").count(), 7, "{latex}");
    for (page, part) in latex.split("% page ").skip(1).enumerate() {
        assert!(part.contains(&format!("Question {}.", page + 1)), "{latex}");
    }
    assert_eq!(conversion["complete"], true, "{conversion}");
    assert_eq!((&conversion["pages"], &conversion["pages_charged"], left(&user)), (&7.into(), &7.into(), 93));
    let mut sent: Vec<Vec<u8>> = asked(&app).into_iter().flatten().map(|(_, bytes)| bytes).collect();
    sent.sort();
    let mut expected = pages;
    expected.sort();
    assert!(sent == expected, "each page in a question of its own");
    let two = [sample::pdf(&[&["a"], &["b"]])];
    assert_eq!(user.upload_pages(&two).expect(422).json()["code"], "unreadable_pdf");
    assert_eq!(left(&user), 93);
}

#[test]
fn the_rest_of_a_page_that_was_cut_is_asked_for_about_that_page() {
    let app = exclusive_app();
    let user = app.user();
    let lines: Vec<String> = (1..=9).map(|line| format!("Ligne {line} de la page.")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let pages = [sample::pdf(&[&lines]), sample::pdf(&[&lines])];
    // The class, the heading and some lines of each page.
    for lines in [14, 16] {
        app.gemini.next(Fault::FinishAfter(lines, "MAX_TOKENS".into()));
    }
    let conversion = user.upload_pages(&pages).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    for part in latex.split("% page ").skip(1) {
        assert!(lines.iter().all(|line| part.matches(line).count() == 1), "{latex}");
    }
    assert_eq!(latex.matches("\\end{document}").count(), 1, "{latex}");
    assert_eq!((&conversion["complete"], &conversion["warnings"]), (&true.into(), &json!([])));
    assert_eq!((&conversion["pages_charged"], left(&user)), (&2.into(), 98));
    assert_eq!(app.gemini.generations().len(), 4);
    assert!(asked(&app).iter().all(|files| files.len() == 1), "each page in questions of its own");
    // As often as of a whole document, and what has arrived is marked.
    app.gemini.forget();
    app.gemini.next(Fault::FinishAfter(12, "MAX_TOKENS".into()));
    app.gemini.always(Fault::FinishAfter(2, "MAX_TOKENS".into()));
    let one = [sample::pdf(&[&lines])];
    let conversion = user.upload_pages(&one).expect(200).json();
    assert_eq!((&conversion["complete"], app.gemini.generations().len()), (&false.into(), 5));
    assert!(conversion["warnings"].to_string().contains("page_cut"), "{conversion}");
    assert_eq!((&conversion["pages_charged"], left(&user)), (&1.into(), 97));
}

/// How often a model was asked.
fn times_asked(app: &App, model: &str) -> usize {
    let named = format!("/models/{model}:");
    app.gemini.generations().iter().filter(|request| request.uri.path().contains(&named)).count()
}

#[test]
fn a_page_that_a_model_refuses_is_asked_of_the_next_one_and_costs_the_same() {
    let app = exclusive_app();
    let user = app.user();
    let pages: Vec<Vec<u8>> =
        (1..=4).map(|page| sample::pdf(&[&[format!("Question {page}.").as_str()]])).collect();
    let refusal = "Je suis désolé, je ne peux pas transcrire cette page.";
    for (refused, asked) in [
        (Fault::RecitationOnPage(2), 1),
        (Fault::Text(refusal.into()), 4),
        (Fault::Blocked("PROHIBITED_CONTENT".into()), 4),
        (Fault::FinishAfter(0, "STOP".into()), 4),
    ] {
        app.gemini.clear();
        app.gemini.forget();
        app.gemini.always_for("gemini-3.8-flash", refused.clone());
        let before = left(&user);
        let conversion = user.upload_pages(&pages).expect(200).json();
        let latex = conversion["latex"].as_str().unwrap();
        assert!((1..=4).all(|page| latex.contains(&format!("Question {page}."))), "{refused:?}: {latex}");
        let warnings = &conversion["warnings"];
        assert_eq!((&conversion["complete"], &warnings[0]["code"]), (&true.into(), &"other_model".into()));
        assert!(warnings[0]["text"].as_str().unwrap().contains("gemini-3.7-flash"), "{warnings}");
        assert_eq!((&conversion["pages_charged"], left(&user)), (&4.into(), before - 4));
        assert_eq!(times_asked(&app, "gemini-3.8-flash"), 4, "{refused:?}: each page has its own tries");
        assert_eq!(
            (times_asked(&app, "gemini-3.7-flash"), app.gemini.generations().len()),
            (asked, 4 + asked)
        );
    }
}

#[test]
fn of_a_page_that_every_model_refuses_what_they_began_is_delivered_and_marked() {
    let app = exclusive_app();
    let user = app.user();
    let pages = [sample::pdf(&[&["Entière."]]), sample::pdf(&[&["Commencée.", "Jamais lue."]])];
    // The class, the heading and one line of each page; page 2 gets nothing from the others.
    app.gemini.always_for("gemini-3.8-flash", Fault::FinishAfter(13, "RECITATION".into()));
    for other in ["gemini-3.7-flash", "gemini-3.5-flash"] {
        app.gemini.always_for(other, Fault::RecitationOnPage(2));
    }
    let conversion = user.upload_pages(&pages).expect(200).json();
    let latex = conversion["latex"].as_str().unwrap();
    let (first, second) = latex.split_once("% page 2").unwrap();
    assert!(first.contains("Entière.") && !first.contains("interrompue"), "{latex}");
    assert!(second.contains("Commencée.") && second.contains("[Transcription interrompue ici.]"), "{latex}");
    assert!(!latex.contains("Jamais lue.") && conversion["complete"] == false, "{latex}");
    let codes: Vec<&Value> =
        conversion["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["page_cut", "other_model"]);
    assert_eq!((&conversion["pages_charged"], left(&user)), (&2.into(), 98));
    // Where nothing was begun, the page is named, and nothing is paid when there is no other.
    app.gemini.always(Fault::Blocked("SAFETY".into()));
    assert_eq!(user.upload_pages(&pages).expect(422).json()["code"], "refused_by_model");
    assert_eq!(left(&user), 98);
}
