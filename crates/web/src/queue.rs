//! The order of the requests of one instance that wait for the same thing.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// First come, first served. The requests of an instance run on one thread and cannot wake one another: who waits looks
/// again. It holds places and nothing of a request.
#[derive(Debug, Default)]
pub struct Queue(Mutex<VecDeque<u32>>);

/// The place of one request, which is left when the request ends in any way.
#[derive(Debug)]
pub struct Place<'a> {
    queue: &'a Queue,
    number: u32,
}

impl Queue {
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The last place.
    pub fn join(&self) -> Place<'_> {
        let mut numbers = self.numbers();
        let number = numbers.back().map_or(0, |last| last.wrapping_add(1));
        numbers.push_back(number);
        Place { queue: self, number }
    }

    fn numbers(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// How many come before.
    #[must_use]
    pub fn ahead(&self) -> u32 {
        (0..)
            .zip(self.queue.numbers().iter())
            .find(|(_, number)| **number == self.number)
            .map_or(0, |(ahead, _)| ahead)
    }

    /// Whether anybody comes after.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.queue.numbers().back() == Some(&self.number)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.numbers().retain(|number| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_is_first_and_who_leaves_is_not_waited_for() {
        let queue = Queue::new();
        let (first, second, third) = (queue.join(), queue.join(), queue.join());
        assert_eq!((first.ahead(), second.ahead(), third.ahead()), (0, 1, 2));
        assert_eq!((second.is_last(), third.is_last()), (false, true));
        drop(second);
        assert_eq!((first.ahead(), third.ahead()), (0, 1));
        drop(first);
        let fourth = queue.join();
        assert_eq!((third.ahead(), fourth.ahead()), (0, 1));
        drop(third);
        assert_eq!((fourth.ahead(), fourth.is_last()), (0, true));
        drop(fourth);
        assert_eq!(queue.join().ahead(), 0);
    }
}
