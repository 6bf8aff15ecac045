//! The host's clock.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use spin_sdk::wasip3::clocks::monotonic_clock;

use crate::Clock;

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
        let turn = Turn::after(self.elapsed() + computed.max(PAUSE_MIN));
        loop {
            match turn.wait(self.elapsed()) {
                Duration::ZERO => return,
                wait => self.sleep(wait).await,
            }
        }
    }
}

const PAUSE_MIN: Duration = Duration::from_millis(1);
/// A request cannot wake another one: who waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// The long work of an instance, which has one thread: one step at a time, first come first served, and after each nobody
/// computes for as long. Says nothing about a request.
struct Turns {
    queue: VecDeque<u32>,
    rests_until: Duration,
}

thread_local! {
    static TURNS: RefCell<Turns> = const { RefCell::new(Turns { queue: VecDeque::new(), rests_until: Duration::ZERO }) };
}

/// A place in the queue; dropping it leaves.
struct Turn(u32);

impl Turn {
    /// The last place. Nobody computes before this time.
    fn after(time: Duration) -> Self {
        TURNS.with_borrow_mut(|turns| {
            turns.rests_until = turns.rests_until.max(time);
            let number = turns.queue.back().map_or(0, |last| last.wrapping_add(1));
            turns.queue.push_back(number);
            Self(number)
        })
    }

    fn wait(&self, now: Duration) -> Duration {
        TURNS.with_borrow(|turns| {
            let before = turns.queue.front().map_or(0, |first| self.0.wrapping_sub(*first));
            turns.rests_until.saturating_sub(now).max(LOOK_EVERY * before)
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURNS.with_borrow_mut(|turns| turns.queue.retain(|number| *number != self.0));
    }
}

/// Waits for `future`, at most `limit`, on the host's clock.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    crate::within(&HostClock, limit, polled_again(future)).await
}

/// Wakes the executor once more after the first poll of `future`.
///
/// Sending a request spawns the task that writes its body. wit-bindgen's executor (0.57) first polls such a task when
/// something wakes it after the turn it was spawned in; with another spawned task waiting, nothing does, and the body
/// would never be written.
async fn polled_again<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut woken = false;
    poll_fn(move |context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() && !std::mem::replace(&mut woken, true) {
            context.waker().wake_by_ref();
        }
        polled
    })
    .await
}
