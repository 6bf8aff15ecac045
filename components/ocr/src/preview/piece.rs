//! What the preview is made of.

use mathml::Display;

/// A piece of the page. Texts and addresses come from a model; the template escapes them.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Open(&'static str),
    /// A cell of a table, `th` or `td`, and how its text is aligned: `l`, `c` or `r`.
    OpenCell(&'static str, char),
    Close(&'static str),
    /// An ordered list that does not start at 1.
    OpenListFrom(u32),
    /// A link to an `http`, `https` or `mailto` address.
    OpenLink(String),
    Text(String),
    /// Code in a sentence.
    Code(String),
    /// A block of code.
    Block(String),
    /// As [`mathml::render`] gives it: the one text that is markup already.
    Math(String),
    LineBreak,
    Rule,
}

/// A formula; one that cannot be rendered is shown as its source.
pub(super) fn math(source: &str, display: Display) -> Piece {
    match mathml::render(source, display) {
        Some(markup) => Piece::Math(markup),
        None => Piece::Code(source.to_owned()),
    }
}
