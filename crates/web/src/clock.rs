//! Time as a port: [`crate::spin::HostClock`] at the edge, [`crate::testing::FakeClock`] in tests.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};

/// A monotonic clock.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Clock {
    /// The time since some fixed moment.
    fn elapsed(&self) -> Duration;
    async fn sleep(&self, wait: Duration);
    /// Between two steps of long work: the instance's other requests go on. A fake has none.
    async fn give_way(&self) {}
}

/// Waits for `future`, at most `limit`.
pub async fn within<T>(clock: &impl Clock, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(clock.sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}
