//! A text as lines.

/// The lines of a text. Every stage of the parser reads through [`Lines::get`], so that a test can count what is read and
/// bound it by a multiple of the text's length.
pub(super) struct Lines<'a> {
    all: Vec<&'a str>,
    #[cfg(test)]
    pub(super) bytes_read: std::cell::Cell<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            all: text.split('\n').collect(),
            #[cfg(test)]
            bytes_read: std::cell::Cell::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The line with this index; an empty one past the end.
    pub(super) fn get(&self, at: usize) -> &'a str {
        let line = self.all.get(at).copied().unwrap_or_default();
        #[cfg(test)]
        self.bytes_read.set(self.bytes_read.get() + line.len() + 1);
        line
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(|at| self.get(at))
    }
}
