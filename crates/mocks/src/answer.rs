//! What a mock sends back: a status, headers, and a body in frames with a pace.
//!
//! This module knows nothing of Make.com or Gemini. A fault is a change made to an answer, so that a
//! slow, cut or compressed reply still carries what the upstream would have said.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use tokio::sync::mpsc;

/// On every reply of a mock, so that nobody takes a simulated answer for a real one.
pub const SIMULATED: HeaderName = HeaderName::from_static("x-atelier-simulated");

/// One piece of a body and the time to wait before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) wait: Duration,
    pub(crate) bytes: Bytes,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// The connection is dropped before the announced end.
    Cut,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Silence before the status line.
    pub(crate) wait: Duration,
    pub(crate) pieces: Vec<Piece>,
    /// Announced as `content-length`; a body without it is chunked.
    pub(crate) length: Option<usize>,
    pub(crate) ending: Ending,
}

/// What happens to a connection after a request was read.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    /// The peer sees a TCP reset instead of a status line, after this long.
    Reset(Duration),
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let bytes = body.into();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            wait: Duration::ZERO,
            length: Some(bytes.len()),
            pieces: vec![Piece { wait: Duration::ZERO, bytes }],
            ending: Ending::Whole,
        }
    }

    /// A chunked body whose pieces follow each other at `pace`.
    pub(crate) fn stream(
        content_type: &'static str,
        pieces: impl IntoIterator<Item = Bytes>,
        pace: Duration,
    ) -> Self {
        let mut answer = Self::new(StatusCode::OK, content_type, Bytes::new());
        answer.length = None;
        answer.pieces = pieces.into_iter().map(|bytes| Piece { wait: pace, bytes }).collect();
        answer
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The whole body, as a client that waits for the end would read it.
    pub(crate) fn body(&self) -> Bytes {
        self.pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect::<Vec<u8>>().into()
    }

    /// Turns the answer into a hyper response; the body is fed by a task of its own.
    pub(crate) fn into_response(self) -> Response<PacedBody> {
        let (sender, receiver) = mpsc::channel(1);
        let mut response = Response::new(PacedBody { receiver });
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(SIMULATED, HeaderValue::from_static("true"));
        if let Some(length) = self.length {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        tokio::spawn(feed(sender, self.pieces, self.ending));
        response
    }
}

/// Sends the pieces at their pace and stops as soon as the client has gone.
async fn feed(sender: mpsc::Sender<Result<Bytes, CutShort>>, pieces: Vec<Piece>, ending: Ending) {
    for piece in pieces {
        if !piece.wait.is_zero() {
            tokio::time::sleep(piece.wait).await;
        }
        if !piece.bytes.is_empty() && sender.send(Ok(piece.bytes)).await.is_err() {
            return;
        }
    }
    if ending == Ending::Cut {
        // hyper drops the connection when the body fails; the pause lets what came before leave first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let _ = sender.send(Err(CutShort)).await;
    }
}

/// A response body fed through a channel.
#[derive(Debug)]
pub(crate) struct PacedBody {
    receiver: mpsc::Receiver<Result<Bytes, CutShort>>,
}

/// The error that makes hyper abandon a body half-way.
#[derive(Debug)]
pub(crate) struct CutShort;

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mock cuts its reply, as scripted")
    }
}

impl std::error::Error for CutShort {}

impl From<Infallible> for CutShort {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        self.receiver.poll_recv(context).map(|next| next.map(|piece| piece.map(Frame::data)))
    }
}
