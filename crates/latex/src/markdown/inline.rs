//! Pieces of a sentence: emphasis, links, accents.

use unicode_normalization::char::compose;

use super::block::{BLANK, Block, Flow};
use super::commands::{Meaning, Style, meaning};
use super::escape::{NBSP, address, code_span, escape, typeset};
use super::read::Reader;
use super::source::{Cursor, Piece, Span};
use crate::tokens::{Kind, Token};

impl<'a> Reader<'_, 'a> {
    /// A group in bold, in italics, underlined or as code.
    pub fn styled(&mut self, style: Style, span: Span, after: &Cursor<'_, '_>, out: &mut Flow) {
        if !self.is_inline(span) || (style != Style::Code && self.styles.contains(&style)) {
            return self.flow(span, out);
        }
        if style == Style::Code {
            return match self.plain(span) {
                Some(text) => out.apart(&code_span(&text), '`'),
                None => self.flow(span, out),
            };
        }
        let mark = if style == Style::Bold { "**" } else { "*" };
        self.styles.push(style);
        let inner = self.blocks(span);
        self.styles.pop();
        let [Block::Paragraph(inner)] = inner.as_slice() else {
            let blank = style == Style::Underline && inner.is_empty();
            out.text(if blank { BLANK } else { " " });
            return out.blocks.extend(inner);
        };
        let source = self.source.slice(span);
        if source.starts_with([' ', '\n', '\t', '~']) {
            out.space();
        }
        emphasise(mark, inner.trim_matches([' ', NBSP, '\n']), next_char(after), out);
        if source.ends_with([' ', '\n', '\t', '~']) {
            out.space();
        }
    }

    /// Text without any markup in it, for code.
    fn plain(&self, span: Span) -> Option<String> {
        let mut plain = String::new();
        let mut cursor = Cursor::new(self.source, span);
        while let Some(piece) = cursor.advance() {
            match piece {
                Piece::Text(text) if text.contains('%') => return None,
                Piece::Text(text) => plain.push_str(&text.replace('~', " ")),
                Piece::Token(token, _) => match token.kind {
                    Kind::Open | Kind::Close => {}
                    Kind::Command(name) => match meaning(name) {
                        Some(Meaning::Text(text)) => {
                            cursor.skip_blanks();
                            plain.push_str(text);
                        }
                        _ => return None,
                    },
                    _ => return None,
                },
            }
        }
        Some(plain)
    }

    pub fn address_of(&self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>) -> &'a str {
        let source = self.source.text.get(token.at..token.end).unwrap_or_default();
        match source.split_once('{') {
            Some((_, address)) => address.strip_suffix('}').unwrap_or(address),
            None => cursor.group().map(|group| self.source.slice(group)).unwrap_or_default(),
        }
    }

    pub fn link(&mut self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let raw = self.address_of(token, cursor);
        let text = cursor.group().map(|text| self.line(text)).unwrap_or_default();
        match address(raw) {
            Some(address) if !text.is_empty() => link(&text, &address, out),
            Some(address) => link(&escape(raw), &address, out),
            None => {
                out.text(&format!("{text} "));
                out.apart(&code_span(raw), '`');
            }
        }
    }
}

/// Puts marks of emphasis around `inner`, so that they count as such whatever stands beside them.
fn emphasise(mark: &'static str, inner: &str, next: Option<char>, out: &mut Flow) {
    if inner.is_empty() {
        return;
    }
    let before = out.line.chars().next_back();
    let opens_word = inner.starts_with(char::is_alphanumeric);
    let grows_together = before == Some('*') && !out.line.ends_with("\\*");
    if grows_together || (before.is_some_and(char::is_alphanumeric) && !opens_word) {
        out.line.push(' ');
    }
    out.line.push_str(mark);
    out.line.push_str(inner);
    out.line.push_str(mark);
    if next.is_some_and(char::is_alphanumeric) && !inner.ends_with(char::is_alphanumeric) {
        out.line.push(' ');
    }
}

pub fn link(text: &str, address: &str, out: &mut Flow) {
    // `![…](…)` would be a picture.
    if out.line.ends_with('!') {
        out.line.pop();
        out.line.push_str("\\!");
    }
    out.line.push_str(&format!("[{text}]({address})"));
}

/// The character that follows; `{` for a group, none for another token.
pub fn next_char(cursor: &Cursor<'_, '_>) -> Option<char> {
    match cursor.peek() {
        Some((token, _)) => match token.kind {
            Kind::Open => Some('{'),
            _ => None,
        },
        None => cursor.gap().chars().next(),
    }
}

/// A letter with its accent as one character; an accent on nothing is dropped but for `^` and `~`.
pub fn accent(mark: char, cursor: &mut Cursor<'_, '_>, out: &mut Flow) {
    let mut grouped = cursor.clone();
    let group = grouped.group();
    let mut inner = match group {
        Some(span) => {
            let mut inner = cursor.clone();
            inner.span = span;
            inner
        }
        None => cursor.clone(),
    };
    let letter = match inner.peek() {
        Some((Token { kind: Kind::Command(name), .. }, _)) => match name {
            "i" | "j" => {
                inner.advance();
                if group.is_none() {
                    inner.skip_blanks();
                }
                name.chars().next()
            }
            _ => None,
        },
        Some(_) => None,
        None => {
            let letter = inner.gap().chars().next().filter(|letter| letter.is_alphabetic());
            inner.span.at += letter.map_or(0, char::len_utf8);
            letter
        }
    };
    let more = group.is_some() && inner.span.token < inner.span.token_end;
    match letter {
        Some(letter) if !more => {
            match compose(letter, mark) {
                Some(accented) => out.text(&accented.to_string()),
                None => out.text(&format!("{letter}{mark}")),
            }
            // What is left of the group follows as text.
            match group {
                Some(_) => {
                    out.text(&escape(&typeset(inner.gap())));
                    *cursor = grouped;
                }
                None => *cursor = inner,
            }
        }
        // The group, whatever is in it, is read as text.
        _ => {
            out.text(match mark {
                '\u{302}' => "^",
                '\u{303}' => "\\~",
                _ => "",
            });
        }
    }
}

/// Digits and signs as raised or lowered characters; `None` if one has none.
pub fn raised(text: &str, lowered: bool) -> Option<String> {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
    const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋";
    let characters = if lowered { LOWERED } else { RAISED };
    let of = |char: char| "0123456789+-".find(char).and_then(|at| characters.chars().nth(at));
    let raised: Option<String> = text.trim().chars().map(of).collect();
    raised.filter(|raised| !raised.is_empty())
}
