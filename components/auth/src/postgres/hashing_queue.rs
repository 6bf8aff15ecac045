//! The requests of one instance that wait for a turn to hash. The first asks the database for a turn and hands it to the
//! next: the instance has the memory of its last hash still, so while it computes theirs no other needs as much.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use web::{Place, Queue};

/// How long after it was taken a turn is handed on. Then another instance may have it.
const HANDED_ON_MAX: Duration = Duration::from_secs(5);

/// One for each running instance of the component.
pub struct HashingQueue {
    instance: [u8; 16],
    queue: Queue,
    handed_on: Mutex<Option<HashingTurn>>,
}

/// The right to compute hashes, one after the other: a row of `hashing_turns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HashingTurn {
    pub(super) number: i64,
    /// By the clock of [`Database::elapsed`](super::Database::elapsed).
    pub(super) taken: Duration,
}

impl HashingQueue {
    /// `instance` names the running instance of the component among all that use the database.
    #[must_use]
    pub const fn new(instance: [u8; 16]) -> Self {
        Self { instance, queue: Queue::new(), handed_on: Mutex::new(None) }
    }

    pub(super) const fn instance(&self) -> &[u8; 16] {
        &self.instance
    }

    pub(super) fn join(&self) -> Place<'_> {
        self.queue.join()
    }

    /// The turn that the request before has handed on. It may have been too long ago, and is to be ended then.
    pub(super) fn handed_on(&self) -> Option<HashingTurn> {
        self.turn().take()
    }

    /// Leaves the queue and hands the turn to the next who waits, or returns it, to be ended.
    pub(super) fn hand_on(&self, place: Place<'_>, turn: HashingTurn, now: Duration) -> Option<HashingTurn> {
        let nobody_waits = place.is_last();
        drop(place);
        if nobody_waits || !turn.may_be_handed_on(now) {
            return Some(turn);
        }
        *self.turn() = Some(turn);
        None
    }

    fn turn(&self) -> MutexGuard<'_, Option<HashingTurn>> {
        self.handed_on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HashingTurn {
    pub(super) fn may_be_handed_on(self, now: Duration) -> bool {
        now.saturating_sub(self.taken) < HANDED_ON_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: HashingTurn = HashingTurn { number: 3, taken: Duration::from_secs(100) };
    const SOON: Duration = Duration::from_secs(101);
    const LATE: Duration = Duration::from_secs(105);

    #[test]
    fn a_turn_goes_to_the_next_who_waits() {
        let queue = HashingQueue::new([1; 16]);
        let (first, second) = (queue.join(), queue.join());
        assert_eq!(queue.handed_on(), None);
        assert_eq!(queue.hand_on(first, TURN, SOON), None);
        assert_eq!((second.ahead(), queue.handed_on()), (0, Some(TURN)));
        assert_eq!(queue.handed_on(), None);
        assert_eq!(queue.hand_on(second, TURN, SOON), Some(TURN), "nobody waits: it is to be ended");
    }

    #[test]
    fn a_turn_is_not_handed_on_for_ever() {
        let queue = HashingQueue::new([1; 16]);
        let (first, _second) = (queue.join(), queue.join());
        assert_eq!(queue.hand_on(first, TURN, LATE), Some(TURN));
    }
}
