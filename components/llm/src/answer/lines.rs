//! A text as lines, which counts what is read of it.

use std::cell::Cell;

/// The lines of a text. Every stage of the parser reads through here, so that a test can bound the work
/// done for a text by a multiple of its length, without a clock.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    all: Vec<&'a str>,
    bytes_read: Cell<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { all: text.split('\n').collect(), bytes_read: Cell::new(0) }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The line at this place, from 0; an empty one past the end.
    pub(super) fn get(&self, at: usize) -> &'a str {
        let line = self.all.get(at).copied().unwrap_or_default();
        self.bytes_read.set(self.bytes_read.get() + line.len() + 1);
        line
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(|at| self.get(at))
    }

    pub(super) fn bytes_read(&self) -> usize {
        self.bytes_read.get()
    }
}
