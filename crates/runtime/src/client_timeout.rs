//! For how long a connection has waited for its client.
//!
//! It waits while it has no whole request, and while a response is not read. While a guest works on a request it does
//! not wait, however long that takes. This is the same for HTTP/1.1 and HTTP/2, whose own timeouts in hyper cover only
//! the head of an HTTP/1.1 request. An upload that stops ends in `timed_body`, so that the guest can still answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::sleep;
use wasmtime_wasi_http::{Error, WasiBody};

/// A connection without a request may be closed for a new one after this time.
const IDLE_MIN: Duration = Duration::from_secs(1);

/// What happens on one connection.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    requests: usize,
    /// The requests on which a guest works.
    working: usize,
    /// When the client last became the one to act.
    since: Instant,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { requests: 0, working: 0, since: Instant::now() })))
    }

    /// Resolves once the client has been waited for as long as `limit`, or less without a request when `slot_wanted`
    /// says that another connection needs the place.
    pub(crate) async fn timed_out(&self, limit: Duration, slot_wanted: &Notify) {
        loop {
            let Some(rest) = limit.checked_sub(self.waited()).filter(|rest| !rest.is_zero()) else { return };
            tokio::select! {
                () = sleep(rest) => {}
                () = slot_wanted.notified() => {
                    if self.state().requests == 0 && self.waited() >= IDLE_MIN {
                        return;
                    }
                }
            }
        }
    }

    fn waited(&self) -> Duration {
        let state = self.state();
        if state.working == 0 { state.since.elapsed() } else { Duration::ZERO }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request and its response. A guest works on it from the start.
#[derive(Debug)]
pub(crate) struct Exchange {
    activity: Arc<Activity>,
    is_working: bool,
}

impl Exchange {
    pub(crate) fn new(activity: Arc<Activity>) -> Self {
        let mut state = activity.state();
        state.requests += 1;
        state.working += 1;
        drop(state);
        Self { activity, is_working: true }
    }

    fn set_working(&mut self, is_working: bool) {
        let mut state = self.activity.state();
        state.working = state.working + usize::from(is_working) - usize::from(self.is_working);
        state.since = Instant::now();
        self.is_working = is_working;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.set_working(false);
        self.activity.state().requests -= 1;
    }
}

/// A response body. The guest works while it has no frame; with each frame it is the client's turn to read.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    body: WasiBody,
    exchange: Exchange,
}

impl ResponseBody {
    pub(crate) fn new(body: WasiBody, mut exchange: Exchange) -> Self {
        exchange.set_working(false);
        Self { body, exchange }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.exchange.set_working(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
