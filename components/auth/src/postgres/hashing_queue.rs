//! The requests of one instance that wait for a turn to hash, in the order of their arrival. The first asks the database
//! for a turn and hands it to the next: the instance has the memory of its last hash still, so while it computes theirs
//! no other needs as much.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long after it was taken a turn is handed on. Then another instance may have it.
const HANDED_ON_MAX: Duration = Duration::from_secs(5);

/// One for each running instance of the component.
pub struct HashingQueue {
    instance: [u8; 16],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    places_given: u64,
    waiting: VecDeque<u64>,
    handed_on: Option<HashingTurn>,
}

/// The right to compute hashes, one after the other: a row of `hashing_turns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HashingTurn {
    pub(super) number: i64,
    /// By the clock of [`Database::elapsed`](super::Database::elapsed).
    pub(super) taken: Duration,
}

/// The place of one request, which is left when the request ends in any way.
pub(super) struct Place<'a> {
    queue: &'a HashingQueue,
    number: u64,
}

impl HashingQueue {
    /// `instance` names the running instance of the component among all that use the database.
    #[must_use]
    pub fn new(instance: [u8; 16]) -> Self {
        Self { instance, state: Mutex::default() }
    }

    pub(super) const fn instance(&self) -> &[u8; 16] {
        &self.instance
    }

    pub(super) fn join(&self) -> Place<'_> {
        let mut state = self.state();
        state.places_given += 1;
        let number = state.places_given;
        state.waiting.push_back(number);
        Place { queue: self, number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// How many requests of the instance come before this one.
    pub(super) fn ahead(&self) -> u32 {
        let state = self.queue.state();
        let ahead = state.waiting.iter().take_while(|number| **number != self.number).count();
        u32::try_from(ahead).unwrap_or(u32::MAX)
    }

    /// The turn that the request before has handed on, unless it was too long ago.
    pub(super) fn handed_on(&self, now: Duration) -> Option<HashingTurn> {
        self.queue.state().handed_on.take().filter(|turn| turn.may_be_handed_on(now))
    }

    /// Leaves the queue and hands the turn to the next who waits, or returns it, to be ended.
    pub(super) fn hand_on(self, turn: HashingTurn, now: Duration) -> Option<HashingTurn> {
        let mut state = self.queue.state();
        let others_wait = state.waiting.len() > 1;
        if others_wait && turn.may_be_handed_on(now) {
            state.handed_on = Some(turn);
            return None;
        }
        Some(turn)
    }
}

impl HashingTurn {
    fn may_be_handed_on(self, now: Duration) -> bool {
        now.saturating_sub(self.taken) < HANDED_ON_MAX
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.state().waiting.retain(|number| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: HashingTurn = HashingTurn { number: 3, taken: Duration::from_secs(100) };
    const SOON: Duration = Duration::from_secs(101);
    const LATE: Duration = Duration::from_secs(105);

    #[test]
    fn a_turn_goes_to_those_who_wait_in_the_order_of_their_arrival() {
        let queue = HashingQueue::new([1; 16]);
        let (first, second, third) = (queue.join(), queue.join(), queue.join());
        assert_eq!((first.ahead(), second.ahead(), third.ahead()), (0, 1, 2));
        assert_eq!(first.handed_on(SOON), None);
        assert_eq!(first.hand_on(TURN, SOON), None);
        assert_eq!((second.ahead(), third.ahead()), (0, 1));
        assert_eq!(second.handed_on(SOON), Some(TURN));
        drop(second);
        assert_eq!((third.ahead(), third.handed_on(SOON)), (0, None));
        assert_eq!(third.hand_on(TURN, SOON), Some(TURN), "nobody waits: it is to be ended");
        assert_eq!(queue.join().ahead(), 0);
    }

    #[test]
    fn a_turn_is_not_handed_on_for_ever() {
        let queue = HashingQueue::new([1; 16]);
        let (first, second) = (queue.join(), queue.join());
        assert_eq!(first.hand_on(TURN, LATE), Some(TURN));
        assert_eq!(queue.join().hand_on(TURN, SOON), None);
        assert_eq!(second.handed_on(LATE), None, "the database may have given it to another instance");
    }
}
