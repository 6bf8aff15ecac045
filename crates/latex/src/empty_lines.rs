//! Empty lines in displayed formulas: each ends a paragraph, at which TeX stops.

use crate::balance::balance;
use crate::edits::Edits;
use crate::nesting::Nesting;
use crate::opening::{Balance, Opening};
use crate::tokens::{Kind, tokens};

/// The document without them, and the line of the first; `None` when there are none, or when it is not certain where the
/// formulas are.
pub(crate) fn remove(latex: &str) -> Option<(String, u32)> {
    if balance(latex) != Balance::default() {
        return None;
    }
    let all = tokens(latex);
    let mut nesting = Nesting::new(latex);
    let mut edits = Edits::new(latex);
    let mut skip = false;
    for (index, token) in all.iter().enumerate() {
        let next = all.get(index + 1);
        if !std::mem::take(&mut skip) {
            let doubled = next.is_some_and(|next| next.kind == Kind::Dollar && next.at == token.at + 1);
            skip = nesting.token(token, doubled) == Some(Opening::Display);
        }
        let (Some(next), true) = (next, nesting.in_display()) else { continue };
        let gap = latex.get(token.end..next.at).unwrap_or_default();
        let Some((rest_of_line, lines)) = gap.split_once('\n') else { continue };
        let Some((lines, begun)) = lines.rsplit_once('\n') else { continue };
        if lines.split('\n').all(|line| !line.trim().is_empty()) {
            continue;
        }
        let mut out = rest_of_line.to_owned();
        for line in lines.split('\n').filter(|line| !line.trim().is_empty()) {
            out.push('\n');
            out.push_str(line);
        }
        out.push('\n');
        out.push_str(begun);
        edits.replace(token.end, next.at, out, token.line);
    }
    edits.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_are_removed_in_displayed_formulas_only() {
        let check = |latex: &str, expected: Option<&str>| {
            assert_eq!(remove(latex).map(|(latex, _)| latex).as_deref(), expected, "{latex}");
        };
        check("\\[\n\na\n \n\n= b\n\\]\n\nc\n\nd\\x", Some("\\[\na\n= b\n\\]\n\nc\n\nd\\x"));
        check(
            "\\begin{align*}\na &= b \\\\\n% x\n\n &= c\n\\end{align*}",
            Some("\\begin{align*}\na &= b \\\\\n% x\n &= c\n\\end{align*}"),
        );
        check("$$a\n\n$$", Some("$$a\n$$"));
        check("\\[\na\n\\]", None);
        check("5$ et\n\n10$ {a\n\nb}", None);
        check("\\begin{verbatim}\n\\[\n\n\\]\n\\end{verbatim} \\begin{center}\n\na\\end{center}", None);
        check("\\[\\parbox{3cm}{a\n\nb}\\]", None);
        check("\\[\na\n\n", None);
    }
}
