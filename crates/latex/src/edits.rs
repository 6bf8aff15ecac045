//! Changes to a document, in the order of their places.

/// The better document is made at the end, so that a change may be given its text after those behind it.
pub(crate) struct Edits<'a> {
    latex: &'a str,
    edits: Vec<(usize, usize, String)>,
    first: Option<u32>,
}

impl<'a> Edits<'a> {
    pub(crate) fn new(latex: &'a str) -> Self {
        Self { latex, edits: Vec::new(), first: None }
    }

    /// Replaces what stands from `at` to `end`.
    pub(crate) fn replace(&mut self, at: usize, end: usize, text: String, line: u32) {
        self.edits.push((at, end, text));
        self.first = self.first.or(Some(line));
    }

    /// A place, at which [`Self::insert_at`] puts a text later.
    pub(crate) fn place(&mut self, at: usize) -> usize {
        self.edits.push((at, at, String::new()));
        self.edits.len() - 1
    }

    pub(crate) fn insert_at(&mut self, place: usize, text: &str, line: u32) {
        if let Some((_, _, inserted)) = self.edits.get_mut(place) {
            text.clone_into(inserted);
            self.first = Some(self.first.map_or(line, |first| first.min(line)));
        }
    }

    /// The better document, and the line of the first change; `None` when there are none.
    pub(crate) fn finish(self) -> Option<(String, u32)> {
        let line = self.first?;
        let mut out = String::with_capacity(self.latex.len() + 64);
        let mut from = 0;
        for (at, end, text) in self.edits {
            out.push_str(self.latex.get(from..at).unwrap_or_default());
            out.push_str(&text);
            from = end;
        }
        out.push_str(self.latex.get(from..).unwrap_or_default());
        Some((out, line))
    }
}
