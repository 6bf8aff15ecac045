//! Ends the connections of clients that keep the server waiting.
//!
//! A connection waits for its client while it has no request, and while each of its requests waits for the rest of its
//! upload or for the client to read the response. Its end does not depend on the protocol: HTTP/1.1 and HTTP/2 requests
//! that never become complete, idle connections, uploads that stop and responses that are not read have one limit.
//! While a guest works on a request, there is none here.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::{Error, WasiBody};

/// What happens on one connection.
#[derive(Debug)]
pub(crate) struct Activity {
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    requests: usize,
    /// The requests that do not wait for the client.
    working: usize,
    /// When the connection last began or continued to wait for the client.
    since: Instant,
}

impl Activity {
    pub(crate) fn new(limit: Duration) -> Arc<Self> {
        let state = State { requests: 0, working: 0, since: Instant::now() };
        Arc::new(Self { limit, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that were received or sent. Without a request they do not count, so that a client cannot send the head of
    /// a request for ever.
    fn bytes_moved(&self) {
        let mut state = self.state();
        if state.requests > 0 {
            state.since = Instant::now();
        }
    }

    /// When to end the connection; `None` while a guest works.
    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        (state.working == 0).then(|| state.since + self.limit)
    }
}

/// One request with its response. Until it is dropped, the connection has a request.
#[derive(Debug)]
pub(crate) struct Exchange {
    activity: Arc<Activity>,
    waits_for_upload: AtomicBool,
    waits_for_reader: AtomicBool,
}

impl Exchange {
    pub(crate) fn new(activity: Arc<Activity>) -> Arc<Self> {
        let mut state = activity.state();
        state.requests += 1;
        state.working += 1;
        drop(state);
        Arc::new(Self { activity, waits_for_upload: false.into(), waits_for_reader: false.into() })
    }

    fn waits_for_client(&self) -> bool {
        self.waits_for_upload.load(Ordering::Relaxed) || self.waits_for_reader.load(Ordering::Relaxed)
    }

    fn set(&self, flag: &AtomicBool, waits: bool) {
        if flag.load(Ordering::Relaxed) == waits {
            return;
        }
        let mut state = self.activity.state();
        let before = self.waits_for_client();
        flag.store(waits, Ordering::Relaxed);
        match (before, self.waits_for_client()) {
            (false, true) => state.working -= 1,
            (true, false) => state.working += 1,
            _ => {}
        }
        state.since = Instant::now();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.requests -= 1;
        state.working -= usize::from(!self.waits_for_client());
        state.since = Instant::now();
    }
}

/// The body of a request or response, which reports whether it waits for the client.
#[derive(Debug)]
pub(crate) struct WatchedBody {
    body: WasiBody,
    exchange: Arc<Exchange>,
    is_upload: bool,
}

impl WatchedBody {
    pub(crate) fn upload(body: WasiBody, exchange: Arc<Exchange>) -> Self {
        Self { body, exchange, is_upload: true }
    }

    pub(crate) fn response(body: WasiBody, exchange: Arc<Exchange>) -> Self {
        exchange.set(&exchange.waits_for_reader, true);
        Self { body, exchange, is_upload: false }
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let exchange = &self.exchange;
        match self.is_upload {
            true => exchange.set(&exchange.waits_for_upload, frame.is_pending()),
            false => exchange.set(&exchange.waits_for_reader, frame.is_ready()),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        if self.is_upload {
            self.exchange.set(&self.exchange.waits_for_upload, false);
        }
    }
}

/// A connection that fails with `TimedOut` when its client has kept it waiting for too long.
#[derive(Debug)]
pub(crate) struct TimedStream {
    stream: TcpStream,
    activity: Arc<Activity>,
    timer: Pin<Box<Sleep>>,
}

impl TimedStream {
    pub(crate) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        let timer = Box::pin(sleep(activity.limit));
        Self { stream, activity, timer }
    }

    /// Checks the limit after an operation. The timer wakes the connection's task for the next check.
    fn checked<T>(&mut self, cx: &mut Context<'_>, operation: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if operation.is_ready() {
            self.activity.bytes_moved();
            return operation;
        }
        loop {
            let deadline = self.activity.deadline();
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let next = deadline.unwrap_or_else(|| Instant::now() + self.activity.limit);
            if self.timer.deadline() != next && (deadline.is_some() || self.timer.is_elapsed()) {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.checked(cx, read)
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.checked(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.checked(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
