//! The script of a mock: what to do with the next requests, and from now on.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Faults to play: first the queue, one per request, then the standing one, then normal behaviour.
#[derive(Debug)]
pub struct Script<F> {
    state: Mutex<(VecDeque<F>, Option<F>)>,
}

impl<F> Default for Script<F> {
    fn default() -> Self {
        Self { state: Mutex::new((VecDeque::new(), None)) }
    }
}

impl<F: Clone> Script<F> {
    pub(crate) fn next(&self, fault: F) {
        self.state().0.push_back(fault);
    }

    pub(crate) fn always(&self, fault: F) {
        self.state().1 = Some(fault);
    }

    pub(crate) fn clear(&self) {
        *self.state() = (VecDeque::new(), None);
    }

    /// What the request that has just arrived meets; `None` is normal behaviour.
    pub(crate) fn take(&self) -> Option<F> {
        let mut state = self.state();
        state.0.pop_front().or_else(|| state.1.clone())
    }

    fn state(&self) -> MutexGuard<'_, (VecDeque<F>, Option<F>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
