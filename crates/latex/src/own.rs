//! Commands of the document's own that begin or end something: `\newcommand{\be}{\begin{equation}}`.

use crate::tokens::{Kind, tokens};

/// More definitions are not read.
const DEFINITIONS_MAX: usize = 64;

/// Each such command, with what it begins or ends; `None` when a command does more than one of these, so that what looks
/// like text behind it may be none. What an environment of the document's own holds is never taken for text.
pub(crate) fn commands(latex: &str) -> Option<Vec<(&str, Kind<'_>)>> {
    let mut found = Vec::new();
    let mut definition = Definition::default();
    let mut depth = 0_u32;
    for token in tokens(latex) {
        match token.kind {
            Kind::Begin("document") => break,
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Command(name) if depth == 0 && name.to_ascii_lowercase().contains("command") => {
                found.extend(definition.take()?);
                definition.defines = true;
            }
            Kind::Command(_) if depth == 0 && definition.name.is_some() => {
                found.extend(definition.take()?);
            }
            Kind::Command(name) if definition.defines && definition.name.is_none() => {
                definition.name = Some(name);
            }
            kind if depth > 0 && definition.name.is_some() => definition.reads(kind),
            _ => {}
        }
    }
    found.extend(definition.take()?);
    (found.len() <= DEFINITIONS_MAX).then_some(found)
}

/// Whether the document gives an environment of LaTeX or of a class a meaning of its own: it is named where it is neither
/// begun nor ended, or its command is. A package of this name says nothing.
pub(crate) fn defines_environment(latex: &str, name: &str) -> bool {
    latex.match_indices(name).any(|(at, _)| {
        let before = latex.get(..at).unwrap_or_default();
        let next = latex.get(at + name.len()..).and_then(|rest| rest.bytes().next()).unwrap_or(b' ');
        match before.strip_suffix('{') {
            Some(before) => {
                let known = ["\\begin", "\\end", "ackage"].iter().any(|known| before.ends_with(known));
                next == b'}' && !known
            }
            None => before.ends_with('\\') && !next.is_ascii_alphabetic(),
        }
    })
}

/// Whether the document makes a character begin and end verbatim text, which is not known from its tokens.
pub(crate) fn has_short_verbatim(latex: &str) -> bool {
    latex.contains("ShortVerb") || latex.contains("ShortInline")
}

/// A definition that is read.
#[derive(Default)]
struct Definition<'a> {
    defines: bool,
    name: Option<&'a str>,
    /// What is open at its end, or ends something that is open before it.
    effects: Vec<Kind<'a>>,
    dollars: bool,
}

impl<'a> Definition<'a> {
    fn reads(&mut self, kind: Kind<'a>) {
        let begins = match kind {
            Kind::End(name) => Some(Kind::Begin(name)),
            Kind::Command("]") => Some(Kind::Command("[")),
            Kind::Command(")") => Some(Kind::Command("(")),
            Kind::Begin(_) | Kind::Command("[" | "(" | "bgroup") => None,
            Kind::Dollar => {
                self.dollars = !self.dollars;
                return;
            }
            _ => return,
        };
        if begins.is_some() && self.effects.last().copied() == begins {
            self.effects.pop();
        } else {
            self.effects.push(kind);
        }
    }

    /// The definition that was read before another one; `None` when its effects are not known.
    fn take(&mut self) -> Option<Option<(&'a str, Kind<'a>)>> {
        let Self { name, effects, dollars, .. } = std::mem::take(self);
        match (name, effects.as_slice(), dollars) {
            (Some(name), [effect], false) => Some(Some((name, *effect))),
            (None, ..) | (_, [], false) => Some(None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_begins_or_ends_is_known() {
        let check = |preamble: &str, expected: Option<&[(&str, Kind<'_>)]>| {
            let latex = format!("{preamble}\\begin{{document}}\\newcommand{{\\x}}{{\\[\\[}}");
            assert_eq!(commands(&latex).as_deref(), expected, "{preamble}");
        };
        check("", Some(&[]));
        check("\\newcommand{\\R}{\\mathbb{R}}\\newcommand*\\Q[1]{$#1$}", Some(&[]));
        check(
            "\\newcommand{\\be}[1]{\\begin{equation}\\label{#1}}\n\\renewcommand\\ee{\\end{equation}}",
            Some(&[("be", Kind::Begin("equation")), ("ee", Kind::End("equation"))]),
        );
        check("\\NewDocumentCommand{\\x}{m}{\\begin{center}#1\\end{center}}\\x{a}", Some(&[]));
        check("\\newcommand{\\x}{\\[}\\title{\\[\\[}", Some(&[("x", Kind::Command("["))]));
        check("\\newenvironment{x}{\\begin{equation}}{\\end{equation}}", Some(&[]));
        check("\\newcommand{\\x}{$}", None);
        check("\\newcommand{\\x}{\\begin{center}\\begin{tabular}{c}}", None);
        check("\\newcommand{\\x}{\\end{a}\\begin{a}}", None);
    }
}
