//! The commands that a document defines, and which of them its formulas need.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::source::{Source, Span};
use crate::tokens::{Kind, Token};

/// A definition with more bytes than this is not kept: definitions inside definitions would take quadratic space.
const DEFINITION_BYTES_MAX: usize = 2000;
/// In so many definitions each is searched for each; in more, a definition may lack one that it needs.
const SEARCHED_MAX: usize = 200;

#[derive(Debug)]
pub(super) struct Definition<'a> {
    /// With its backslash.
    name: &'a str,
    /// As MathJax and KaTeX know it.
    source: Cow<'a, str>,
    needed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Macros<'a> {
    /// In the order of the source.
    definitions: Vec<Definition<'a>>,
    /// By name: the last of `definitions`.
    last: BTreeMap<&'a str, usize>,
}

impl<'a> Macros<'a> {
    pub(super) fn of(source: &Source<'a>) -> Self {
        let mut macros = Self::default();
        for (number, token) in source.tokens.iter().enumerate() {
            if let Some(definition) = definition(source, *token, &mut Cursor::behind(source, number)) {
                macros.last.insert(definition.name, macros.definitions.len());
                macros.definitions.push(definition);
            }
        }
        macros
    }

    /// Notes the commands in a formula.
    pub(super) fn need(&mut self, source: &Source<'a>, formula: Span) {
        if self.definitions.is_empty() {
            return;
        }
        for token in source.tokens_in(formula) {
            let last = self.last.get(source.written(*token));
            if let Some(definition) = last.and_then(|at| self.definitions.get_mut(*at)) {
                definition.needed = true;
            }
        }
    }

    /// The definitions that formulas need, and those that these need, in the order of the source.
    pub(super) fn needed(&self) -> Vec<&str> {
        let mut needed: Vec<&str> = Vec::new();
        let searched = self.definitions.len() <= SEARCHED_MAX;
        for definition in self.definitions.iter().rev() {
            let used = || needed.iter().any(|later| uses(later, definition.name));
            if definition.needed || (searched && used()) {
                needed.push(&definition.source);
            }
        }
        needed.reverse();
        needed
    }
}

/// Moves over the definition behind the command `token`.
pub(super) fn definition<'a>(
    source: &Source<'a>,
    token: Token<'a>,
    cursor: &mut Cursor<'_, 'a>,
) -> Option<Definition<'a>> {
    let Kind::Command(command) = token.kind else { return None };
    if !matches!(command, "newcommand" | "renewcommand" | "providecommand" | "DeclareMathOperator" | "def") {
        return None;
    }
    cursor.take("*");
    let name = name(source, cursor)?;
    cursor.optional();
    cursor.optional();
    if command == "def" && cursor.gap().starts_with('#') {
        // The parameters of `\def\x#1#2{…}`.
        cursor.advance();
    }
    let body = source.slice(cursor.group()?);
    let end = cursor.rest().at;
    if end - token.at > DEFINITION_BYTES_MAX || !name.starts_with('\\') {
        return None;
    }
    let source = match command {
        "DeclareMathOperator" => format!("\\newcommand{{{name}}}{{\\operatorname{{{body}}}}}").into(),
        _ => source.between(token.at, end).into(),
    };
    Some(Definition { name, source, needed: false })
}

/// The name that is defined: `{\name}` or `\name`.
fn name<'a>(source: &Source<'a>, cursor: &mut Cursor<'_, 'a>) -> Option<&'a str> {
    if let Some(group) = cursor.group() {
        return Some(source.slice(group).trim()).filter(|name| name.len() <= DEFINITION_BYTES_MAX);
    }
    cursor.skip_blanks();
    let token = cursor.peek().filter(|token| matches!(token.kind, Kind::Command(_)))?;
    cursor.advance();
    Some(source.written(token))
}

/// Whether a definition uses the command `name`, and not only one whose name begins so.
fn uses(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(at, _)| {
        let after = source.get(at + name.len()..).unwrap_or_default();
        !after.starts_with(|next: char| next.is_ascii_alphabetic())
    })
}
