//! The outcome of a request after its response has begun.
//!
//! When a guest traps while it sends a body, wasmtime-wasi-http ends the body as if it were complete. A client must
//! not mistake half a response for a whole one, so the end of the body is compared with the outcome of the guest, and
//! the connection is aborted after a trap.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

/// Shared by a request's instance and its response body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseOutcome(Arc<AtomicBool>);

impl ResponseOutcome {
    /// Records that the request's instance ended with an error.
    pub(crate) fn fail(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_failed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Whether the response body was dropped, so that the outcome is no longer read.
    pub(crate) fn is_unused(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

const FIRST_PIECE_WAIT: Duration = Duration::from_millis(10);

/// A response body that ends with an error when its instance trapped.
#[derive(Debug)]
pub(crate) struct AbortOnTrapBody {
    first: Option<Result<Frame<Bytes>, Error>>,
    body: WasiBody,
    outcome: ResponseOutcome,
}

impl AbortOnTrapBody {
    /// Waits a moment for the first piece of a body of known length: it then leaves in one write with the head.
    pub(crate) async fn new(mut body: WasiBody, outcome: ResponseOutcome) -> Self {
        let first = match body.size_hint().exact() {
            Some(1..) => timeout(FIRST_PIECE_WAIT, body.frame()).await.ok().flatten(),
            _ => None,
        };
        Self { first, body, outcome }
    }
}

impl Body for AbortOnTrapBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) && self.outcome.has_failed() {
            return Poll::Ready(Some(Err(Error::HttpResponseIncomplete)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream() && !self.outcome.has_failed()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        let first = self
            .first
            .iter()
            .flatten()
            .filter_map(Frame::data_ref)
            .map(|data| data.len() as u64)
            .sum::<u64>();
        match hint.exact() {
            Some(rest) => SizeHint::with_exact(first + rest),
            None => hint,
        }
    }
}
