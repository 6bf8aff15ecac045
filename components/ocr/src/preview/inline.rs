//! A line of our own Markdown as pieces. It knows what `latex::markdown` writes, and no more: emphasis, code, formulas,
//! links, references to footnotes, line breaks, and characters after a backslash.

use mathml::Display;

use super::piece::{Piece, math};

const STRONG: &str = "strong";
const EM: &str = "em";

/// Each character is looked at once; an end that is not found is looked for once for each kind.
pub(super) fn read(markdown: &str, pieces: &mut Vec<Piece>) {
    let mut line =
        Line { pieces, open: Vec::new(), text: String::new(), rest: markdown, missing: Vec::new() };
    while line.step() {}
    line.flush();
    while let Some(name) = line.open.pop() {
        line.pieces.push(Piece::Close(name));
    }
}

struct Line<'a, 'p> {
    pieces: &'p mut Vec<Piece>,
    /// Names of the open elements.
    open: Vec<&'static str>,
    /// Not yet among the pieces.
    text: String,
    rest: &'a str,
    /// Ends that do not come again in `rest`.
    missing: Vec<String>,
}

impl<'a> Line<'a, '_> {
    /// False at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        let done = match first {
            '\\' => self.escaped(),
            '`' => self.code(),
            '$' => self.formula(),
            '*' => self.emphasis(),
            '[' => self.bracket(),
            ']' => self.link_ends(),
            ' ' if self.rest.starts_with("  \n") => self.take(3, Piece::LineBreak),
            '\n' => {
                self.text.push(' ');
                self.advance(1)
            }
            _ => false,
        };
        if !done {
            self.text.push(first);
            self.advance(first.len_utf8());
        }
        true
    }

    fn advance(&mut self, bytes: usize) -> bool {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        true
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }

    fn take(&mut self, bytes: usize, piece: Piece) -> bool {
        self.flush();
        self.pieces.push(piece);
        self.advance(bytes)
    }

    fn escaped(&mut self) -> bool {
        match self.rest.chars().nth(1).filter(char::is_ascii_punctuation) {
            Some(char) => {
                self.text.push(char);
                self.advance(2)
            }
            None => false,
        }
    }

    /// What stands before `end` after the first `from` bytes.
    fn until(&mut self, from: usize, end: &str) -> Option<&'a str> {
        if self.missing.iter().any(|missing| missing == end) {
            return None;
        }
        let found = self.rest.get(from..)?.split_once(end).map(|(before, _)| before);
        if found.is_none() {
            self.missing.push(end.to_owned());
        }
        found
    }

    fn code(&mut self) -> bool {
        let fence = self.rest.len() - self.rest.trim_start_matches('`').len();
        let Some(code) = self.until(fence, &"`".repeat(fence)) else { return false };
        let padded = code.len() > 2 && code.starts_with(' ') && code.ends_with(' ');
        let shown = if padded { code.get(1..code.len() - 1).unwrap_or_default() } else { code };
        self.take(code.len() + 2 * fence, Piece::Code(shown.to_owned()))
    }

    /// Up to the next dollar that no backslash precedes.
    fn formula(&mut self) -> bool {
        if self.missing.iter().any(|missing| missing == "$") {
            return false;
        }
        let source = self.rest.get(1..).unwrap_or_default();
        let mut end = None;
        let mut after_backslash = false;
        for (at, char) in source.char_indices() {
            if char == '$' && !after_backslash {
                end = Some(at);
                break;
            }
            after_backslash = char == '\\' && !after_backslash;
        }
        let Some(end) = end else {
            self.missing.push("$".to_owned());
            return false;
        };
        let Some(source) = source.get(..end).filter(|source| !source.is_empty()) else { return false };
        self.take(source.len() + 2, math(source, Display::Inline))
    }

    fn emphasis(&mut self) -> bool {
        let run = self.rest.len() - self.rest.trim_start_matches('*').len();
        let top = self.open.last().copied();
        let (name, bytes) = match top {
            Some(EM) if run != 2 => (EM, 1),
            Some(STRONG) if run >= 2 => (STRONG, 2),
            _ if run >= 2 && !self.open.contains(&STRONG) => (STRONG, 2),
            _ if !self.open.contains(&EM) => (EM, 1),
            _ => return false,
        };
        if top == Some(name) {
            self.open.pop();
            self.take(bytes, Piece::Close(name))
        } else {
            self.open.push(name);
            self.take(bytes, Piece::Open(name))
        }
    }

    /// A reference to a footnote, or the text of a link.
    fn bracket(&mut self) -> bool {
        if let Some((number, _)) = self.rest.strip_prefix("[^").and_then(|rest| rest.split_once(']'))
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.flush();
            self.pieces.extend([Piece::Open("sup"), Piece::Text(number.to_owned()), Piece::Close("sup")]);
            return self.advance(number.len() + 3);
        }
        let Some(address) = self.address() else { return false };
        self.open.push("a");
        self.take(1, Piece::OpenLink(address))
    }

    /// Of the link that begins here.
    fn address(&mut self) -> Option<String> {
        if self.open.contains(&"a") {
            return None;
        }
        let text = self.until(1, "](")?;
        let (address, _) = self.rest.get(1 + text.len() + 2..)?.split_once(')')?;
        let is_followed = ["http://", "https://", "mailto:"].iter().any(|scheme| {
            address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        is_followed.then(|| address.to_owned())
    }

    fn link_ends(&mut self) -> bool {
        if self.open.last() != Some(&"a") || !self.rest.starts_with("](") {
            return false;
        }
        let bytes = self.rest.find(')').map_or(self.rest.len(), |at| at + 1);
        self.open.pop();
        self.take(bytes, Piece::Close("a"))
    }
}
