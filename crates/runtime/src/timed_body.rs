//! A response body with a limit on the time between two of its frames.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::{Error, WasiBody};

#[derive(Debug)]
pub(crate) struct TimedBody {
    /// Dropped when the limit is exceeded, which closes the connection.
    body: Option<WasiBody>,
    pause_max: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    #[must_use]
    pub(crate) fn new(body: WasiBody, pause_max: Duration) -> Self {
        Self { body: Some(body), pause_max, timer: None }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            this.timer = None;
            return Poll::Ready(frame);
        }
        let limit = this.pause_max;
        ready!(this.timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
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
