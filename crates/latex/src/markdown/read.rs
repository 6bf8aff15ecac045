//! Reads LaTeX into blocks: text, groups and formulas. Commands are in `perform.rs`, environments in
//! `environment.rs`.

use std::collections::BTreeMap;

use super::block::{Block, DEPTH_MAX, Flow, flatten};
use super::commands::{Meaning, Style, meaning};
use super::escape::{code_span, escape, typeset};
use super::facts::Facts;
use super::math;
use super::source::{Cursor, Piece, Source, Span};
use crate::tokens::Kind;

#[derive(Debug)]
pub struct Reader<'s, 'a> {
    pub source: &'s Source<'a>,
    pub facts: Facts<'a>,
    pub notes: Vec<String>,
    /// Which definitions the formulas need.
    pub needed: Vec<bool>,
    /// By counter: the last number given.
    pub counters: BTreeMap<&'a str, usize>,
    /// By depth: the last number of a numbered list.
    pub resumed: Vec<u32>,
    /// Numbered lists around the place that is read.
    pub enumerations: usize,
    /// Emphasis around the place that is read.
    pub styles: Vec<Style>,
    depth: usize,
}

/// Definitions that are searched for other definitions; each with each.
const DEFINITIONS_MAX: usize = 200;

/// What ends a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    Dollar,
    Dollars,
    Command(&'static str),
}

impl<'s, 'a> Reader<'s, 'a> {
    pub fn new(source: &'s Source<'a>) -> Self {
        let facts = Facts::of(source);
        Self {
            source,
            needed: vec![false; facts.definitions.len()],
            facts,
            notes: Vec::new(),
            counters: BTreeMap::new(),
            resumed: vec![0; DEPTH_MAX + 1],
            enumerations: 0,
            styles: Vec::new(),
            depth: 0,
        }
    }

    /// Reads a span as blocks.
    pub fn blocks(&mut self, span: Span) -> Vec<Block> {
        let mut flow = Flow::default();
        self.flow(span, &mut flow);
        flow.finish()
    }

    /// Reads a span as one line.
    pub fn line(&mut self, span: Span) -> String {
        flatten(&self.blocks(span))
    }

    /// Reads a span into what has been read before it.
    pub fn flow(&mut self, span: Span, out: &mut Flow) {
        if self.depth >= DEPTH_MAX {
            return self.as_source(self.source.slice(span), out);
        }
        self.depth += 1;
        let mut cursor = Cursor::new(self.source, span);
        while let Some(piece) = cursor.advance() {
            match piece {
                Piece::Text(gap) => text(gap, out),
                Piece::Token(token, number) => match token.kind {
                    Kind::Open => {
                        if let Some(inside) = cursor.enter(number) {
                            self.group(inside, &cursor, out);
                        }
                    }
                    Kind::Begin(name) => {
                        if let Some(inside) = cursor.enter(number) {
                            self.environment(name, inside, out);
                        }
                    }
                    // Closes nothing: the warnings of the LaTeX name it.
                    Kind::Close | Kind::End(_) => {}
                    Kind::Dollar => self.dollar(&mut cursor, out),
                    Kind::Command(name) => self.command(name, token, &mut cursor, out),
                },
            }
        }
        self.depth -= 1;
    }

    /// LaTeX that Markdown has nothing for.
    pub fn as_source(&mut self, source: &str, out: &mut Flow) {
        if source.trim().contains('\n') {
            out.push(Block::Code { language: "latex".to_owned(), body: source.to_owned() });
        } else {
            out.apart(&code_span(source), '`');
        }
    }

    /// A group; `{\bf …}` and its like are emphasis.
    fn group(&mut self, inside: Span, after: &Cursor<'_, '_>, out: &mut Flow) {
        let mut cursor = Cursor::new(self.source, inside);
        let mut style = None;
        loop {
            cursor.skip_blanks();
            let Some((token, _)) = cursor.peek() else { break };
            let Kind::Command(name) = token.kind else { break };
            match meaning(name) {
                Some(Meaning::Declaration(declared)) => style = Some(declared),
                Some(Meaning::Drop(0)) => {}
                _ => break,
            }
            cursor.advance();
        }
        match style {
            Some(style) => self.styled(style, cursor.span, after, out),
            None => self.flow(inside, out),
        }
    }

    fn dollar(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let double = cursor.peek().is_some_and(|(token, _)| token.kind == Kind::Dollar);
        if double {
            let mut ahead = cursor.clone();
            ahead.advance();
            match formula(&mut ahead, Closing::Dollars) {
                Some(inside) => {
                    *cursor = ahead;
                    return self.display(inside, out);
                }
                // `$$` with nothing in it, or never closed.
                None => {
                    *cursor = ahead;
                    return;
                }
            }
        }
        match formula(cursor, Closing::Dollar) {
            Some(inside) => self.formula(inside, out),
            None => out.text("\\$"),
        }
    }

    pub fn formula(&mut self, inside: Span, out: &mut Flow) {
        self.needs(inside);
        out.apart(&math::inline(self.source.slice(inside)), '$');
    }

    pub fn display(&mut self, inside: Span, out: &mut Flow) {
        self.needs(inside);
        let body = math::display(self.source.slice(inside));
        if !body.is_empty() {
            out.push(Block::Math(body));
        }
    }

    /// Notes the macros of a formula.
    pub fn needs(&mut self, formula: Span) {
        if self.facts.definitions.is_empty() {
            return;
        }
        for token in self.source.tokens_in(formula) {
            let name = self.source.text.get(token.at..token.end).unwrap_or_default();
            let found = self.facts.defined.get(name).and_then(|at| self.needed.get_mut(*at));
            if let Some(needed) = found {
                *needed = true;
            }
        }
    }

    /// The definitions that formulas need, and those that these need, in the order of the source.
    pub fn definitions(&self) -> Vec<&str> {
        let mut needed: Vec<&str> = Vec::new();
        // Only a text that wants to keep us busy has more; then a definition may lack one that it needs.
        let few = self.facts.definitions.len() <= DEFINITIONS_MAX;
        for (at, definition) in self.facts.definitions.iter().enumerate().rev() {
            if self.needed.get(at).is_some_and(|needed| *needed)
                || (few && needed.iter().any(|later| uses(later, definition.name)))
            {
                needed.push(&definition.source);
            }
        }
        needed.reverse();
        needed
    }

    /// Whether a span can stand in a sentence: no paragraphs, no displays, no lists.
    pub fn is_inline(&self, span: Span) -> bool {
        let text = self.source.slice(span);
        !has_blank_line(text)
            && !text.contains("$$")
            && self.source.tokens_in(span).iter().all(|token| match token.kind {
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
}

/// Finds the end of a formula and moves behind it. A formula has none of its kind inside, and no empty line; models
/// write these in `\[…\]` all the same.
pub fn formula(cursor: &mut Cursor<'_, '_>, closing: Closing) -> Option<Span> {
    let start = cursor.span;
    let mut ahead = cursor.clone();
    loop {
        if closing != Closing::Command("]") && has_blank_line(ahead.gap()) {
            return None;
        }
        let Piece::Token(token, number) = ahead.advance()? else { continue };
        let closes = match (token.kind, closing) {
            (Kind::Dollar, Closing::Dollar) => true,
            (Kind::Dollar, Closing::Dollars) => {
                ahead.peek().is_some_and(|(token, _)| token.kind == Kind::Dollar)
            }
            (Kind::Command(name), Closing::Command(end)) if name == end => true,
            (Kind::Command("(" | "["), _) => return None,
            (Kind::Open | Kind::Begin(_), _) => {
                ahead.enter(number);
                false
            }
            _ => false,
        };
        if closes {
            if closing == Closing::Dollars {
                ahead.advance();
            }
            let inside = Span { at: start.at, end: token.at, token: start.token, token_end: number };
            *cursor = ahead;
            return Some(inside);
        }
    }
}

/// Whether a definition uses the command `name`, and not only one whose name begins so.
fn uses(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(at, _)| {
        !source
            .get(at + name.len()..)
            .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_alphabetic()))
    })
}

/// An empty line that ends a paragraph.
fn has_blank_line(text: &str) -> bool {
    let lines = text.split('\n').count();
    text.split('\n').enumerate().any(|(at, line)| at > 0 && at + 1 < lines && line.trim().is_empty())
}

/// Text between two tokens: comments go, empty lines end the paragraph.
fn text(gap: &str, out: &mut Flow) {
    let last = gap.split('\n').count().saturating_sub(1);
    let mut sentence = String::new();
    // A comment takes its line end and the blanks after it along.
    let mut joined = true;
    for (at, line) in gap.split('\n').enumerate() {
        let (words, comment) = line.split_once('%').map_or((line, false), |(words, _)| (words, true));
        if at > 0 && at < last && !comment && words.trim().is_empty() {
            out.text(&escape(&typeset(&sentence)));
            sentence.clear();
            out.end_paragraph();
            joined = true;
            continue;
        }
        if at > 0 && !joined {
            sentence.push(' ');
        }
        sentence.push_str(if at > 0 && joined { words.trim_start() } else { words });
        joined = comment;
    }
    out.text(&escape(&typeset(&sentence)));
}
