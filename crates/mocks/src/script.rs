//! The script of a mock: what to do with the next requests, and from now on.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Faults to play: first the queue, one per request, then the standing one, then normal behaviour.
#[derive(Debug)]
pub(crate) struct Script<F> {
    state: Mutex<State<F>>,
}

#[derive(Debug)]
struct State<F> {
    next: VecDeque<F>,
    always: Option<F>,
}

impl<F> Default for Script<F> {
    fn default() -> Self {
        Self { state: Mutex::new(State { next: VecDeque::new(), always: None }) }
    }
}

impl<F: Clone> Script<F> {
    pub(crate) fn next(&self, fault: F) {
        self.with(|state| state.next.push_back(fault));
    }

    pub(crate) fn always(&self, fault: F) {
        self.with(|state| state.always = Some(fault));
    }

    pub(crate) fn clear(&self) {
        self.with(|state| {
            state.next.clear();
            state.always = None;
        });
    }

    /// What the request that has just arrived meets; `None` is normal behaviour.
    pub(crate) fn take(&self) -> Option<F> {
        self.with(|state| state.next.pop_front().or_else(|| state.always.clone()))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State<F>) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
