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
    first: Option<Frame<Bytes>>,
    /// The body has ended: whether it was as long as announced is for hyper to find.
    has_ended: bool,
    body: WasiBody,
    outcome: ResponseOutcome,
}

impl AbortOnTrapBody {
    /// Waits a moment for the first piece of a body of known length: it then leaves in one write with the head.
    ///
    /// # Errors
    /// When the body fails before its first piece.
    pub(crate) async fn new(mut body: WasiBody, outcome: ResponseOutcome) -> Result<Self, Error> {
        let first = match body.size_hint().exact() {
            Some(1..) => timeout(FIRST_PIECE_WAIT, body.frame()).await,
            _ => return Ok(Self { first: None, has_ended: false, body, outcome }),
        };
        let has_ended = matches!(first, Ok(None));
        Ok(Self { first: first.ok().flatten().transpose()?, has_ended, body, outcome })
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
            return Poll::Ready(Some(Ok(first)));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) && self.outcome.has_failed() {
            return Poll::Ready(Some(Err(Error::HttpResponseIncomplete)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && !self.has_ended && self.body.is_end_stream() && !self.outcome.has_failed()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        match (self.first.as_ref().and_then(Frame::data_ref), hint.exact()) {
            (Some(first), Some(rest)) => SizeHint::with_exact(first.len() as u64 + rest),
            _ => hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A body that announces a length and then gives these pieces; `None` is an error.
    struct Announced(u64, VecDeque<Poll<Option<&'static str>>>);

    impl Body for Announced {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            let Some(piece) = self.1.pop_front() else { return Poll::Ready(None) };
            piece.map(|text| {
                self.0 -= text.map_or(0, |text| text.len() as u64);
                Some(text.map(|text| Frame::data(text.into())).ok_or(Error::HttpProtocolError))
            })
        }

        fn is_end_stream(&self) -> bool {
            self.1.is_empty()
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0)
        }
    }

    async fn body(length: u64, pieces: &[Poll<Option<&'static str>>]) -> Result<AbortOnTrapBody, Error> {
        let pieces = pieces.iter().copied().collect::<VecDeque<_>>();
        AbortOnTrapBody::new(Announced(length, pieces).boxed_unsync(), ResponseOutcome::default()).await
    }

    #[tokio::test]
    async fn the_first_piece_is_there_before_the_head_and_nothing_is_lost() {
        for pieces in [
            &[Poll::Ready(Some("ab")), Poll::Ready(Some("c"))][..],
            &[Poll::Pending, Poll::Ready(Some("ab")), Poll::Ready(Some("c"))],
        ] {
            let body = body(3, pieces).await.unwrap();
            assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(3), false));
            assert_eq!(body.collect().await.unwrap().to_bytes(), "abc");
        }
    }

    #[tokio::test]
    async fn a_body_that_ends_too_soon_is_not_taken_for_an_empty_one() {
        let mut short = body(3, &[]).await.unwrap();
        assert_eq!((short.size_hint().exact(), short.is_end_stream()), (Some(3), false));
        assert!(short.frame().await.is_none());
        assert!(body(3, &[Poll::Ready(None)]).await.is_err());
    }
}
