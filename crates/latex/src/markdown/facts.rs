//! What is known of a document before its body is read: title, language, levels of its sections, theorems.

use std::collections::BTreeMap;

use super::columns::{ColumnTypes, TYPES_MAX, columns};
use super::commands::{Meaning, meaning};
use super::cursor::Cursor;
use super::source::{Source, Span};
use crate::document::BEGIN_DOCUMENT;
use crate::tokens::Kind;

/// The name and the title of a theorem have no more bytes than this together: each use of it repeats them.
const THEOREM_BYTES_MAX: usize = 2000;

/// An environment made by `\newtheorem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Theorem<'a> {
    pub title: &'a str,
    /// What it counts with; `None`: it is not numbered, or numbered within sections.
    pub counter: Option<&'a str>,
}

#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    pub title: Option<Span>,
    pub author: Option<Span>,
    pub date: Option<Span>,
    english: bool,
    /// The outermost level of the document's sections.
    outermost: i8,
    /// `\maketitle` is there, and something to make it of.
    has_title: bool,
    theorems: Vec<Theorem<'a>>,
    /// By name, the last of this name: a map of theorems would be another 2 KB of a component.
    numbers: BTreeMap<&'a str, usize>,
    pub columns: ColumnTypes,
}

impl<'a> Facts<'a> {
    pub(super) fn of(source: &Source<'a>) -> Self {
        let preamble = source.text.split(BEGIN_DOCUMENT).next().unwrap_or_default();
        let french = preamble.contains("french") || preamble.contains("francais");
        let mut facts =
            Self { english: !french && preamble.contains("english"), outermost: i8::MAX, ..Self::default() };
        let mut makes_title = false;
        for (number, token) in source.tokens.iter().enumerate() {
            let Kind::Command(name) = token.kind else { continue };
            let mut cursor = Cursor::behind(source, number);
            match name {
                "title" => facts.title = titled(&mut cursor).or(facts.title),
                "author" => facts.author = titled(&mut cursor).or(facts.author),
                "date" => facts.date = titled(&mut cursor).or(facts.date),
                "maketitle" => makes_title = true,
                "newtheorem" => {
                    facts.theorem(source, &mut cursor);
                }
                "newcolumntype" => {
                    facts.column_type(source, &mut cursor);
                }
                _ => {
                    if let Some(Meaning::Section(level)) = meaning(name) {
                        facts.outermost = facts.outermost.min(level);
                    }
                }
            }
        }
        facts.has_title = makes_title && facts.title.is_some();
        facts
    }

    /// 1 to 6: the outermost sections are the first level, or the second below a title.
    pub(super) fn heading(&self, section: i8) -> u8 {
        let level = section.saturating_sub(self.outermost).saturating_add(1 + i8::from(self.has_title));
        u8::try_from(level.clamp(1, 6)).unwrap_or(6)
    }

    /// Of two words, the one in the language of the document.
    pub(super) fn word<'w>(&self, french: &'w str, english: &'w str) -> &'w str {
        if self.english { english } else { french }
    }

    /// The theorem that an environment of this name is.
    pub(super) fn named(&self, name: &str) -> Option<Theorem<'a>> {
        self.theorems.get(*self.numbers.get(name)?).copied()
    }

    /// `\newtheorem*{name}[counter]{title}[within]`
    fn theorem(&mut self, source: &Source<'a>, cursor: &mut Cursor<'_, 'a>) -> Option<()> {
        let unnumbered = cursor.take("*");
        let name = source.slice(cursor.group()?);
        let shared = cursor.optional();
        let title = source.slice(cursor.group()?);
        if name.len() + title.len() > THEOREM_BYTES_MAX {
            return None;
        }
        let within = cursor.optional().is_some();
        let own = shared.map_or(name, |shared| source.slice(shared)).trim();
        // A theorem that counts with another counts within what that one counts within.
        let counter = self.named(own).map_or(Some(own), |other| other.counter);
        let counter = counter.filter(|_| !unnumbered && !within);
        self.numbers.insert(name.trim(), self.theorems.len());
        self.theorems.push(Theorem { title: title.trim(), counter });
        Some(())
    }

    /// `\newcolumntype{M}[1]{>{$}c<{$}}`
    fn column_type(&mut self, source: &Source<'a>, cursor: &mut Cursor<'_, 'a>) -> Option<()> {
        let letter = source.slice(cursor.group()?).trim().chars().next()?;
        cursor.optional();
        let column = columns(source, cursor.group()?, &self.columns)?.first().copied()?;
        if self.columns.len() < TYPES_MAX {
            self.columns.push((letter, column));
        }
        Some(())
    }
}

/// `[short]{text}`
fn titled(cursor: &mut Cursor<'_, '_>) -> Option<Span> {
    cursor.optional();
    cursor.group()
}
