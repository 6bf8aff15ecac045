//! What is open while a source is read, token by token.
//!
//! A closing that matches something further out closes all that is inside it. Only `\end` reaches over an
//! environment, so that one stray brace does not undo a document.

use std::collections::BTreeMap;

use crate::arguments::{Arguments, Content};
use crate::modes::is_formula;
use crate::opening::{Balance, Mismatch, Opening};
use crate::tokens::{Kind, Token};

/// Openings nested deeper than this are not followed.
const DEPTH_MAX: usize = 10_000;

/// What is open at a place, up to the innermost environment: no closing has to search for its opening.
#[derive(Debug, Clone, Copy, Default)]
struct Scope {
    group: bool,
    inline: bool,
    display: bool,
    parenthesis: bool,
    bracket: bool,
    left: bool,
    /// Inside of columns or of a definition.
    content: Option<Content>,
}

impl Scope {
    /// Whether `opening` is open; environments are counted elsewhere.
    fn flag(&mut self, opening: Opening<'_>) -> Option<&mut bool> {
        Some(match opening {
            Opening::Group => &mut self.group,
            Opening::Inline => &mut self.inline,
            Opening::Display => &mut self.display,
            Opening::Parenthesis => &mut self.parenthesis,
            Opening::Bracket => &mut self.bracket,
            Opening::Left => &mut self.left,
            Opening::Environment(_) => return None,
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    opening: Opening<'a>,
    line: u32,
    /// With this entry in it.
    scope: Scope,
    /// The arguments behind this group.
    rest: Option<Arguments>,
}

#[derive(Debug, Default)]
pub(crate) struct Nesting<'a> {
    source: &'a str,
    entries: Vec<Entry<'a>>,
    /// How many environments of each name are in `entries`.
    environments: BTreeMap<&'a str, usize>,
    mismatches: Vec<Mismatch<'a>>,
    /// The groups that may follow as arguments, and the end of the token before them.
    arguments: Option<Arguments>,
    end: usize,
}

impl<'a> Nesting<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { source, ..Self::default() }
    }

    pub(crate) fn finish(self) -> Balance<'a> {
        let open = self.entries.iter().map(|entry| (entry.opening, entry.line)).collect();
        Balance { open, mismatches: self.mismatches }
    }

    /// Reads a token, which is `doubled` when a dollar follows it directly. Returns the formula that it opens or
    /// closes, if it is a dollar.
    pub(crate) fn token(&mut self, token: &Token<'a>, doubled: bool) -> Option<Opening<'a>> {
        let gap = self.source.get(self.end..token.at).unwrap_or_default();
        let arguments = self.arguments.take().filter(|_| Arguments::go_on_after(gap));
        let content = self.scope().content;
        let defines = content == Some(Content::Definition);
        self.end = token.end;
        match token.kind {
            Kind::Open => self.open_group(token, arguments),
            Kind::Close => self.close(Opening::Group, token),
            // `document` ends a definition that lacks its closing brace.
            Kind::Begin(name) if !defines || name == "document" => {
                self.open(Opening::Environment(name), token);
            }
            Kind::End(name) if !defines || name == "document" => {
                self.close(Opening::Environment(name), token);
            }
            Kind::Dollar if content.is_none() => return Some(self.dollar(token, doubled)),
            Kind::Command("(") if !defines => self.open(Opening::Parenthesis, token),
            Kind::Command(")") if !defines => self.close(Opening::Parenthesis, token),
            Kind::Command("[") if !defines => self.open(Opening::Bracket, token),
            Kind::Command("]") if !defines => self.close(Opening::Bracket, token),
            Kind::Command("left") if !defines => self.open(Opening::Left, token),
            Kind::Command("right") if !defines => self.close(Opening::Left, token),
            _ => {}
        }
        match token.kind {
            Kind::Open | Kind::Close => {}
            Kind::Command(_) => {
                self.arguments = Arguments::of(token.kind).or(arguments.and_then(Arguments::rest));
            }
            kind => self.arguments = Arguments::of(kind),
        }
        None
    }

    pub(crate) fn innermost(&self) -> Option<Opening<'a>> {
        self.entries.last().map(|entry| entry.opening)
    }

    /// Whether a formula is open in which no display may begin.
    pub(crate) fn in_formula(&self) -> bool {
        let scope = self.scope();
        let in_environment = match self.innermost() {
            Some(Opening::Environment(name)) => is_formula(name) && !name.starts_with("gather"),
            _ => false,
        };
        in_environment || scope.inline || scope.display || scope.parenthesis || scope.bracket
    }

    /// Whether the innermost of what is open is a displayed formula.
    pub(crate) fn in_display(&self) -> bool {
        self.entries.last().is_some_and(|entry| match entry.opening {
            Opening::Environment(name) => is_formula(name),
            opening => matches!(opening, Opening::Display | Opening::Bracket),
        })
    }

    fn scope(&self) -> Scope {
        self.entries.last().map(|entry| entry.scope).unwrap_or_default()
    }

    fn dollar(&mut self, token: &Token<'a>, doubled: bool) -> Opening<'a> {
        let mut scope = self.scope();
        let formula = if doubled && !scope.inline { Opening::Display } else { Opening::Inline };
        match scope.flag(formula) {
            Some(true) => self.close(formula, token),
            _ => self.open(formula, token),
        }
        formula
    }

    /// A group that is text keeps the dollars in it apart from those around it.
    fn open_group(&mut self, token: &Token<'a>, arguments: Option<Arguments>) {
        let depth = self.entries.len();
        self.open(Opening::Group, token);
        let Some(entry) = self.entries.get_mut(depth) else { return };
        match arguments.map(|arguments| arguments.content) {
            Some(Content::Text) => (entry.scope.inline, entry.scope.display) = (false, false),
            content => entry.scope.content = entry.scope.content.or(content),
        }
        entry.rest = arguments.and_then(Arguments::rest);
    }

    fn open(&mut self, opening: Opening<'a>, token: &Token<'_>) {
        if self.entries.len() >= DEPTH_MAX {
            return;
        }
        let mut scope = self.scope();
        match scope.flag(opening) {
            Some(flag) => *flag = true,
            None => scope = Scope::default(),
        }
        if let Opening::Environment(name) = opening {
            *self.environments.entry(name).or_default() += 1;
        }
        self.entries.push(Entry { opening, line: token.line, scope, rest: None });
    }

    fn close(&mut self, wanted: Opening<'a>, token: &Token<'_>) {
        let is_open = match wanted {
            Opening::Environment(name) => self.environments.get(name).is_some_and(|count| *count > 0),
            _ => self.scope().flag(wanted).is_some_and(|flag| *flag),
        };
        if !is_open {
            return self.mismatches.push(Mismatch::Close(wanted, token.line));
        }
        while let Some(entry) = self.entries.pop() {
            if let Opening::Environment(name) = entry.opening
                && let Some(count) = self.environments.get_mut(name)
            {
                *count = count.saturating_sub(1);
            }
            if entry.opening == wanted {
                self.arguments = entry.rest;
                return;
            }
            self.mismatches.push(Mismatch::Open(entry.opening, entry.line));
        }
    }
}
