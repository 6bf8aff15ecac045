//! Reads LaTeX into blocks: text, groups, formulas (`formula.rs`), commands (`perform.rs`) and environments
//! (`environment.rs`).

use std::collections::BTreeMap;

use super::block::{Block, flatten};
use super::commands::{Meaning, Style, meaning};
use super::cursor::{Cursor, Piece};
use super::facts::Facts;
use super::flow::Flow;
use super::macros::Macros;
use super::numbering::Enumerations;
use super::source::{Source, Span};
use crate::tokens::{Kind, Token};

/// Deeper nesting stays LaTeX: each level costs stack here, and no document has so many.
pub(super) const DEPTH_MAX: usize = 40;

#[derive(Debug)]
pub(super) struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    facts: Facts<'a>,
    macros: Macros<'a>,
    footnotes: Vec<String>,
    /// By counter: the last number given.
    counters: BTreeMap<&'a str, usize>,
    enumerations: Enumerations,
    /// Emphasis around the place that is read.
    styles: Vec<Style>,
    depth: usize,
}

impl<'s, 'a> Reader<'s, 'a> {
    pub(super) fn new(source: &'s Source<'a>) -> Self {
        Self {
            source,
            facts: Facts::of(source),
            macros: Macros::of(source),
            footnotes: Vec::new(),
            counters: BTreeMap::new(),
            enumerations: Enumerations::new(DEPTH_MAX),
            styles: Vec::new(),
            depth: 0,
        }
    }

    /// Reads a span as blocks.
    pub(super) fn blocks(&mut self, span: Span) -> Vec<Block> {
        let mut flow = Flow::default();
        self.flow(span, &mut flow);
        flow.finish()
    }

    /// Reads a span as one line.
    pub(super) fn line(&mut self, span: Span) -> String {
        flatten(&self.blocks(span))
    }

    /// Reads a span into what has been read before it.
    pub(super) fn flow(&mut self, span: Span, out: &mut Flow) {
        if self.depth >= DEPTH_MAX {
            return as_source(self.source.slice(span), out);
        }
        self.depth += 1;
        let mut cursor = Cursor::new(self.source, span);
        while let Some(piece) = cursor.advance() {
            match piece {
                Piece::Text(gap) => out.latex(gap),
                Piece::Token(token, number) => self.token(token, number, &mut cursor, out),
            }
        }
        self.depth -= 1;
    }

    fn token(&mut self, token: Token<'a>, number: usize, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        match token.kind {
            Kind::Open => {
                if let Some(inside) = cursor.enter(number) {
                    self.group(inside, cursor, out);
                }
            }
            Kind::Begin(name) => {
                if let Some(inside) = cursor.enter(number) {
                    self.environment(name, inside, out);
                }
            }
            // Closes nothing: the lint of the LaTeX reports it.
            Kind::Close | Kind::End(_) => {}
            Kind::Dollar | Kind::Command("(" | "[") => self.formula(token.kind, cursor, out),
            Kind::Command(_) => self.command(token, cursor, out),
        }
    }

    /// A group; `{\bf …}` and its like are emphasis.
    fn group(&mut self, inside: Span, after: &Cursor<'_, '_>, out: &mut Flow) {
        let mut cursor = Cursor::new(self.source, inside);
        let mut style = None;
        loop {
            cursor.skip_blanks();
            let Some(Token { kind: Kind::Command(name), .. }) = cursor.peek() else { break };
            match meaning(name) {
                Some(Meaning::Declaration(declared)) => style = Some(declared),
                Some(Meaning::Drop(0)) => {}
                _ => break,
            }
            cursor.advance();
        }
        match style {
            Some(style) => self.styled(style, cursor.rest(), after.next_char(), out),
            None => self.flow(inside, out),
        }
    }

    pub(super) fn source(&self) -> &'s Source<'a> {
        self.source
    }

    pub(super) fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// What `\maketitle` prints, once: LaTeX prints it once too, and a title may name the command in itself.
    pub(super) fn take_title(&mut self) -> Option<Span> {
        self.facts.title.take()
    }

    /// Reads `span` as a footnote, and returns its number.
    pub(super) fn footnote(&mut self, span: Span) -> usize {
        let at = self.footnotes.len();
        self.footnotes.push(String::new());
        let text = self.line(span);
        if let Some(footnote) = self.footnotes.get_mut(at) {
            *footnote = text;
        }
        at + 1
    }

    pub(super) fn footnotes(&self) -> &[String] {
        &self.footnotes
    }

    /// Notes that a formula is written, with the commands in it.
    pub(super) fn need(&mut self, formula: Span) {
        self.macros.need(self.source, formula);
    }

    /// The definitions that the formulas need.
    pub(super) fn definitions(&self) -> Vec<&str> {
        self.macros.needed()
    }

    /// The next number of a counter.
    pub(super) fn count(&mut self, counter: &'a str) -> usize {
        let number = self.counters.entry(counter).or_default();
        *number = number.saturating_add(1);
        *number
    }

    pub(super) fn enumerations(&mut self) -> &mut Enumerations {
        &mut self.enumerations
    }

    pub(super) fn is_within(&self, style: Style) -> bool {
        self.styles.contains(&style)
    }

    /// Reads something that stands within emphasis.
    pub(super) fn within<T>(&mut self, style: Style, read: impl FnOnce(&mut Self) -> T) -> T {
        self.styles.push(style);
        let read = read(self);
        self.styles.pop();
        read
    }
}

/// LaTeX that Markdown cannot express.
fn as_source(source: &str, out: &mut Flow) {
    if source.trim().contains('\n') {
        out.push(Block::latex(source));
    } else {
        out.code(source);
    }
}
