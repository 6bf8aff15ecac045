//! Where documents begin and end in a text: commands in comments, verbatim text and sentences are none.

use crate::groups::argument_after_options;
use crate::lines::{Line, lines, lines_with_text};
use crate::tokens::{Kind, tokens};

pub(crate) const DOCUMENT_CLASS: &str = "\\documentclass";
pub(crate) const BEGIN_DOCUMENT: &str = "\\begin{document}";
pub(crate) const END_DOCUMENT: &str = "\\end{document}";

/// Whether `text` names the class of a document: in a comment or in verbatim text it does not.
pub(crate) fn has_class(text: &str) -> bool {
    tokens(text).iter().any(|token| token.kind == Kind::Command("documentclass"))
}

/// What follows the first `\begin{document}`, up to the end of the text.
pub(crate) fn after_begin(text: &str) -> Option<&str> {
    let begin = tokens(text).into_iter().find(|token| token.kind == Kind::Begin("document"))?;
    text.get(begin.end..)
}

/// Whether `line` of `text` begins with the class of a document and is not a sentence about it.
pub(crate) fn starts_document(text: &str, line: &Line<'_>) -> bool {
    let Some(rest) = line.text.strip_prefix(DOCUMENT_CLASS) else { return false };
    if !(rest.is_empty() || rest.starts_with(['{', '[', '%', ' ', '\t'])) {
        return false;
    }
    let rest = rest.trim_start();
    let whole =
        text.get(line.at..).and_then(|line| line.split_once(DOCUMENT_CLASS)).map_or("", |(_, rest)| rest);
    match argument_after_options(whole) {
        Some(class) => {
            let after = rest.split_once(&format!("{{{class}}}")).map_or("", |(_, after)| after).trim_start();
            after.is_empty() || after.starts_with(['%', '\\', '['])
        }
        // Options over several lines, or a line that was cut.
        None => rest.is_empty() || rest.starts_with(['{', '[', '%']),
    }
}

/// The documents of a text that begins with the first one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Documents {
    /// Offsets of what stands between `\begin{document}` and `\end{document}`, or the end of the text.
    pub bodies: Vec<(usize, usize)>,
    /// Offset after the last `\end{document}`, or of the end of the text.
    pub end: usize,
    /// The last one has an end.
    pub is_closed: bool,
}

impl Documents {
    pub(crate) fn of(text: &str) -> Self {
        let mut documents = Self { bodies: Vec::new(), end: text.len(), is_closed: false };
        let mut begins = None;
        let last =
            lines(text).filter(|line| line.text.starts_with(BEGIN_DOCUMENT)).last().map(|line| line.at);
        for token in tokens(text) {
            match (token.kind, begins) {
                (Kind::Begin("document"), None) => begins = Some(token.end),
                (Kind::End("document"), Some(from)) => {
                    documents.bodies.push((from, token.at));
                    (documents.end, documents.is_closed, begins) = (token.end, true, None);
                    // Another one begins on a line of its own; what stands between the two is not looked at.
                    if last.is_none_or(|last| last < token.end) {
                        return documents;
                    }
                }
                _ => {}
            }
        }
        match begins {
            Some(from) => documents.last_without_end(text, from),
            None => documents,
        }
    }

    /// Verbatim text that is never closed hides the end of its document. What stands before more text is no end: it may
    /// be a part of that verbatim text, which was cut.
    fn last_without_end(mut self, text: &str, from: usize) -> Self {
        let rest = text.get(from..).unwrap_or_default();
        let last = lines_with_text(rest).filter(|line| !line.text.starts_with('`')).last();
        let end = last.filter(|line| line.text.starts_with(END_DOCUMENT));
        let at = end.map_or(text.len(), |line| from + line.at);
        self.bodies.push((from, at));
        self.is_closed = end.is_some();
        self.end = if self.is_closed { at + END_DOCUMENT.len() } else { text.len() };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_found_outside_of_verbatim_text() {
        let check = |text: &str, bodies: &[&str], is_closed: bool| {
            let documents = Documents::of(text);
            let found: Vec<&str> = documents.bodies.iter().map(|(from, to)| &text[*from..*to]).collect();
            assert_eq!((found.as_slice(), documents.is_closed), (bodies, is_closed), "{text}");
        };
        check("a", &[], false);
        check("\\begin{document}a\\end{document}", &["a"], true);
        check("\\begin{document}a", &["a"], false);
        check("\\begin{document}\\verb|\\end{document}|\\end{document}", &["\\verb|\\end{document}|"], true);
        check("\\begin{document}\\begin{verbatim}\n\\end{document}\n", &["\\begin{verbatim}\n"], true);
        check("\\begin{document}a\\end{document}\n\n\\begin{document}\nb", &["a", "\nb"], false);
        check("\\begin{document}a\\end{document} ou \\begin{document} ?", &["a"], true);
    }
}
