//! What a reader has to know of a document before it begins with its body: title, language, theorems, macros.

use std::collections::BTreeMap;

use super::commands::{Meaning, meaning};
use super::source::{Cursor, Source, Span};
use crate::tokens::{Kind, Token};

/// A name, a title or a definition with more bytes than this is not kept: definitions inside definitions would take
/// quadratic space.
const KEPT_BYTES_MAX: usize = 2000;

/// An environment made by `\newtheorem`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theorem<'a> {
    pub title: &'a str,
    /// What it counts with; `None`: it is not numbered, or numbered within sections.
    pub counter: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition<'a> {
    /// With its backslash.
    pub name: &'a str,
    /// As MathJax and KaTeX know it.
    pub source: String,
}

#[derive(Debug, Default)]
pub struct Facts<'a> {
    pub title: Option<Span>,
    pub author: Option<Span>,
    pub date: Option<Span>,
    pub english: bool,
    /// The outermost level of the document's sections.
    pub outermost: i8,
    /// `\maketitle` is there, and something to make it of.
    pub has_title: bool,
    pub theorems: Vec<Theorem<'a>>,
    /// By name: the last of [`Self::theorems`].
    pub declared: BTreeMap<&'a str, usize>,
    pub definitions: Vec<Definition<'a>>,
    /// By name: the last of [`Self::definitions`].
    pub defined: BTreeMap<&'a str, usize>,
}

impl<'a> Facts<'a> {
    pub fn of(source: &Source<'a>) -> Self {
        let preamble =
            source.text.split_once("\\begin{document}").map_or(source.text, |(preamble, _)| preamble);
        let mut facts = Self {
            english: !preamble.contains("french")
                && !preamble.contains("francais")
                && preamble.contains("english"),
            outermost: i8::MAX,
            ..Self::default()
        };
        let mut makes_title = false;
        for (number, token) in source.tokens.iter().enumerate() {
            let Kind::Command(name) = token.kind else { continue };
            let behind = Span { at: token.end, token: number + 1, ..source.whole() };
            let mut cursor = Cursor::new(source, behind);
            match name {
                "title" | "author" | "date" => {
                    cursor.optional();
                    let group = cursor.group();
                    match name {
                        "title" => facts.title = group.or(facts.title),
                        "author" => facts.author = group.or(facts.author),
                        _ => facts.date = group.or(facts.date),
                    }
                }
                "maketitle" => makes_title = true,
                "newtheorem" => facts.theorem(source, &mut cursor),
                "newcommand" | "renewcommand" | "providecommand" | "DeclareMathOperator" | "def" => {
                    if let Some(definition) = definition(source, token, &mut cursor) {
                        facts.defined.insert(definition.name, facts.definitions.len());
                        facts.definitions.push(definition);
                    }
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
    pub fn heading(&self, section: i8) -> u8 {
        let level = section.saturating_sub(self.outermost).saturating_add(1 + i8::from(self.has_title));
        u8::try_from(level.clamp(1, 6)).unwrap_or(6)
    }

    /// `\newtheorem*{name}[counter]{title}[within]`
    fn theorem(&mut self, source: &Source<'a>, cursor: &mut Cursor<'_, '_>) {
        let unnumbered = cursor.take("*");
        let Some(name) = cursor.group() else { return };
        let shared = cursor.optional();
        let Some(title) = cursor.group() else { return };
        if source.slice(name).len() + source.slice(title).len() > KEPT_BYTES_MAX {
            return;
        }
        let name = source.slice(name).trim();
        let within = cursor.optional().is_some();
        let own = shared.map_or(name, |shared| source.slice(shared).trim());
        // A theorem that counts with another counts within what that one counts within.
        let other = self.declared.get(own).and_then(|at| self.theorems.get(*at));
        let known = other.map_or(Some(own), |other| other.counter);
        let counter = if unnumbered || within { None } else { known };
        self.declared.insert(name, self.theorems.len());
        self.theorems.push(Theorem { title: source.slice(title).trim(), counter });
    }
}

/// Moves over the definition behind a `\newcommand` or its like.
pub fn definition<'a>(
    source: &Source<'a>,
    token: &Token<'a>,
    cursor: &mut Cursor<'_, 'a>,
) -> Option<Definition<'a>> {
    cursor.take("*");
    let name = match cursor.group() {
        Some(group) if group.end - group.at > KEPT_BYTES_MAX => return None,
        Some(group) => source.slice(group).trim(),
        None => {
            cursor.skip_blanks();
            match cursor.peek() {
                Some((Token { kind: Kind::Command(_), at, end, .. }, _)) => {
                    cursor.advance();
                    source.text.get(at..end)?
                }
                _ => return None,
            }
        }
    };
    cursor.optional();
    cursor.optional();
    if token.kind == Kind::Command("def") && cursor.gap().starts_with('#') {
        // The parameters of `\def\x#1#2{…}`.
        cursor.advance();
    }
    let body = cursor.group()?;
    if cursor.span.at - token.at > KEPT_BYTES_MAX {
        return None;
    }
    let text = match token.kind {
        Kind::Command("DeclareMathOperator") => {
            format!("\\newcommand{{{name}}}{{\\operatorname{{{}}}}}", source.slice(body))
        }
        _ => source.text.get(token.at..cursor.span.at).unwrap_or_default().to_owned(),
    };
    Some(Definition { name, source: text }).filter(|definition| definition.name.starts_with('\\'))
}
