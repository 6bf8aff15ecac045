//! Gemini, the clock, the quota and the upload, as a test wants them.

#![expect(unreachable_pub, reason = "shared by the test modules only")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use serde_json::{Value, json};
use session::Denied;
use web::outbound::SendError;

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::payload::Payload;
use crate::gemini::settings::{Settings, Variables};
use crate::ports::{Answer, Body, BodyError, Edge, Gone};
use crate::upload::Upload;

/// What Gemini was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What Gemini answers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    chunks: VecDeque<Result<Bytes, SendError>>,
    refused: Option<SendError>,
    /// How long it takes until the status line.
    takes: Duration,
}

impl Reply {
    pub fn new(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let chunks = VecDeque::from([Ok(Bytes::from(body.to_owned()))]);
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            chunks,
            refused: None,
            takes: Duration::ZERO,
        }
    }

    /// A stream with these texts, each its own event, cut into odd chunks.
    pub fn stream(texts: &[&str], finish: &str) -> Self {
        let mut events = String::new();
        for text in texts {
            events += &format!(
                "data: {}\r\n\r\n",
                json!({"candidates": [{"content": {"parts": [{"text": text}]}}]})
            );
        }
        if !finish.is_empty() {
            events += &format!(
                "data: {}\n\n",
                json!({"candidates": [{"finishReason": finish}], "modelVersion": "m-version"})
            );
        }
        let mut reply =
            Self::new(200, &[("content-type", "text/event-stream"), ("x-atelier-simulated", "true")], "");
        reply.chunks = events.as_bytes().chunks(23).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        reply
    }

    pub fn error(status: u16, body: &Value) -> Self {
        Self::new(status, &[("content-type", "application/json")], &json!({ "error": body }).to_string())
    }

    pub fn refused(error: SendError) -> Self {
        Self { refused: Some(error), ..Self::new(200, &[], "") }
    }

    /// The connection breaks after what was said.
    pub fn then(mut self, error: SendError) -> Self {
        self.chunks.push_back(Err(error));
        self
    }

    /// More of the body.
    pub fn also(mut self, body: &str) -> Self {
        self.chunks.push_back(Ok(Bytes::from(body.to_owned())));
        self
    }

    pub fn after(mut self, seconds: u64) -> Self {
        self.takes = Duration::from_secs(seconds);
        self
    }

    pub fn started() -> Self {
        Self::new(
            200,
            &[("x-goog-upload-url", "https://g.example/up?id=1"), ("x-goog-upload-status", "active")],
            "",
        )
    }

    pub fn stored(state: &str) -> Self {
        let file = json!({"file": {"name": "files/abc", "uri": "https://g.example/v1beta/files/abc", "state": state}});
        Self::new(200, &[("x-goog-upload-status", "final")], &file.to_string())
    }

    pub fn ok() -> Self {
        Self::new(200, &[], "{}")
    }
}

pub struct FakeAnswer(Reply);

impl Answer for FakeAnswer {
    fn status(&self) -> StatusCode {
        self.0.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    async fn chunk(&mut self, _limit: Duration) -> Result<Option<Bytes>, SendError> {
        self.0.chunks.pop_front().transpose()
    }
}

pub struct FakeEdge {
    pub left: Cell<u32>,
    replies: RefCell<VecDeque<Reply>>,
    pub sent: RefCell<Vec<Sent>>,
    pub told: RefCell<Vec<Event>>,
    /// The user leaves when told this many things.
    pub patience: Cell<usize>,
    now: Cell<Duration>,
    pub slept: RefCell<Vec<Duration>>,
}

impl FakeEdge {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            left: Cell::new(100),
            replies: RefCell::new(replies.into_iter().collect()),
            sent: RefCell::default(),
            told: RefCell::default(),
            patience: Cell::new(usize::MAX),
            now: Cell::new(Duration::from_secs(1000)),
            slept: RefCell::default(),
        }
    }

    pub fn requests(&self) -> Vec<String> {
        self.sent
            .borrow()
            .iter()
            .map(|sent| format!("{} {}", sent.method, sent.uri.replace("https://g.example", "")))
            .collect()
    }

    pub fn questions(&self) -> Vec<String> {
        let sent = self.sent.borrow();
        let asked = sent.iter().filter(|sent| sent.uri.contains("streamGenerateContent"));
        asked
            .map(|sent| sent.json()["contents"][0]["parts"][1]["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn all_replies_used(&self) -> bool {
        self.replies.borrow().is_empty()
    }
}

impl Edge for FakeEdge {
    type Answer = FakeAnswer;

    async fn spend(&self, pages: u32) -> Result<(), Denied> {
        match self.left.get().checked_sub(pages) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Denied::Exhausted { left: self.left.get(), retry_after_seconds: 60 }),
        }
    }

    async fn refund(&self, pages: u32) {
        self.left.set(self.left.get() + pages);
    }

    async fn send(&self, request: Request<Payload>, limit: Duration) -> Result<FakeAnswer, SendError> {
        let (parts, payload) = request.into_parts();
        let body = payload.collect::<Vec<_>>().concat();
        let sent = Sent { method: parts.method, uri: parts.uri.to_string(), headers: parts.headers, body };
        self.sent.borrow_mut().push(sent);
        let reply = self.replies.borrow_mut().pop_front().expect("a request that no reply was prepared for");
        self.now.set(self.now.get() + reply.takes.min(limit));
        if reply.takes > limit {
            return Err(SendError::TimedOut("fake".into()));
        }
        match reply.refused {
            Some(error) => Err(error),
            None => Ok(FakeAnswer(reply)),
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Gone> {
        let mut told = self.told.borrow_mut();
        told.push(event);
        if told.len() > self.patience.get() { Err(Gone) } else { Ok(()) }
    }

    async fn sleep(&self, wait: Duration) {
        self.slept.borrow_mut().push(wait);
        self.now.set(self.now.get() + wait);
    }

    fn elapsed(&self) -> Duration {
        self.now.get()
    }

    fn jitter(&self) -> u8 {
        0
    }
}

/// Gives its bytes in chunks of a size and can break off at the end.
pub struct FakeBody {
    pub bytes: Bytes,
    pub size: usize,
    pub breaks: bool,
}

impl Body for FakeBody {
    async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.bytes.is_empty() {
            return if self.breaks { Err(BodyError::Broken("fake".into())) } else { Ok(None) };
        }
        Ok(Some(self.bytes.split_to(self.size.min(self.bytes.len()))))
    }
}

pub fn settings() -> Settings {
    Settings::parse(&Variables {
        gemini_ai_api_key: "key".into(),
        gemini_model: "m-1".into(),
        gemini_fallback_models: "m-2".into(),
        gemini_origin: "https://g.example".into(),
    })
    .unwrap()
}

/// The body a browser would send for this file.
pub fn form(name: &str, file: &[u8]) -> Vec<u8> {
    let mut body = format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n").into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--B--\r\n");
    body
}

pub fn upload(body: Vec<u8>) -> Upload<FakeBody> {
    Upload {
        content_type: "multipart/form-data; boundary=B".into(),
        content_length: Some(body.len() as u64),
        body: FakeBody { bytes: body.into(), size: 16 * 1024, breaks: false },
    }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn convert(edge: &FakeEdge, upload: Upload<FakeBody>) -> Result<crate::convert::Conversion, Failure> {
    run(crate::convert::convert(edge, &settings(), upload))
}
