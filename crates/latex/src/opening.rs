//! What can be opened and closed in LaTeX, and what does not match.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening<'a> {
    Group,
    Environment(&'a str),
    /// `$`
    Inline,
    /// `$$`
    Display,
    /// `\(`
    Parenthesis,
    /// `\[`
    Bracket,
    /// `\left`
    Left,
}

impl Opening<'_> {
    /// The texts that open and close it.
    pub(crate) fn marks(&self) -> (String, String) {
        let (open, close) = match self {
            Self::Group => ("{", "}"),
            Self::Environment(name) => return (format!("\\begin{{{name}}}"), format!("\\end{{{name}}}")),
            Self::Inline => ("$", "$"),
            Self::Display => ("$$", "$$"),
            Self::Parenthesis => ("\\(", "\\)"),
            Self::Bracket => ("\\[", "\\]"),
            Self::Left => ("\\left", "\\right."),
        };
        (open.to_owned(), close.to_owned())
    }
}

/// Something that does not match, on a line counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mismatch<'a> {
    /// Opened and not closed, or closed by something else.
    Open(Opening<'a>, u32),
    /// Closed without having been opened.
    Close(Opening<'a>, u32),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance<'a> {
    /// Still open at the end, outermost first, with their lines.
    pub open: Vec<(Opening<'a>, u32)>,
    /// Mismatches before the end.
    pub mismatches: Vec<Mismatch<'a>>,
}
