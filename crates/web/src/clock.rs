//! Time as a port: [`crate::spin::HostClock`] at the edge, [`crate::testing::FakeClock`] in tests.

use std::{cell::Cell, future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};

/// A monotonic clock.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Clock {
    /// The time since some fixed moment.
    fn elapsed(&self) -> Duration;
    async fn sleep(&self, wait: Duration);
    /// Between two steps of long work, the last of which has computed for so long: others go on for as long.
    async fn give_way(&self, computed: Duration);
}

/// Long work of one request, in steps. No host interrupts a guest for other requests to its instance, so the work gives
/// way to them between its steps; what it has computed by then is held to a limit.
#[derive(Debug)]
pub struct Work<'a, C> {
    clock: &'a C,
    limit: Duration,
    /// Waiting for others is not counted.
    computed: Cell<Duration>,
    since: Cell<Duration>,
}

/// What is computed in a row at least.
const STEP_MIN: Duration = Duration::from_millis(10);

/// Work has computed for longer than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl<'a, C: Clock> Work<'a, C> {
    /// Begins now.
    pub fn new(clock: &'a C, limit: Duration) -> Self {
        Self { clock, limit, computed: Cell::new(Duration::ZERO), since: Cell::new(clock.elapsed()) }
    }

    /// Between two steps, which only compute.
    ///
    /// # Errors
    /// [`TooLong`]: the work is to end.
    pub async fn give_way(&self) -> Result<(), TooLong> {
        let step = self.clock.elapsed().saturating_sub(self.since.get());
        // A short piece of work does not wait behind the steps of long ones.
        if step < STEP_MIN {
            return Ok(());
        }
        let computed = self.computed.get() + step;
        if computed > self.limit {
            return Err(TooLong);
        }
        self.computed.set(computed);
        self.clock.give_way(step).await;
        self.since.set(self.clock.elapsed());
        Ok(())
    }
}

/// Waits for `future`, at most `limit`.
pub async fn within<T>(clock: &impl Clock, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(clock.sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}
