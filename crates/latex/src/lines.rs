//! A text as lines that know where they stand.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Without blanks around it.
    pub text: &'a str,
    /// Offset of its first byte.
    pub at: usize,
    /// Offset after its line end.
    pub end: usize,
}

/// What a sentence says, whatever its apostrophes and the case of its letters without accents: the tables for the others
/// would add 18 KB to a component.
pub(crate) fn in_lower_case(text: &str) -> String {
    text.to_ascii_lowercase().replace('’', "'")
}

pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut end = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = end;
        end += line.len();
        Line { text: line.trim(), at, end }
    })
}

pub(crate) fn lines_with_text(text: &str) -> impl Iterator<Item = Line<'_>> {
    lines(text).filter(|line| !line.text.is_empty())
}
