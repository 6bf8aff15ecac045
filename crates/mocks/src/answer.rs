//! What a mock sends back: a status, headers, and a body in pieces with a pace.
//!
//! This module knows nothing of the services. A fault is a change made to an answer, so that a slow or cut
//! reply still carries what the service would have said.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::channel::{Channel, Sender};

/// On every reply of a mock, so that a simulated answer is never taken for a real one.
pub const SIMULATED: HeaderName = HeaderName::from_static("x-atelier-simulated");

pub(crate) type Body = Channel<Bytes, CutShort>;

#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Silence before the status line.
    pub(crate) wait: Duration,
    pub(crate) pieces: Vec<Bytes>,
    /// Silence before each piece.
    pub(crate) pace: Duration,
    /// Announced as `content-length`; a body without it is chunked.
    pub(crate) length: Option<usize>,
    pub(crate) end: End,
    /// Counts the clients that leave before the end.
    pub(crate) abandoned: Option<Arc<AtomicUsize>>,
}

/// What happens to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// It is dropped after the last piece, before the announced end.
    Cut,
    /// The peer sees a TCP reset instead of a status line.
    Reset,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = Some(body.len());
        let mut answer = Self::stream(content_type, vec![body], Duration::ZERO);
        (answer.status, answer.length) = (status, length);
        answer
    }

    /// A chunked body whose pieces follow each other at `pace`.
    pub(crate) fn stream(content_type: &'static str, pieces: Vec<Bytes>, pace: Duration) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self {
            status: StatusCode::OK,
            headers,
            wait: Duration::ZERO,
            pieces,
            pace,
            length: None,
            end: End::Whole,
            abandoned: None,
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The whole body, as a client that waits for the end would read it.
    pub(crate) fn body(&self) -> Bytes {
        self.pieces.concat().into()
    }

    /// Turns the answer into a hyper response; a task of its own feeds the body.
    pub(crate) fn into_response(self) -> Response<Body> {
        let (sender, body) = Channel::new(1);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(SIMULATED, HeaderValue::from_static("true"));
        if let Some(length) = self.length {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        tokio::spawn(feed(sender, self.pieces, self.pace, self.end, self.abandoned));
        response
    }
}

/// Sends the pieces at their pace and stops as soon as the client has disconnected.
async fn feed(
    mut sender: Sender<Bytes, CutShort>,
    pieces: Vec<Bytes>,
    pace: Duration,
    end: End,
    abandoned: Option<Arc<AtomicUsize>>,
) {
    for piece in pieces {
        if !pace.is_zero() {
            tokio::time::sleep(pace).await;
        }
        if !piece.is_empty() && sender.send_data(piece).await.is_err() {
            abandoned.inspect(|count| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            return;
        }
    }
    if end == End::Cut {
        // hyper drops the connection when the body fails; the pause lets what came before leave first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        sender.abort(CutShort);
    }
}

/// The error that makes hyper abandon a reply.
#[derive(Debug)]
pub(crate) struct CutShort;

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mock cuts its reply, as scripted")
    }
}

impl std::error::Error for CutShort {}
