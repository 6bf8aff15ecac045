//! What is opened and not closed, or closed and not opened: groups, environments, formulas.

use crate::nesting::Nesting;
use crate::opening::{Balance, Opening};
use crate::tokens::{Kind, tokens};

/// Walks over `source` once, with constant work for each token.
pub(crate) fn balance(source: &str) -> Balance<'_> {
    let mut nesting = Nesting::new(source);
    let all = tokens(source);
    let mut rest = all.iter().peekable();
    while let Some(token) = rest.next() {
        let doubled = rest.peek().is_some_and(|next| next.kind == Kind::Dollar && next.at == token.at + 1);
        if nesting.token(token, doubled) == Some(Opening::Display) {
            rest.next();
        }
    }
    nesting.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opening::Mismatch;

    #[test]
    fn a_balanced_source_has_no_mismatch() {
        for source in [
            "",
            r"\frac{1}{2}",
            "$a$ $$b$$ $c$$d$",
            r"\[x\] \(y\)",
            r"\begin{a}{\begin{b}\end{b}}\end{a}",
            r"\{ \$ \\[2pt]",
            r"$\text{if $x$}$ $$a \mbox{ si } \parbox{3cm}{$x$}$$",
            r"$\text{a \textbf{$b$} $c$} \frac{\text{$d$}}{2}$",
            r"\begin{tabular}[t]{>{$}c<{$}|c} a & $b$ \\ \multicolumn{2}{>{$}c<{$}}{$x$} \end{tabular}",
            r"\begin{tabularx}{\linewidth}{>{$}X<{$}}a\end{tabularx}",
            r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}",
            r"\newcommand*\be[1][x]{\begin{equation}$}\def\ee#1{\]\end{equation}} $x$",
            r"\newenvironment{exo}[1][]{\begin{quote}$}{$\end{quote}} $x$",
        ] {
            assert_eq!(balance(source), Balance::default(), "{source}");
        }
    }

    #[test]
    fn what_does_not_match_is_named_with_its_line() {
        let check = |source: &str, mismatches: Vec<Mismatch<'_>>, open: &[Opening<'_>]| {
            let balance = balance(source);
            let still: Vec<Opening<'_>> = balance.open.into_iter().map(|(opening, _)| opening).collect();
            assert_eq!((balance.mismatches, still.as_slice()), (mismatches, open), "{source}");
        };
        let group = Mismatch::Open(Opening::Group, 1);
        let inline = Mismatch::Open(Opening::Inline, 1);
        check("{", vec![], &[Opening::Group]);
        check("\n}", vec![Mismatch::Close(Opening::Group, 2)], &[]);
        check(r"\begin{a}{\end{a}", vec![group], &[]);
        check(r"\begin{a}}\end{a}", vec![Mismatch::Close(Opening::Group, 1)], &[]);
        check(
            r"\begin{a}\end{b}",
            vec![Mismatch::Close(Opening::Environment("b"), 1)],
            &[Opening::Environment("a")],
        );
        check("\\begin{a}\n\\begin{b}\n\\end{a}", vec![Mismatch::Open(Opening::Environment("b"), 2)], &[]);
        check("$x", vec![], &[Opening::Inline]);
        check("{$x}", vec![inline], &[]);
        check(r"$\text{if $x}$", vec![inline], &[]);
        check(r"$\frac{1}{2$ et $x$", vec![group], &[]);
        check(r"\(\text{a\) et \(b\)", vec![group], &[]);
        check(r"\newcommand{\x}{a $x$", vec![], &[Opening::Group]);
        check(r"\newcommand\x{a} {$} \section{$}", vec![inline, inline], &[]);
        check(r"\newcommand{\x}{\begin{document}$\end{document}", vec![inline], &[Opening::Group]);
        check(r"\begin{tabular}{c $x$ \end{tabular} $y", vec![group], &[Opening::Inline]);
    }
}
