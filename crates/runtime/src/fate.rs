//! What became of a request after its reply began.
//!
//! A guest that traps while it sends a body ends the stream, and wasmtime-wasi-http lets that look like its
//! proper end. The client must not take half an answer for a whole one, so the end is checked against what is
//! known of the instance, and the connection is broken off instead.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

#[derive(Debug, Default)]
pub(crate) struct Fate {
    failed: AtomicBool,
}

impl Fate {
    /// The request's instance ended with an error.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }
}

/// A reply's body whose end is an error when its instance failed.
#[derive(Debug)]
pub(crate) struct HonestBody {
    body: WasiBody,
    fate: Arc<Fate>,
}

impl HonestBody {
    pub(crate) fn new(body: WasiBody, fate: Arc<Fate>) -> Self {
        Self { body, fate }
    }
}

impl Body for HonestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) && self.fate.failed.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(Error::HttpResponseIncomplete)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && !self.fate.failed.load(Ordering::Acquire)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
