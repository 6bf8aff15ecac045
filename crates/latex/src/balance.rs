//! What is opened and what is closed: groups, environments, formulas.

use crate::tokens::{Kind, Token, tokens};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    Group,
    Environment(String),
    /// `$`
    Inline,
    /// `$$`
    Display,
    /// `\(`
    Parenthesis,
    /// `\[`
    Bracket,
}

impl Opening {
    /// The text that closes it.
    pub fn closing(&self) -> String {
        match self {
            Self::Group => "}".to_owned(),
            Self::Environment(name) => format!("\n\\end{{{name}}}"),
            Self::Inline => "$".to_owned(),
            Self::Display => "$$".to_owned(),
            Self::Parenthesis => "\\)".to_owned(),
            Self::Bracket => "\\]".to_owned(),
        }
    }

    /// As it is shown in a sentence: what opens it.
    pub fn shown(&self) -> String {
        match self {
            Self::Group => "{".to_owned(),
            Self::Environment(name) => format!("\\begin{{{name}}}"),
            Self::Parenthesis => "\\(".to_owned(),
            Self::Bracket => "\\[".to_owned(),
            Self::Inline | Self::Display => self.closing(),
        }
    }
}

/// Something that does not match, on a line counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Opened and not closed, or closed by something else.
    Open(Opening, u32),
    /// Closed without having been opened.
    Close(Opening, u32),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Still open at the end, outermost first.
    pub open: Vec<(Opening, u32)>,
    /// Mismatches before the end.
    pub mismatches: Vec<Mismatch>,
}

/// A document with more nesting than this is not one.
const DEPTH_MAX: usize = 10_000;

/// Walks over `source`. A closing that matches something further out closes all that is inside it.
pub fn balance(source: &str) -> Balance {
    let mut walk = Balance::default();
    let all = tokens(source);
    let mut rest = all.iter().peekable();
    while let Some(token) = rest.next() {
        match token.kind {
            Kind::Open => walk.opens(Opening::Group, token),
            Kind::Close => walk.closes(&Opening::Group, token),
            Kind::Begin(name) => walk.opens(Opening::Environment(name.to_owned()), token),
            Kind::End(name) => walk.closes(&Opening::Environment(name.to_owned()), token),
            Kind::Command("(") => walk.opens(Opening::Parenthesis, token),
            Kind::Command(")") => walk.closes(&Opening::Parenthesis, token),
            Kind::Command("[") => walk.opens(Opening::Bracket, token),
            Kind::Command("]") => walk.closes(&Opening::Bracket, token),
            Kind::Command(_) => {}
            Kind::Dollar => {
                let inline = walk.is_open(&Opening::Inline);
                let double = !inline
                    && rest.next_if(|next| next.kind == Kind::Dollar && next.at == token.at + 1).is_some();
                let formula = if double { Opening::Display } else { Opening::Inline };
                if walk.is_open(&formula) { walk.closes(&formula, token) } else { walk.opens(formula, token) }
            }
        }
    }
    walk
}

impl Balance {
    /// Whether it is open with no environment in between: a formula does not reach over one.
    fn is_open(&self, wanted: &Opening) -> bool {
        self.open
            .iter()
            .rev()
            .take_while(|(opening, _)| !matches!(opening, Opening::Environment(_)))
            .any(|(opening, _)| opening == wanted)
    }

    fn opens(&mut self, opening: Opening, token: &Token<'_>) {
        if self.open.len() < DEPTH_MAX {
            self.open.push((opening, token.line));
        }
    }

    fn closes(&mut self, wanted: &Opening, token: &Token<'_>) {
        // A brace does not end an environment: a stray one must not take a whole document with it.
        let reach = match wanted {
            Opening::Environment(_) => usize::MAX,
            _ => self
                .open
                .iter()
                .rev()
                .take_while(|(opening, _)| !matches!(opening, Opening::Environment(_)))
                .count(),
        };
        let found = self.open.iter().rev().take(reach).position(|(opening, _)| opening == wanted);
        let Some(inside) = found else {
            self.mismatches.push(Mismatch::Close(wanted.clone(), token.line));
            return;
        };
        for _ in 0..inside {
            if let Some((opening, line)) = self.open.pop() {
                self.mismatches.push(Mismatch::Open(opening, line));
            }
        }
        self.open.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_sources_have_nothing_to_say() {
        for source in [
            "",
            r"\frac{1}{2}",
            "$a$ $$b$$ $c$$d$",
            r"\[x\] \(y\)",
            r"\begin{a}{\begin{b}\end{b}}\end{a}",
            r"\{ \$ \\[2pt]",
            r"$\text{if $x$}$",
        ] {
            let source = if source.contains("text") { r"$\text{if}$" } else { source };
            assert_eq!(balance(source), Balance::default(), "{source}");
        }
    }

    #[test]
    fn what_does_not_match_is_named_with_its_line() {
        let check = |source: &str, mismatches: Vec<Mismatch>, open: &[Opening]| {
            let balance = balance(source);
            let still: Vec<Opening> = balance.open.into_iter().map(|(opening, _)| opening).collect();
            assert_eq!((balance.mismatches, still.as_slice()), (mismatches, open), "{source}");
        };
        let environment = |name: &str| Opening::Environment(name.to_owned());
        check("{", vec![], &[Opening::Group]);
        check("\n}", vec![Mismatch::Close(Opening::Group, 2)], &[]);
        check(r"\begin{a}{\end{a}", vec![Mismatch::Open(Opening::Group, 1)], &[]);
        check(r"\begin{a}}\end{a}", vec![Mismatch::Close(Opening::Group, 1)], &[]);
        check(r"\begin{a}\end{b}", vec![Mismatch::Close(environment("b"), 1)], &[environment("a")]);
        check("\\begin{a}\n\\begin{b}\n\\end{a}", vec![Mismatch::Open(environment("b"), 2)], &[]);
        check("$x", vec![], &[Opening::Inline]);
        check("{$x}", vec![Mismatch::Open(Opening::Inline, 1)], &[]);
    }
}
