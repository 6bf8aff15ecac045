//! `&`, `#`, `_` and `^` in running text, headings of Markdown and entities of HTML: pdflatex stops at each of them.
//!
//! Changed is only what stands where it is certainly text. A document that gives such characters another meaning is left
//! alone.

use crate::balance::balance;
use crate::edits::Edits;
use crate::modes::{Mode, pieces};
use crate::opening::Balance;
use crate::own;

/// What gives them, or the text around them, another meaning.
const MEANINGS: &str = "underscore|catcode|ExplSyntaxOn|ShortVerb|MakeShortInline|lstMakeShort|def\\|def \\|\\let\\|\\let \\|\\halign|\\newactivechar|\\input|\\csname";
/// Each in text and in a formula.
const ENTITIES: [(&str, &str, &str); 5] = [
    ("&lt;", "$<$", "<"),
    ("&gt;", "$>$", ">"),
    ("&amp;", "\\&", "&"),
    ("&nbsp;", "~", "~"),
    ("&quot;", "''", "''"),
];

/// A longer group in braces is no index.
const GROUP_BYTES_MAX: usize = 80;

/// The document with these escaped or set as what they mean, and the line of the first; `None` when there are none.
pub(crate) fn escape(latex: &str) -> Option<(String, u32)> {
    let (better, line) = once(latex)?;
    // What stood behind a percentage was a comment.
    Some((once(&better).map_or(better, |(best, _)| best), line))
}

fn once(latex: &str) -> Option<(String, u32)> {
    if MEANINGS.split('|').any(|meaning| latex.contains(meaning)) || own::commands(latex).is_none() {
        return None;
    }
    let is_balanced = balance(latex) == Balance::default();
    let mut edits = Edits::new(latex);
    for piece in pieces(latex) {
        let text = latex.get(piece.at..piece.end).unwrap_or_default();
        let in_row = match piece.mode {
            Mode::Text { in_row } => in_row,
            Mode::Break => {
                edits.replace(piece.at, piece.end, "\\leavevmode".to_owned(), piece.line);
                continue;
            }
            Mode::Math if text.contains('&') => {
                let plain = ENTITIES
                    .iter()
                    .fold(text.to_owned(), |text, (entity, _, plain)| text.replace(entity, plain));
                if plain != text {
                    edits.replace(piece.at, piece.end, plain, piece.line);
                }
                continue;
            }
            _ => continue,
        };
        let behind = latex.get(piece.end..).unwrap_or_default();
        let is_percentage = behind.starts_with('%')
            && !is_set(latex, piece.at, text)
            && hides_text(text, behind, in_row, is_balanced);
        if !is_percentage && !text.contains(['&', '#', '_', '^']) {
            continue;
        }
        let starts_line = piece.at == 0 || latex.get(..piece.at).is_some_and(|before| before.ends_with('\n'));
        let whole_line = behind.starts_with('\n') || behind.is_empty();
        // The group of an index: `u_{n}`.
        let behind = behind.get(..behind.floor_char_boundary(GROUP_BYTES_MAX)).unwrap_or_default();
        let (mut escaped, takes_group) = match heading(text).filter(|_| starts_line && whole_line && !in_row)
        {
            Some((command, title)) => (format!("{command}{{{}}}", in_text(title, false, "").0), false),
            None => in_text(text, in_row, behind),
        };
        if is_percentage {
            escaped.push('\\');
        }
        if escaped != text {
            let mut end = piece.end;
            if takes_group {
                let group = behind.split_inclusive('}').next().unwrap_or_default();
                escaped.push_str(group);
                escaped.push('$');
                end += group.len();
            }
            edits.replace(piece.at, end, escaped, piece.line);
        }
    }
    edits.finish()
}

/// Whether the number is what a command directly before it is set to, as in `\looseness=-1%`.
fn is_set(latex: &str, at: usize, text: &str) -> bool {
    text.trim_start().starts_with(|first: char| {
        first == '=' || first == '-' || first.is_ascii_digit() && !text.starts_with(' ')
    }) && latex.get(..at).is_some_and(|before| before.ends_with(|last: char| last.is_ascii_alphabetic()))
}

/// Whether a comment behind `text` is no comment, but the rest of a line behind a percentage.
fn hides_text(text: &str, comment: &str, in_row: bool, is_balanced: bool) -> bool {
    let number = text.trim_end_matches(['~', ' ']);
    let rest = comment.split('\n').next().unwrap_or_default().get(1..).unwrap_or_default();
    let (opened, closed) = (rest.matches('{').count(), rest.matches('}').count());
    let closes = closed > opened;
    // What is whole without the comment would not be with it.
    let is_apart = opened == closed
        && rest.matches('$').count() % 2 == 0
        && !["\\begin{", "\\end{"].iter().any(|mark| rest.contains(mark));
    // The marker of a page.
    if is_balanced && !is_apart || rest.trim_start().starts_with("page ") {
        return false;
    }
    let ends_row = in_row && rest.trim_end().ends_with("\\\\");
    number.ends_with(|last: char| last.is_ascii_digit())
        && (closes
            || ends_row
            || [" de ", " d'", " des ", " du ", " of "].iter().any(|word| rest.starts_with(word))
            || number.len() == text.len()
                && rest.chars().next().is_some_and(|first| " ,.;:)".contains(first))
                && rest.contains(char::is_alphabetic))
}

fn heading(text: &str) -> Option<(&'static str, &str)> {
    let title = text.trim_start_matches('#');
    let command = match text.len() - title.len() {
        1 | 2 => "\\section*",
        3 | 4 => "\\subsection*",
        _ => return None,
    };
    title.starts_with(' ').then_some((command, title.trim()))
}

/// The text, and whether a formula at its end goes on with the group behind it.
fn in_text(text: &str, in_row: bool, behind: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut takes_group = false;
    while let Some(at) = rest.find(['&', '#', '_', '^']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        if let Some((entity, text, _)) = ENTITIES.iter().find(|(entity, ..)| from.starts_with(entity)) {
            out.push_str(text);
            rest = from.get(entity.len()..).unwrap_or_default();
            continue;
        }
        let after = from.get(1..).unwrap_or_default();
        rest = after;
        match from.as_bytes().first() {
            Some(b'&') if in_row => out.push('&'),
            Some(b'&') => out.push_str("\\&"),
            Some(b'#') => out.push_str("\\#"),
            mark => {
                let mark = if mark == Some(&b'^') { '^' } else { '_' };
                (rest, takes_group) = script(&mut out, mark, after, behind);
            }
        }
    }
    out.push_str(rest);
    (out, takes_group)
}

/// An index or an exponent in text becomes a formula with what it stands at; what is no index is escaped. Returns what
/// follows, and whether the index is the group behind the text.
fn script<'a>(out: &mut String, mark: char, after: &'a str, behind: &str) -> (&'a str, bool) {
    let base = out.len() - out.trim_end_matches(|char: char| char.is_ascii_alphanumeric()).len();
    let letters = out.get(out.len() - base..).unwrap_or_default().to_owned();
    let length = after.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(after.len());
    let group = behind.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(inner, _)| inner);
    let in_group = after.is_empty()
        && group.is_some_and(|inner| {
            !inner.is_empty()
                && inner.chars().all(|char| char.is_ascii_alphanumeric() || "+-=,/".contains(char))
        });
    let is_number = after
        .get(..length)
        .is_some_and(|script| !script.is_empty() && script.bytes().all(|byte| byte.is_ascii_digit()));
    let is_index = in_group || length == 1 || is_number;
    if !is_index
        || (mark == '_' && base != 1)
        || (mark == '^' && letters.len() > 4 && !letters.bytes().all(|byte| byte.is_ascii_digit()))
    {
        out.push_str(if mark == '^' { "\\^{}" } else { "\\_" });
        return (after, false);
    }
    out.truncate(out.len() - base);
    let letters = if letters.len() > 1 && letters.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        format!("\\mathrm{{{letters}}}")
    } else {
        letters
    };
    if in_group {
        out.push_str(&format!("${letters}{mark}"));
        return ("", true);
    }
    let (index, rest) = after.split_at_checked(length).unwrap_or((after, ""));
    out.push_str(&format!("${letters}{mark}{{{index}}}$"));
    (rest, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        format!("\\documentclass{{article}}\n\\begin{{document}}\n{text}\n\\end{{document}}\n")
    }

    fn check(text: &str, expected: &str) {
        let escaped = escape(&body(text)).map_or_else(|| body(text), |(latex, _)| latex);
        assert_eq!(escaped, body(expected), "{text}");
    }

    #[test]
    fn what_is_certainly_text_is_escaped() {
        check("Dupont & Cie, do#", "Dupont \\& Cie, do\\#");
        check("mon_fichier et \\definecolor{nb_max}", "mon\\_fichier et \\definecolor{nb_max}");
        check("u_n et 10^3", "$u_{n}$ et $10^{3}$");
        check("u_{n+1} et 10^{3}", "$u_{n+1}$ et $10^{3}$");
        check("25 cm^2, 1^{er}", "25 $\\mathrm{cm}^{2}$, $1^{er}$");
        check("## Titre #1\n# Un", "\\section*{Titre \\#1}\n\\section*{Un}");
        check("2 &lt; 3 &amp; 5", "2 $<$ 3 \\& 5");
        check("\\textbf{a_bc} \\section{x & y}", "\\textbf{a\\_bc} \\section{x \\& y}");
        check("\\begin{tabular}{cc}a & b_1\\end{tabular}", "\\begin{tabular}{cc}a & $b_{1}$\\end{tabular}");
    }

    #[test]
    fn a_comment_that_keeps_a_document_whole_stays() {
        check("\\textbf{12%}\n}", "\\textbf{12%}\n}");
        check("\\looseness=-1% gagne une ligne\na", "\\looseness=-1% gagne une ligne\na");
        check("suite 3% page 3\na", "suite 3% page 3\na");
        check("\\quad 12% de", "\\quad 12\\% de");
        check("12% de \\textbf{x", "12% de \\textbf{x");
        check("12% de \\begin{center}", "12% de \\begin{center}");
        check("\\textbf{12%} x", "\\textbf{12\\%} x");
        check("12% de \\textbf{x}", "12\\% de \\textbf{x}");
    }

    #[test]
    fn what_may_be_something_else_stays() {
        for text in [
            "$a_1 & b$ \\[x^2\\] \\label{a_b} \\ref{a_b} \\url{a_b#c&d}",
            "\\begin{tikzpicture}\\node (a_1) {};\\end{tikzpicture}",
            "\\begin{align}a &= b_1\\end{align} \\ce{H_2O} \\chemfig{A_1}",
            "\\verb|a_b| \\lstinline|a_b| \\includegraphics[a_b]{a_b}",
            "\\begin{verbatim}\n# a_b & c\n\\end{verbatim}\n% a_b",
            "\\def\\x#1{a_b} a_b",
            "\\let\\x\\[ \\x a_b",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn commands_of_the_document_s_own_begin_and_end_formulas() {
        let own = "\\newcommand{\\be}{\\begin{equation}}\n\\newcommand{\\ee}{\\end{equation}}\n";
        let check = |own: &str, text: &str, expected: Option<&str>| {
            let latex = |text| format!("{own}\\begin{{document}}\n{text}\n\\end{{document}}");
            assert_eq!(escape(&latex(text)).map(|(latex, _)| latex), expected.map(latex), "{text}");
        };
        check(own, "\\be a_1 & b \\ee", None);
        check(own, "\\be a_1 \\ee a_bc", Some("\\be a_1 \\ee a\\_bc"));
        check("\\newcommand{\\x}{$\\left(}\n", "\\x a_1\\right)$ a_b", None);
    }
}
