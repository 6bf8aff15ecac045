//! Requests from edge to edge: who is admitted, what is reserved and settled, and the replies, whole and as a stream.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::join;
use http::StatusCode;
use web::files::Folder;
use web::log::Outcome;
use web::outbound::{Limits, Outbound, SendError, StreamingOutbound};
use web::testing::{FakeBody, FakeClock, StoppedClock, run};
use web::{BodyReader, Clock, Reply, ReplyBody, Request};

use super::fake_gemini::{self, FakeGemini, FakeResponse};
use super::fakes::{form, variables};
use super::samples::{EXAM, LATEX};
use crate::app::{Ports, Random};
use crate::page;
use crate::settings::Settings;

/// Auth, which knows the session or answers with another status, and grants every reservation; and Gemini.
#[derive(Clone)]
pub(super) struct Network {
    verify: u16,
    reserve: u16,
    settle: u16,
    gemini: Rc<FakeGemini>,
    /// The paths and bodies that auth was sent.
    pub(super) auth: Rc<RefCell<Vec<(String, String)>>>,
}

impl Network {
    pub(super) fn new(verify: u16, replies: impl IntoIterator<Item = fake_gemini::Reply>) -> Self {
        Self {
            verify,
            reserve: 201,
            settle: 204,
            gemini: Rc::new(FakeGemini::new(replies)),
            auth: Rc::default(),
        }
    }
}

impl Outbound for Network {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: Limits,
    ) -> Result<http::Response<Bytes>, SendError> {
        let path = request.uri().path().to_owned();
        let (status, body) = match path.rsplit('/').next().unwrap() {
            "verify" => (self.verify, String::new()),
            "home" if self.verify == 204 => {
                let quota = r#"{"left":99,"limit":100}"#;
                (
                    200,
                    format!(
                        r#"{{"user":{{"id":"7","name":"Léa"}},"quotas":{{"llm":{quota},"ocr":{quota}}}}}"#
                    ),
                )
            }
            "home" => (self.verify, String::new()),
            "settle" => (self.settle, String::new()),
            "extend" => (200, r#"{"left":90,"limit":100}"#.to_owned()),
            _ => {
                let id = "01".repeat(16);
                (
                    self.reserve,
                    format!(r#"{{"state":"reserved","reservation_id":"{id}","left":99,"limit":100}}"#),
                )
            }
        };
        self.auth.borrow_mut().push((path, String::from_utf8(request.into_body().to_vec()).unwrap()));
        let reply = http::Response::builder().status(status);
        let reply =
            reply.header("x-user-id", "7").header("x-user-name", "L%C3%A9a").header("retry-after", "30");
        Ok(reply.body(body.into()).unwrap())
    }
}

impl StreamingOutbound for Network {
    type Response = FakeResponse;

    async fn send_streaming<B>(
        &self,
        request: http::Request<B>,
        limits: Limits,
    ) -> Result<FakeResponse, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static,
    {
        self.gemini.answer(request, limits.total).await.1
    }
}

pub(super) async fn handle<C: Clock + Clone + 'static>(
    network: Network,
    clock: C,
    settings: Settings,
    (request, body): (Request, FakeBody),
) -> Reply {
    let body = BodyReader::new(body, clock.clone(), &request);
    let ports = Ports { network, clock, pdfjs: Folder::new("/nowhere") };
    crate::handle(request, body, ports, settings, Random::from_bytes([0])).await
}

/// The reply to a request without a body.
fn reply(verify: u16, request: &Request) -> Reply {
    let exchange = (request.clone(), FakeBody::default());
    run(handle(Network::new(verify, []), FakeClock::default(), Settings::parse(variables()), exchange))
}

/// An upload of the exam, and its body.
pub(super) fn post(accept: &str) -> (Request, FakeBody) {
    let request = Request::test("POST", "/ocr")
        .with("accept", accept)
        .with("content-type", "multipart/form-data; boundary=B")
        .with("host", "h")
        .with("origin", "http://h");
    (request, FakeBody::chunks(form("Énoncé.pdf", EXAM), 1000))
}

/// The reply to an upload that asks for events, the text of its body, and what the log says.
pub(super) fn stream(network: &Network, settings: Settings) -> (StatusCode, String, Outcome) {
    let reply = run(handle(network.clone(), StoppedClock, settings, post("text/event-stream")));
    let (status, outcome) = (reply.status, reply.outcome());
    match reply.body {
        ReplyBody::Whole(bytes) => (status, String::from_utf8(bytes.to_vec()).unwrap(), outcome),
        ReplyBody::Stream(body) => {
            let (chunks, work) = body.start(StoppedClock);
            let (chunks, outcome) = run(join(chunks.collect::<Vec<_>>(), work));
            (status, String::from_utf8(chunks.concat()).unwrap(), outcome)
        }
    }
}

pub(super) fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.whole().unwrap().to_vec()).unwrap()
}

#[test]
fn without_a_session_nothing_is_uploaded() {
    let get = (Request::test("GET", "/ocr").with("accept", "text/html"), FakeBody::default());
    for (request, body) in [get, post("text/html")] {
        let network = Network::new(401, []);
        let reply =
            run(handle(network, FakeClock::default(), Settings::parse(variables()), (request, body.clone())));
        assert_eq!(
            (reply.status, reply.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/auth?next=/ocr")
        );
        assert_eq!(body.left(), 0, "the refused body is drained");
    }
    for accept in ["application/json", "text/event-stream", "application/x-tex", "text/markdown"] {
        let reply = reply(401, &post(accept).0);
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{accept}");
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{accept}");
    }
    assert_eq!(reply(500, &post("application/json").0).status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn an_open_circuit_is_503_in_every_form_before_anything_is_read_or_settled() {
    for accept in ["text/html", "application/json", "text/event-stream", "application/x-tex"] {
        let mut network = Network::new(204, []);
        network.reserve = 424;
        let (request, body) = post(accept);
        let settings = Settings::parse(variables());
        let reply = run(handle(network.clone(), FakeClock::default(), settings, (request, body.clone())));
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{accept}");
        assert_eq!(reply.headers["retry-after"], "30", "{accept}");
        assert!(text(&reply).contains("30\u{a0}s"), "{accept}");
        assert_eq!((network.auth.borrow().len(), body.left()), (2, 0), "{accept}: verified, denied, drained");
    }
}

#[test]
fn another_site_may_not_upload() {
    let request = Request::test("POST", "/ocr").with("sec-fetch-site", "cross-site");
    assert_eq!(reply(204, &request).status, StatusCode::FORBIDDEN);
}

#[test]
fn a_missing_variable_is_named() {
    for (method, accept) in [("GET", "text/html"), ("POST", "text/html"), ("POST", "text/event-stream")] {
        let (request, body) = post(accept);
        let request =
            Request { method: method.parse().unwrap(), ..request }.with("transfer-encoding", "chunked");
        let settings = crate::settings::Variables { gemini_ai_api_key: "".into(), ..variables() };
        let network = Network::new(204, []);
        let reply =
            run(handle(network, FakeClock::default(), Settings::parse(settings), (request, body.clone())));
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{method}");
        assert!(text(&reply).contains("gemini_ai_api_key"), "{method}");
        assert_eq!(body.left(), 0, "{method}: the body is drained");
    }
}

#[test]
fn other_paths_and_methods_are_refused() {
    assert_eq!(reply(204, &Request::test("GET", "/ocr/nothing")).status, StatusCode::NOT_FOUND);
    let wrong = reply(204, &Request::test("PUT", "/ocr"));
    assert_eq!(
        (wrong.status, wrong.headers["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, POST")
    );
    let signed_in =
        Request::test("GET", "/ocr/nothing").with("cookie", "session=a").with("accept", "text/html");
    let page = text(&reply(204, &signed_in));
    assert!(page.contains("Léa") && page.contains("action=\"/logout\""), "{page}");
    for asset in page::ASSETS {
        assert_eq!(reply(401, &Request::test("GET", &asset.href("/ocr"))).status, StatusCode::OK);
    }
}

#[test]
fn an_upload_is_reserved_extended_and_settled_as_delivered() {
    let network = Network::new(204, [fake_gemini::Reply::stream(&[LATEX], "STOP")]);
    let settings = Settings::parse(variables());
    let reply = run(handle(network.clone(), FakeClock::default(), settings, post("application/x-tex")));
    assert_eq!((reply.status, text(&reply).as_str(), reply.cause.as_deref()), (StatusCode::OK, LATEX, None));
    let path = |id: &str| format!("/auth/internal/reservations{id}");
    let id = format!("/{}", "01".repeat(16));
    let expected = [
        ("/auth/verify".to_owned(), String::new()),
        (path(""), r#"{"service":"ocr","amount":1}"#.to_owned()),
        (path(&format!("{id}/extend")), r#"{"service":"ocr","amount":2}"#.to_owned()),
        (path(&format!("{id}/settle")), r#"{"outcome":"delivered"}"#.to_owned()),
    ];
    assert_eq!(*network.auth.borrow(), expected);
}

#[test]
fn a_failed_settlement_does_not_cost_the_user_the_document() {
    for accept in ["application/x-tex", "text/event-stream"] {
        let mut network = Network::new(204, [fake_gemini::Reply::stream(&[LATEX], "STOP")]);
        network.settle = 503;
        let cause = if accept == "text/event-stream" {
            let (status, body, outcome) = stream(&network, Settings::parse(variables()));
            assert!(status == StatusCode::OK && body.contains("event: done"), "{body}");
            outcome.cause
        } else {
            let settings = Settings::parse(variables());
            let reply = run(handle(network, FakeClock::default(), settings, post(accept)));
            assert_eq!((reply.status, text(&reply).as_str()), (StatusCode::OK, LATEX));
            reply.cause
        };
        assert!(cause.unwrap().contains("settlement failed"), "{accept}");
    }
}

#[test]
fn the_first_event_decides_the_status_of_a_stream() {
    let settings = || Settings::parse(variables());
    // A refusal before the first event is a whole reply with its status.
    let refused = Network { gemini: Rc::default(), ..Network::new(204, []) };
    let bad = run(handle(
        refused,
        StoppedClock,
        settings(),
        (post("text/event-stream").0, FakeBody::chunks(form("a.pdf", b"PK\x03\x04"), 1000)),
    ));
    assert_eq!(bad.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(bad.headers["content-type"], "application/problem+json");
    // A failure after it is the last event, and the outcome in the log.
    let error = fake_gemini::Reply::error(403, &serde_json::json!({"code": 403, "message": "no"}));
    let failed = Network::new(204, [error]);
    let (status, body, outcome) = stream(&failed, settings());
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("\"stage\":\"accepted\"") && body.contains("event: problem\n"), "{body}");
    assert!(!body.contains("event: done"), "{body}");
    assert_eq!(outcome.status, StatusCode::BAD_GATEWAY);
    let settled = failed.auth.borrow().last().unwrap().1.clone();
    assert_eq!(settled, r#"{"outcome":"not_delivered","reason":"upstream_failed","upstream_called":false}"#);
}

#[test]
fn a_stream_ends_with_the_document() {
    let network =
        Network::new(204, [fake_gemini::Reply::stream(&["\\documentclass{article}", "\n"], "STOP")]);
    let (status, body, outcome) = stream(&network, Settings::parse(variables()));
    assert_eq!((status, outcome.status, outcome.cause), (StatusCode::OK, StatusCode::OK, None));
    let names: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names.first(), Some(&"progress"));
    assert_eq!(names.iter().filter(|name| matches!(**name, "done" | "problem")).count(), 1);
    assert_eq!(names.last(), Some(&"done"));
}

#[test]
fn a_client_that_disconnects_ends_the_conversion_and_pays_nothing() {
    let texts: Vec<String> = (0..100).map(|number| format!("ligne {number}\n")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let network = Network::new(204, [fake_gemini::Reply::stream(&texts, "STOP")]);
    let settings = Settings::parse(variables());
    let reply = run(handle(network.clone(), StoppedClock, settings, post("text/event-stream")));
    let ReplyBody::Stream(body) = reply.body else { panic!("not a stream") };
    let (chunks, work) = body.start(StoppedClock);
    drop(chunks);
    assert_eq!(run(work).status, StatusCode::BAD_REQUEST);
    let settled = network.auth.borrow().last().unwrap().1.clone();
    assert_eq!(settled, r#"{"outcome":"not_delivered","reason":"other","upstream_called":true}"#);
}
