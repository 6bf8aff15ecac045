//! LaTeX as nested spans. Which brace and which `\end` closes what is found once, in linear time, so that reading
//! never looks ahead.

use std::collections::BTreeMap;

use crate::tokens::{Kind, Token, tokens};
use crate::verbatim::Verbatim;

/// Part of a source: bytes, and the tokens in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub at: usize,
    pub end: usize,
    pub token: usize,
    pub token_end: usize,
}

#[derive(Debug)]
pub(super) struct Source<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    pub verbatim: Verbatim<'a>,
    /// For each token that opens something: the one that closes it.
    partners: Vec<Option<usize>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        let partners = partners(&tokens);
        Self { text, tokens, verbatim: Verbatim::of(text), partners }
    }

    pub(super) fn whole(&self) -> Span {
        Span { at: 0, end: self.text.len(), token: 0, token_end: self.tokens.len() }
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.between(span.at, span.end)
    }

    pub(super) fn between(&self, at: usize, end: usize) -> &'a str {
        self.text.get(at..end).unwrap_or_default()
    }

    /// A token as it is written.
    pub(super) fn written(&self, token: Token<'a>) -> &'a str {
        self.between(token.at, token.end)
    }

    pub(super) fn tokens_in(&self, span: Span) -> &[Token<'a>] {
        self.tokens.get(span.token..span.token_end).unwrap_or_default()
    }

    /// What stands between the token `open` and its partner; without a partner, nothing.
    pub(super) fn inside(&self, open: usize) -> Option<Span> {
        let close = self.partners.get(open).copied().flatten()?;
        let (first, last) = (self.tokens.get(open)?, self.tokens.get(close)?);
        Some(Span { at: first.end, end: last.at, token: open + 1, token_end: close })
    }

    /// Between `\begin{document}` and its end; everything where neither is found.
    pub(super) fn body(&self) -> Span {
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
