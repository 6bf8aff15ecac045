//! A reply's body that gives up when the other side pauses for too long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::{Error, WasiBody};

#[derive(Debug)]
pub(crate) struct TimedBody {
    /// Gone once the pause was too long, so that the connection closes at once.
    body: Option<WasiBody>,
    pause_max: Duration,
    pausing: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    #[must_use]
    pub(crate) fn new(body: WasiBody, pause_max: Duration) -> Self {
        Self { body: Some(body), pause_max, pausing: None }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            this.pausing = None;
            return Poll::Ready(frame);
        }
        let limit = this.pause_max;
        ready!(this.pausing.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        this.body = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
