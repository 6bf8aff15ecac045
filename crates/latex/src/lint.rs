//! What can be said of LaTeX without compiling it.

use crate::balance::balance;
use crate::finding::Finding;
use crate::groups::argument_after_options;
use crate::opening::Mismatch;
use crate::tokens::{Kind, Token, tokens};

/// More findings of one kind are not listed.
const FINDINGS_MAX: usize = 20;

pub(crate) fn lint(latex: &str) -> Vec<Finding> {
    let balance = balance(latex);
    let still_open = balance.open.into_iter().map(|(opening, line)| Mismatch::Open(opening, line));
    let mismatches = balance.mismatches.into_iter().chain(still_open).map(|mismatch| match mismatch {
        Mismatch::Open(opening, line) => Finding::NeverClosed { what: opening.marks().0, line },
        Mismatch::Close(opening, line) => Finding::NeverOpened { what: opening.marks().1, line },
    });
    let files = tokens(latex).into_iter().filter_map(|token| missing_file(latex, token));
    let mut findings: Vec<Finding> = mismatches.take(FINDINGS_MAX).chain(files.take(FINDINGS_MAX)).collect();
    let illegible = latex.matches("[illisible]").count();
    if illegible > 0 {
        findings.push(Finding::Illegible { count: u32::try_from(illegible).unwrap_or(u32::MAX) });
    }
    findings
}

fn missing_file(latex: &str, token: Token<'_>) -> Option<Finding> {
    if token.kind != Kind::Command("includegraphics") {
        return None;
    }
    let name = argument_after_options(latex.get(token.end..)?).unwrap_or_default();
    // The pictures of the package mwe exist everywhere.
    let exists = name.starts_with("example-image");
    (!exists).then(|| Finding::MissingFile { name: name.to_owned(), line: token.line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_a_finding() {
        let check = |latex: &str, codes: &[&str]| {
            let found: Vec<&str> = lint(latex).iter().map(Finding::code).collect();
            assert_eq!(found, codes, "{latex}");
        };
        check(r"\begin{a}x\end{a}", &[]);
        check(r"\begin{a}x", &["never_closed"]);
        check(r"x}", &["never_opened"]);
        check(r"\includegraphics[width=3cm]{figure1.png}", &["missing_file"]);
        check(r"\includegraphics* [a][b] {example-image-a}", &[]);
        check(r"\includegraphics{example-image-a}", &[]);
        check(r"\begin{tabular}{>{$}c<{$}}$\text{si $x$}$\end{tabular}", &[]);
        check(r"\textit{[illisible]} et \textit{[illisible]}", &["illegible"]);
        assert_eq!(lint(&"}".repeat(500)).len(), FINDINGS_MAX);
    }
}
