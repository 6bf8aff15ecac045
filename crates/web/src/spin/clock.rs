//! The host's clocks.

use std::{cell::Cell, future::Future, time::Duration};

use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};

use crate::{Clock, Queue, UnixTime};

/// The host's monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

impl Clock for HostClock {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    async fn sleep(&self, wait: Duration) {
        spin_sdk::time::sleep(wait).await;
    }

    async fn give_way(&self, computed: Duration) {
        // After a yield Spin goes on at once: its threads, one for each processor, look for other requests only when they
        // wait, so as many guests as there are processors would keep everybody out until they end.
        let rests_until = self.elapsed() + computed.max(PAUSE_MIN);
        RESTS_UNTIL.set(RESTS_UNTIL.get().max(rests_until));
        let place = LONG_WORK.join();
        loop {
            let rest = RESTS_UNTIL.get().saturating_sub(self.elapsed());
            match rest.max(LOOK_EVERY * place.ahead()) {
                Duration::ZERO => return,
                wait => self.sleep(wait).await,
            }
        }
    }
}

const PAUSE_MIN: Duration = Duration::from_millis(1);
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// The long work of an instance: one step at a time.
static LONG_WORK: Queue = Queue::new();

thread_local! {
    /// After each step nobody computes for as long.
    static RESTS_UNTIL: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The wall clock.
#[must_use]
pub fn now() -> UnixTime {
    UnixTime(system_clock::now().seconds)
}

/// Waits for `future`, at most `limit`, on the host's clock.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    crate::within(&HostClock, limit, future).await
}
