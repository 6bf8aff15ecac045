//! The outcome of a request after its response has begun.
//!
//! When a guest traps while it sends a body, wasmtime-wasi-http ends the body as if it were complete. A client must
//! not mistake half a response for a whole one, so the end of the body is compared with the outcome of the guest, and
//! the connection is aborted after a trap.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
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

/// A response body that ends with an error when its instance trapped.
#[derive(Debug)]
pub(crate) struct AbortOnTrapBody {
    body: WasiBody,
    outcome: ResponseOutcome,
}

impl AbortOnTrapBody {
    pub(crate) fn new(body: WasiBody, outcome: ResponseOutcome) -> Self {
        Self { body, outcome }
    }
}

impl Body for AbortOnTrapBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) && self.outcome.has_failed() {
            return Poll::Ready(Some(Err(Error::HttpResponseIncomplete)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && !self.outcome.has_failed()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
