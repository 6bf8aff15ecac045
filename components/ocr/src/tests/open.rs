//! Who is let in, and what the pages say.

use bytes::Bytes;
use http::StatusCode;
use latex::Finding;
use session::{Client, User};
use web::outbound::{Limits, Outbound, SendError};
use web::{Lang, Reply, Request};

use super::fakes::settings;
use crate::convert::Conversion;
use crate::error::Failure;
use crate::open::{Opened, open};
use crate::page;
use crate::upload::{FileName, Malformed};

/// Auth, answering the same to everybody.
struct Auth(u16);

impl Outbound for Auth {
    async fn send(&self, _: http::Request<Bytes>, _: Limits) -> Result<http::Response<Bytes>, SendError> {
        let reply = http::Response::builder()
            .status(self.0)
            .header("x-user-id", "7")
            .header("x-user-name", "L%C3%A9a");
        reply.body(Bytes::new()).map_err(|error| SendError::Cut(error.to_string()))
    }
}

async fn opened(auth: u16, request: &Request) -> Opened {
    open(request, &Client::new(Auth(auth), "http://auth".into(), "k".into()), Ok(settings())).await
}

fn reply(auth: u16, request: &Request) -> Reply {
    match super::fakes::run(opened(auth, request)) {
        Opened::Reply(reply) => reply,
        Opened::Convert { .. } => panic!("would have read the upload"),
    }
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.whole().unwrap().to_vec()).unwrap()
}

fn user() -> User {
    User { id: "7".into(), name: "Léa".into() }
}

fn conversion() -> Conversion {
    Conversion {
        latex: "\\documentclass{article} </textarea><script>".into(),
        markdown: "# </textarea><script>".into(),
        pages: Some(2),
        pages_charged: 2,
        warnings: vec![Finding::Cut.into()],
        model: "m".into(),
        simulated: true,
        file: FileName::parse("Énoncé.pdf"),
    }
}

#[test]
fn who_is_not_signed_in_uploads_nothing() {
    let post = |accept: &str| Request::test("POST", "/ocr").with("accept", accept).with("host", "h");
    for request in [Request::test("GET", "/ocr").with("accept", "text/html"), post("text/html")] {
        let reply = reply(401, &request);
        assert_eq!(
            (reply.status, reply.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/auth?next=/ocr")
        );
    }
    for accept in ["application/json", "text/event-stream", "application/x-tex", "text/markdown"] {
        let reply = reply(401, &post(accept));
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{accept}");
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{accept}");
    }
    assert_eq!(reply(500, &post("application/json")).status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn another_site_may_not_upload() {
    let request = Request::test("POST", "/ocr").with("sec-fetch-site", "cross-site");
    assert_eq!(reply(204, &request).status, StatusCode::FORBIDDEN);
}

#[test]
fn a_signed_in_user_is_let_through_to_the_upload() {
    let opened = super::fakes::run(opened(204, &Request::test("POST", "/ocr/")));
    assert!(matches!(opened, Opened::Convert { user: found, .. } if found == user()));
}

#[test]
fn a_missing_variable_is_named() {
    for method in ["GET", "POST"] {
        let request = Request::test(method, "/ocr");
        let auth = Client::new(Auth(204), "http://auth".into(), "k".into());
        let Opened::Reply(reply) = super::fakes::run(open(&request, &auth, Err("gemini_ai_api_key"))) else {
            panic!("went on without a key");
        };
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{method}");
        assert!(text(&reply).contains("gemini_ai_api_key"), "{method}");
    }
}

#[test]
fn other_paths_and_methods_are_told_so() {
    assert_eq!(reply(204, &Request::test("GET", "/ocr/nothing")).status, StatusCode::NOT_FOUND);
    let wrong = reply(204, &Request::test("PUT", "/ocr"));
    assert_eq!(
        (wrong.status, wrong.headers["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, POST")
    );
    for asset in page::ASSETS {
        assert_eq!(reply(401, &Request::test("GET", &asset.href("/ocr"))).status, StatusCode::OK);
    }
}

#[test]
fn the_form_says_its_limits_in_both_languages() {
    let mut request = Request::test("GET", "/ocr");
    let french = text(&page::form(&request, &user()));
    assert!(
        french.contains("50\u{a0}Mo max., 300 pages max.")
            && french.contains("Google")
            && french.contains("Léa"),
        "{french}"
    );
    request.context.lang = Lang::En;
    let english = text(&page::form(&request, &user()));
    assert!(
        english.contains("50\u{a0}MB max., 300 pages max.") && english.contains("personal data"),
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
fn a_document_is_shown_as_text_and_told_to_be_cut_and_simulated() {
    let reply = page::converted(&Request::test("POST", "/ocr"), &user(), &conversion());
    let page = text(&reply);
    assert!(!page.contains("</textarea><script>"), "{page}");
    assert!(page.contains("id=\"incomplete\"><p>") && page.contains("id=\"simulated\"><p>"), "{page}");
    assert!(page.contains("Il manque") || page.contains("il manque la suite"), "{page}");
    assert!(page.contains("download=\"Enonce.tex\"") && page.contains("data:application/x-tex;base64,"));
    assert!(
        page.contains("download=\"Enonce.md\"") && page.contains("data:text/markdown;charset=utf-8;base64,")
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
    let failure = Failure::Malformed(Malformed::NoFile);
    let html = page::failed(&Request::test("POST", "/ocr").with("accept", "text/html"), &user(), &failure);
    assert_eq!(html.status, StatusCode::BAD_REQUEST);
    assert!(text(&html).contains("Aucun fichier sélectionné") && text(&html).contains("id=\"convert\""));
    let stream =
        page::failed(&Request::test("POST", "/ocr").with("accept", "text/event-stream"), &user(), &failure);
    assert_eq!(stream.headers["content-type"], "application/problem+json");
    let event = page::problem(&Request::test("POST", "/ocr"), &failure);
    assert!(event.starts_with(b"event: problem\ndata: {"));
}
