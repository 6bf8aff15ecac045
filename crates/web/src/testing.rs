//! Fakes of this crate's ports for the unit tests of the components. Not part of a guest.

#![expect(clippy::panic, reason = "used by tests only")]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderValue;

use crate::{Clock, IncomingBody, Request, UnixTime};

impl Request {
    /// A request for tests: `Request::test("POST", "/send").with("accept", "…").with_body(…)`.
    #[must_use]
    pub fn test(method: &str, uri: &str) -> Self {
        let mut request = http::Request::new(());
        *request.method_mut() = method.parse().unwrap_or_default();
        *request.uri_mut() = uri.parse().unwrap_or_default();
        let (parts, ()) = request.into_parts();
        Self::new(parts, UnixTime(1_795_000_000), [7; 16], String::new(), &crate::TrustedProxies::default())
    }

    /// Adds a header to a test request.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// Sets the body of a test request.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("content-type", content_type)
    }
}

/// A clock that moves only when something sleeps on it. Clones share the time.
#[derive(Debug, Clone, Default)]
pub struct FakeClock(Rc<Cell<Duration>>);

impl FakeClock {
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for FakeClock {
    fn elapsed(&self) -> Duration {
        self.0.get()
    }

    async fn sleep(&self, wait: Duration) {
        self.advance(wait);
    }

    async fn give_way(&self, _: Duration) {}
}

/// A clock on which no time passes: whoever sleeps on it waits for ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoppedClock;

impl Clock for StoppedClock {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn give_way(&self, _: Duration) {}
}

/// What happens when a [`FakeBody`] is read.
#[derive(Debug, Clone)]
pub enum Arrival {
    Chunk(Bytes),
    /// The connection breaks.
    Error(&'static str),
    /// Nothing more arrives.
    Silence,
}

/// A body that arrives as a test says, and then ends. Clones share what is left of it.
#[derive(Debug, Clone, Default)]
pub struct FakeBody(Rc<RefCell<VecDeque<Arrival>>>);

impl FakeBody {
    #[must_use]
    pub fn new(arrivals: impl IntoIterator<Item = Arrival>) -> Self {
        Self(Rc::new(RefCell::new(arrivals.into_iter().collect())))
    }

    /// The bytes in chunks of at most `size`.
    #[must_use]
    pub fn chunks(bytes: impl Into<Bytes>, size: usize) -> Self {
        let bytes = bytes.into();
        Self::new(bytes.chunks(size).map(|chunk| Arrival::Chunk(bytes.slice_ref(chunk))))
    }

    /// How many arrivals have not been read.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.borrow().len()
    }
}

impl IncomingBody for FakeBody {
    async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        let arrival = self.0.borrow_mut().pop_front();
        match arrival {
            Some(Arrival::Chunk(bytes)) => Ok(Some(bytes)),
            Some(Arrival::Error(cause)) => Err(cause.to_owned()),
            Some(Arrival::Silence) => std::future::pending().await,
            None => Ok(None),
        }
    }
}

/// The result of a future that waits for nothing but the fakes.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending if woken.0.swap(false, Ordering::Relaxed) => {}
            Poll::Pending => panic!("the future waits for something that no fake provides"),
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
