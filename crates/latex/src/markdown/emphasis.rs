//! Emphasis, and code in a sentence.

use super::block::{BLANK, Block};
use super::commands::{Meaning, Style, meaning};
use super::cursor::{Cursor, Piece};
use super::escape::NBSP;
use super::flow::{Flow, has_blank_line};
use super::reader::Reader;
use super::source::Span;
use crate::tokens::Kind;

impl Reader<'_, '_> {
    /// A group in bold, in italics, underlined or as code, with the character that follows it.
    pub(super) fn styled(&mut self, style: Style, span: Span, next: Option<char>, out: &mut Flow) {
        if !self.is_inline(span) {
            return self.flow(span, out);
        }
        match style {
            Style::Code => match self.plain(span) {
                Some(text) => out.code(&text),
                None => self.flow(span, out),
            },
            _ if self.is_within(style) => self.flow(span, out),
            _ => self.emphasised(style, span, next, out),
        }
    }

    fn emphasised(&mut self, style: Style, span: Span, next: Option<char>, out: &mut Flow) {
        let inner = self.within(style, |reader| reader.blocks(span));
        let [Block::Paragraph(inner)] = inner.as_slice() else {
            let blank = style == Style::Underline && inner.is_empty();
            out.text(if blank { BLANK } else { " " });
            return out.insert(inner);
        };
        let source = self.source().slice(span);
        if source.starts_with([' ', '\n', '\t', '~']) {
            out.space();
        }
        let mark = if style == Style::Bold { "**" } else { "*" };
        emphasise(mark, inner.trim_matches([' ', NBSP, '\n']), next, out);
        if source.ends_with([' ', '\n', '\t', '~']) {
            out.space();
        }
    }

    /// Whether a span can stand in a sentence: no paragraphs, no displays, no lists.
    fn is_inline(&self, span: Span) -> bool {
        let text = self.source().slice(span);
        !has_blank_line(text)
            && !text.contains("$$")
            && self.source().tokens_in(span).iter().all(|token| match token.kind {
                Kind::Begin(_) | Kind::Command("[") => false,
                Kind::Command(name) => !matches!(
                    meaning(name),
                    Some(
                        Meaning::Section(_)
                            | Meaning::Paragraph
                            | Meaning::Rule
                            | Meaning::Bullet
                            | Meaning::Title
                            | Meaning::Caption
                    )
                ),
                _ => true,
            })
    }

    /// Text without any markup in it, for code.
    fn plain(&self, span: Span) -> Option<String> {
        let mut plain = String::new();
        let mut cursor = Cursor::new(self.source(), span);
        while let Some(piece) = cursor.advance() {
            match piece {
                Piece::Text(text) if text.contains('%') => return None,
                Piece::Text(text) => plain.push_str(&text.replace('~', " ")),
                Piece::Token(token, _) => match token.kind {
                    Kind::Open | Kind::Close => {}
                    Kind::Command(name) => {
                        let Some(Meaning::Text(text)) = meaning(name) else { return None };
                        cursor.skip_blanks();
                        plain.push_str(text);
                    }
                    _ => return None,
                },
            }
        }
        Some(plain)
    }
}

/// Puts marks of emphasis around `inner`, so that they count as such whatever stands beside them.
fn emphasise(mark: &str, inner: &str, next: Option<char>, out: &mut Flow) {
    if inner.is_empty() {
        return;
    }
    let after_letter = out.last().is_some_and(char::is_alphanumeric);
    if out.ends_with_mark('*') || (after_letter && !inner.starts_with(char::is_alphanumeric)) {
        out.markup(" ");
    }
    out.markup(&format!("{mark}{inner}{mark}"));
    if next.is_some_and(char::is_alphanumeric) && !inner.ends_with(char::is_alphanumeric) {
        out.markup(" ");
    }
}
