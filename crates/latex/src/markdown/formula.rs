//! Where formulas begin and end.

use super::block::Block;
use super::cursor::{Cursor, Piece};
use super::flow::{Flow, has_blank_line};
use super::math;
use super::reader::Reader;
use super::source::Span;
use crate::tokens::Kind;

/// What ends a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Dollar,
    Dollars,
    /// `\)`
    Parenthesis,
    /// `\]`
    Bracket,
}

/// Finds the end of a formula and moves behind it. A formula has none of its kind inside, and no empty line; models
/// write these in `\[…\]` all the same.
pub(super) fn formula(cursor: &mut Cursor<'_, '_>, closing: Closing) -> Option<Span> {
    let start = cursor.rest();
    let mut ahead = cursor.clone();
    loop {
        if closing != Closing::Bracket && has_blank_line(ahead.gap()) {
            return None;
        }
        let Piece::Token(token, number) = ahead.advance()? else { continue };
        let closes = match token.kind {
            Kind::Dollar if closing == Closing::Dollars => {
                ahead.peek().is_some_and(|next| next.kind == Kind::Dollar)
            }
            Kind::Dollar => closing == Closing::Dollar,
            Kind::Command(")") => closing == Closing::Parenthesis,
            Kind::Command("]") => closing == Closing::Bracket,
            Kind::Command("(" | "[") => return None,
            Kind::Open | Kind::Begin(_) => {
                ahead.enter(number);
                false
            }
            _ => false,
        };
        if closes {
            if closing == Closing::Dollars {
                ahead.advance();
            }
            *cursor = ahead;
            return Some(Span { at: start.at, end: token.at, token: start.token, token_end: number });
        }
    }
}

impl<'a> Reader<'_, 'a> {
    /// Reads the formula that `$`, `\(` or `\[` begins; where its end is missing, its beginning is text.
    pub(super) fn formula(&mut self, begin: Kind<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let (closing, otherwise) = match begin {
            Kind::Command("(") => (Closing::Parenthesis, "("),
            Kind::Command("[") => (Closing::Bracket, "\\["),
            _ if cursor.peek().is_some_and(|next| next.kind == Kind::Dollar) => {
                cursor.advance();
                (Closing::Dollars, "")
            }
            _ => (Closing::Dollar, "\\$"),
        };
        match (formula(cursor, closing), closing) {
            (None, _) => out.text(otherwise),
            (Some(inside), Closing::Dollar | Closing::Parenthesis) => self.inline_formula(inside, out),
            (Some(inside), Closing::Dollars | Closing::Bracket) => {
                self.need(inside);
                let body = math::display(self.source().slice(inside));
                if !body.is_empty() {
                    out.push(Block::Math(body));
                }
            }
        }
    }

    pub(super) fn inline_formula(&mut self, inside: Span, out: &mut Flow) {
        self.need(inside);
        out.apart(&math::inline(self.source().slice(inside)), '$');
    }
}
