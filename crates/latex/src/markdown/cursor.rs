//! Reads one span of a source, piece by piece; a cursor never leaves its span.

use memchr::memchr;

use super::source::{Source, Span};
use crate::groups::OPTIONS_BYTES_MAX;
use crate::tokens::{Kind, Token};

/// What comes next in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The token and its number.
    Token(Token<'a>, usize),
}

#[derive(Debug, Clone)]
pub(super) struct Cursor<'s, 'a> {
    source: &'s Source<'a>,
    span: Span,
}

impl<'s, 'a> Cursor<'s, 'a> {
    pub(super) fn new(source: &'s Source<'a>, span: Span) -> Self {
        Self { source, span }
    }

    /// Behind the token `number`, up to the end of the source.
    pub(super) fn behind(source: &'s Source<'a>, number: usize) -> Self {
        let at = source.tokens.get(number).map_or(0, |token| token.end);
        Self { source, span: Span { at, token: number + 1, ..source.whole() } }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> Span {
        self.span
    }

    /// A cursor of the same source over another span.
    pub(super) fn over(&self, span: Span) -> Self {
        Self { span, ..*self }
    }

    pub(super) fn has_tokens(&self) -> bool {
        self.token().is_some()
    }

    /// The text before the next token.
    pub(super) fn gap(&self) -> &'a str {
        self.source.between(self.span.at, self.token().map_or(self.span.end, |token| token.at))
    }

    fn token(&self) -> Option<Token<'a>> {
        self.source.tokens_in(self.span).first().copied()
    }

    /// The next token, if no text stands before it.
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.token().filter(|token| token.at <= self.span.at)
    }

    /// The character that follows; `{` for a group, none for another token.
    pub(super) fn next_char(&self) -> Option<char> {
        match self.peek() {
            Some(token) => (token.kind == Kind::Open).then_some('{'),
            None => self.gap().chars().next(),
        }
    }

    pub(super) fn advance(&mut self) -> Option<Piece<'a>> {
        let gap = self.gap();
        if !gap.is_empty() {
            self.skip(gap.len());
            return Some(Piece::Text(gap));
        }
        let token = self.token()?;
        let number = self.span.token;
        self.span.at = token.end;
        self.span.token += 1;
        Some(Piece::Token(token, number))
    }

    /// Moves over the next `bytes` of the text before the next token.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.span.at += bytes;
    }

    /// Goes on behind the partner of the token `open`. Returns what stands between the two.
    pub(super) fn enter(&mut self, open: usize) -> Option<Span> {
        let inside = self.source.inside(open).filter(|inside| inside.token_end < self.span.token_end)?;
        self.span.token = inside.token_end + 1;
        self.span.at = self.source.tokens.get(inside.token_end).map_or(inside.end, |token| token.end);
        Some(inside)
    }

    /// Blanks and at most one line end, as after the name of a command.
    pub(super) fn skip_blanks(&mut self) {
        let gap = self.gap();
        let bare = gap.trim_start_matches([' ', '\t']);
        let bare = match bare.strip_prefix('\n').map(|after| after.trim_start_matches([' ', '\t'])) {
            Some(after) if !after.starts_with('\n') => after,
            _ => bare,
        };
        self.skip(gap.len() - bare.len());
    }

    /// Takes `text` if it is next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let taken = self.gap().starts_with(text);
        if taken {
            self.skip(text.len());
        }
        taken
    }

    /// `{…}`
    pub(super) fn group(&mut self) -> Option<Span> {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        ahead.peek().filter(|token| token.kind == Kind::Open)?;
        let inside = ahead.enter(ahead.span.token)?;
        *self = ahead;
        Some(inside)
    }

    /// `[…]`, with balanced braces in it.
    pub(super) fn optional(&mut self) -> Option<Span> {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        if !ahead.take("[") {
            return None;
        }
        let start = ahead.span;
        let near = self.source.slice(start).as_bytes();
        memchr(b']', near.get(..OPTIONS_BYTES_MAX).unwrap_or(near))?;
        loop {
            let gap = ahead.gap();
            if let Some(close) = gap.find(']') {
                let end = ahead.span.at + close;
                ahead.span.at = end + 1;
                let inside = Span { at: start.at, end, token: start.token, token_end: ahead.span.token };
                *self = ahead;
                return Some(inside);
            }
            if gap.contains("\n\n") || ahead.span.at - start.at > OPTIONS_BYTES_MAX {
                return None;
            }
            ahead.skip(gap.len());
            if let Piece::Token(Token { kind: Kind::Open, .. }, number) = ahead.advance()? {
                ahead.enter(number);
            }
        }
    }

    /// Moves over any number of `[…]`.
    pub(super) fn skip_options(&mut self) {
        while self.optional().is_some() {}
    }
}
