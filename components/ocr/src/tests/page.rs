//! What the pages and the other formats show.

use auth_api::{Quota, User};
use http::StatusCode;
use latex::Finding;
use latex::markdown::Document;
use web::{Lang, Request};

use super::handle::text;
use crate::conversion::Conversion;
use crate::error::Failure;
use crate::page;
use crate::upload::{FileName, Malformed, UploadError};

fn user() -> User {
    User { id: "7".into(), name: "Léa".into() }
}

fn conversion() -> Conversion {
    Conversion {
        latex: "\\documentclass{article} </textarea><script>".into(),
        markdown: "# </textarea><script>".into(),
        document: Document::from_latex(
            "\\section{</div><script>} $a<b$ \\begin{itemize}\\item x\\end{itemize}",
            true,
        ),
        figures: Vec::new(),
        pages: Some(2),
        pages_charged: 2,
        compiles: None,
        warnings: vec![Finding::Cut.into()],
        model: "m".into(),
        simulated: true,
        file: FileName::parse("Énoncé.pdf"),
    }
}

#[test]
fn the_form_says_its_limits_in_both_languages() {
    let mut request = Request::test("GET", "/ocr");
    let french = text(&page::form(&request, &user(), Some(Quota { left: 48, limit: 100 }), false));
    assert!(
        french.contains("300 pages max.")
            && french.contains("50\u{a0}Mo max.")
            && french.contains("20 photos au plus")
            && french.contains("Google")
            && french.contains("48&nbsp;/&nbsp;100")
            && french.contains("Léa"),
        "{french}"
    );
    request.context.lang = Lang::En;
    let english = text(&page::form(&request, &user(), Some(Quota { left: 48, limit: 100 }), true));
    assert!(
        english.contains("300 pages max.")
            && english.contains("50\u{a0}MB max.")
            && english.contains("personal data"),
        "{english}"
    );
    for page in [french, english] {
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick"),
            "inline code"
        );
    }
}

#[test]
fn a_document_is_shown_as_text_and_marked_as_cut_and_simulated() {
    let reply = page::converted(&Request::test("POST", "/ocr"), &user(), &conversion());
    let page = text(&reply);
    assert!(!page.contains("</textarea><script>"), "{page}");
    assert!(page.contains("id=\"incomplete\"><p>") && page.contains("id=\"simulated\"><p>"), "{page}");
    assert!(page.contains("il manque la suite"), "{page}");
    assert!(page.contains("<h3>&#60;/div&#62;&#60;script&#62;</h3>"), "{page}");
    assert!(page.contains("<math display=\"inline\"><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>"), "{page}");
    assert!(page.contains("download=\"Énoncé.tex\"") && page.contains("data:application/x-tex;base64,"));
    assert!(
        page.contains("download=\"Énoncé.md\"") && page.contains("data:text/markdown;charset=utf-8;base64,")
    );
    assert!(page.contains("id=\"markdown-pane\">"), "{page}");
    let policy =
        web::finish(reply, &Request::test("POST", "/ocr").context).headers["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.contains("frame-src blob:") && policy.contains("https://www.overleaf.com"), "{policy}");
}

#[test]
fn the_other_forms_carry_the_same_document() {
    let request = |accept: &str| Request::test("POST", "/ocr").with("accept", accept);
    let json = page::converted(&request("application/json"), &user(), &conversion());
    let body: serde_json::Value = serde_json::from_slice(json.body.whole().unwrap()).unwrap();
    assert_eq!(
        (&body["latex"], &body["complete"], &body["pages"]),
        (&conversion().latex.into(), &false.into(), &2.into())
    );
    assert_eq!(body["warnings"][0]["code"], "cut");
    assert!(body["request_id"].is_string() && body["simulated"] == true && body["model"] == "m");
    let tex = page::converted(&request("application/x-tex"), &user(), &conversion());
    assert_eq!(tex.body.whole().unwrap(), conversion().latex.as_bytes());
    assert_eq!(tex.headers["x-complete"], "false");
    assert!(
        tex.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"Enonce.tex\"")
    );
    assert_eq!(
        (&body["markdown"], &body["markdown_file"]),
        (&conversion().markdown.into(), &"Enonce.md".into())
    );
    let markdown = page::converted(&request("text/markdown"), &user(), &conversion());
    assert_eq!(
        (markdown.body.whole().unwrap(), &markdown.headers["x-complete"]),
        (&conversion().markdown.into(), &"false".parse().unwrap())
    );
    assert!(markdown.headers["content-disposition"].to_str().unwrap().contains("Enonce.md"));
    let done = page::done(&request("text/event-stream"), &conversion());
    assert!(done.starts_with(b"event: done\ndata: {") && done.ends_with(b"}\n\n"));
}

#[test]
fn a_failure_is_the_form_again_or_a_problem() {
    let failure = Failure::Upload(UploadError::Malformed(Malformed::NoFile));
    let html = page::failed(&Request::test("POST", "/ocr").with("accept", "text/html"), &user(), &failure);
    assert_eq!(html.status, StatusCode::BAD_REQUEST);
    assert!(text(&html).contains("Aucun fichier sélectionné") && text(&html).contains("id=\"convert\""));
    let stream =
        page::failed(&Request::test("POST", "/ocr").with("accept", "text/event-stream"), &user(), &failure);
    assert_eq!(stream.headers["content-type"], "application/problem+json");
    let event = page::problem(&Request::test("POST", "/ocr"), &failure);
    assert!(event.starts_with(b"event: problem\ndata: {"));
}
