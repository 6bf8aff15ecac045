//! A fake of Gemini that answers what a test prepared.

#![expect(unreachable_pub, reason = "shared by the test modules only")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use serde_json::{Value, json};
use web::outbound::{SendError, StreamingResponse};

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
    /// How many requests must have been sent before it.
    waits_for: usize,
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
            waits_for: 0,
        }
    }

    /// A stream with these texts, one event each, cut into chunks of 23 bytes.
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

    /// Says first how many tokens the document took.
    pub fn reading(mut self, modality: &str, tokens: u64) -> Self {
        let details =
            json!([{"modality": "TEXT", "tokenCount": 900}, {"modality": modality, "tokenCount": tokens}]);
        let usage =
            json!({"usageMetadata": {"promptTokenCount": tokens + 900, "promptTokensDetails": details}});
        self.chunks.push_front(Ok(Bytes::from(format!("data: {usage}\n\n"))));
        self
    }

    pub fn error(status: u16, body: &Value) -> Self {
        Self::new(status, &[("content-type", "application/json")], &json!({ "error": body }).to_string())
    }

    pub fn refused(error: SendError) -> Self {
        Self { refused: Some(error), ..Self::new(200, &[], "") }
    }

    /// The connection breaks after the body so far.
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

    /// Only when this many requests have been sent.
    pub fn when_sent(mut self, requests: usize) -> Self {
        self.waits_for = requests;
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

/// A response of Gemini.
pub struct FakeResponse(Reply);

impl StreamingResponse for FakeResponse {
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

/// Gemini, answering what was prepared, in order.
#[derive(Default)]
pub struct FakeGemini {
    pub replies: RefCell<VecDeque<Reply>>,
    pub sent: RefCell<Vec<Sent>>,
}

impl FakeGemini {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: RefCell::new(replies.into_iter().collect()), sent: RefCell::default() }
    }

    /// The response, and how long it took.
    pub async fn answer<B: Iterator<Item = Bytes>>(
        &self,
        request: Request<B>,
        limit: Duration,
    ) -> (Duration, Result<FakeResponse, SendError>) {
        let (parts, body) = request.into_parts();
        let body = body.collect::<Vec<_>>().concat();
        let sent = Sent { method: parts.method, uri: parts.uri.to_string(), headers: parts.headers, body };
        self.sent.borrow_mut().push(sent);
        let reply = self.replies.borrow_mut().pop_front().expect("a request that no reply was prepared for");
        let mut polls = 0;
        std::future::poll_fn(|context| {
            if self.sent.borrow().len() >= reply.waits_for {
                return Poll::Ready(());
            }
            polls += 1;
            assert!(polls < 100, "only {} requests at the same time", self.sent.borrow().len());
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let result = match reply.refused {
            _ if reply.takes > limit => Err(SendError::TimedOut("fake".into())),
            Some(error) => Err(error),
            None => Ok(FakeResponse(reply.clone())),
        };
        (reply.takes.min(limit), result)
    }
}
