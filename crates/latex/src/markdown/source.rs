//! LaTeX as nested spans: what belongs to which brace and which environment is found once, in linear time, so that
//! reading it never has to look ahead.

use std::collections::BTreeMap;

use crate::tokens::{Kind, Token, tokens};

/// `[…]` with more bytes than this is text.
const OPTIONAL_BYTES_MAX: usize = 2000;

/// Part of a source: bytes, and the tokens in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub at: usize,
    pub end: usize,
    pub token: usize,
    pub token_end: usize,
}

#[derive(Debug)]
pub struct Source<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    /// For each token that opens something: the one that closes it.
    partners: Vec<Option<usize>>,
}

impl<'a> Source<'a> {
    pub fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        let partners = partners(&tokens);
        Self { text, tokens, partners }
    }

    pub fn whole(&self) -> Span {
        Span { at: 0, end: self.text.len(), token: 0, token_end: self.tokens.len() }
    }

    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.at..span.end).unwrap_or_default()
    }

    pub fn tokens_in(&self, span: Span) -> &[Token<'a>] {
        self.tokens.get(span.token..span.token_end).unwrap_or_default()
    }

    /// What stands between the token `open` and its partner; without a partner, nothing.
    pub fn inside(&self, open: usize) -> Option<Span> {
        let close = self.partners.get(open).copied().flatten()?;
        let (first, last) = (self.tokens.get(open)?, self.tokens.get(close)?);
        Some(Span { at: first.end, end: last.at, token: open + 1, token_end: close })
    }

    /// Between `\begin{document}` and its end; everything where neither is found.
    pub fn body(&self) -> Span {
        let whole = self.whole();
        let begin = self.tokens.iter().position(|token| token.kind == Kind::Begin("document"));
        let Some(begin) = begin else { return whole };
        self.inside(begin).unwrap_or_else(|| Span {
            at: self.tokens.get(begin).map_or(0, |token| token.end),
            token: begin + 1,
            ..whole
        })
    }
}

/// A brace closes the nearest open brace of its environment; `\end` closes the nearest `\begin` of its name. What
/// is left open inside has no partner.
fn partners(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    // For each open environment: its token, its name, and the open braces in it; the first is the whole source.
    let mut levels: Vec<(usize, &str, Vec<usize>)> = vec![(usize::MAX, "", Vec::new())];
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let opener = match token.kind {
            Kind::Open => {
                if let Some((_, _, braces)) = levels.last_mut() {
                    braces.push(at);
                }
                None
            }
            Kind::Close => levels.last_mut().and_then(|(_, _, braces)| braces.pop()),
            Kind::Begin(name) => {
                levels.push((at, name, Vec::new()));
                *open.entry(name).or_default() += 1;
                None
            }
            Kind::End(name) if open.get(name).is_some_and(|count| *count > 0) => {
                let mut opener = None;
                while let Some((begin, inner, _)) = levels.pop() {
                    if let Some(count) = open.get_mut(inner) {
                        *count = count.saturating_sub(1);
                    }
                    if inner == name {
                        opener = Some(begin);
                        break;
                    }
                }
                opener
            }
            _ => None,
        };
        if let Some(partner) = opener.and_then(|opener| partners.get_mut(opener)) {
            *partner = Some(at);
        }
    }
    partners
}

/// What comes next in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The token and its number.
    Token(Token<'a>, usize),
}

/// A reader of one span; it never leaves it.
#[derive(Debug, Clone)]
pub struct Cursor<'s, 'a> {
    source: &'s Source<'a>,
    pub span: Span,
}

impl<'s, 'a> Cursor<'s, 'a> {
    pub fn new(source: &'s Source<'a>, span: Span) -> Self {
        Self { source, span }
    }

    /// The text before the next token.
    pub fn gap(&self) -> &'a str {
        let end = self.token().map_or(self.span.end, |token| token.at);
        self.source.text.get(self.span.at..end).unwrap_or_default()
    }

    fn token(&self) -> Option<Token<'a>> {
        let within = self.span.token < self.span.token_end;
        within.then(|| self.source.tokens.get(self.span.token).copied()).flatten()
    }

    /// The next token, if no text stands before it.
    pub fn peek(&self) -> Option<(Token<'a>, usize)> {
        self.token().filter(|token| token.at <= self.span.at).map(|token| (token, self.span.token))
    }

    pub fn advance(&mut self) -> Option<Piece<'a>> {
        let gap = self.gap();
        if !gap.is_empty() {
            self.span.at += gap.len();
            return Some(Piece::Text(gap));
        }
        let token = self.token()?;
        let number = self.span.token;
        self.span.at = token.end;
        self.span.token += 1;
        Some(Piece::Token(token, number))
    }

    /// Goes on behind the partner of the token `open`; its inside.
    pub fn enter(&mut self, open: usize) -> Option<Span> {
        let inside = self.source.inside(open).filter(|inside| inside.token_end < self.span.token_end)?;
        self.span.token = inside.token_end + 1;
        self.span.at = self.source.tokens.get(inside.token_end).map_or(inside.end, |token| token.end);
        Some(inside)
    }

    /// Blanks and at most one line end, as after the name of a command.
    pub fn skip_blanks(&mut self) {
        let gap = self.gap();
        let bare = gap.trim_start_matches([' ', '\t']);
        let bare = match bare.strip_prefix('\n').map(|after| after.trim_start_matches([' ', '\t'])) {
            Some(after) if !after.starts_with('\n') => after,
            _ => bare,
        };
        self.span.at += gap.len() - bare.len();
    }

    /// Takes `text` if it is next.
    pub fn take(&mut self, text: &str) -> bool {
        let taken = self.gap().starts_with(text);
        if taken {
            self.span.at += text.len();
        }
        taken
    }

    /// `{…}`
    pub fn group(&mut self) -> Option<Span> {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        let (token, number) = ahead.peek()?;
        if token.kind != Kind::Open {
            return None;
        }
        let inside = ahead.enter(number)?;
        *self = ahead;
        Some(inside)
    }

    /// `[…]`, with balanced braces in it.
    pub fn optional(&mut self) -> Option<Span> {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        if !ahead.take("[") {
            return None;
        }
        let start = ahead.span;
        let near = self.source.text.as_bytes().get(start.at..self.span.end).unwrap_or_default();
        memchr::memchr(b']', near.get(..OPTIONAL_BYTES_MAX).unwrap_or(near))?;
        loop {
            let gap = ahead.gap();
            if let Some(close) = gap.find(']') {
                let end = ahead.span.at + close;
                ahead.span.at = end + 1;
                let inside = Span { at: start.at, end, token: start.token, token_end: ahead.span.token };
                *self = ahead;
                return Some(inside);
            }
            if gap.contains("\n\n") || ahead.span.at - start.at > OPTIONAL_BYTES_MAX {
                return None;
            }
            ahead.span.at += gap.len();
            let (token, number) = ahead.peek()?;
            ahead.advance();
            if token.kind == Kind::Open {
                ahead.enter(number);
            }
        }
    }
}
