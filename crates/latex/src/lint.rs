//! What can be said of LaTeX without compiling it.

use crate::balance::{Mismatch, balance};
use crate::finding::Finding;
use crate::tokens::{Kind, argument, tokens};

/// Findings of one kind beyond this tell nothing more.
const FINDINGS_MAX: usize = 20;

/// Commands that reach outside of the document, or change what characters mean.
const DANGEROUS: [&str; 16] = [
    "write",
    "immediate",
    "openout",
    "openin",
    "read",
    "catcode",
    "csname",
    "directlua",
    "luaexec",
    "ShellEscape",
    "special",
    "pdfobj",
    "input",
    "include",
    "verbatiminput",
    "lstinputlisting",
];

pub fn lint(latex: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let balance = balance(latex);
    let still_open = balance.open.into_iter().map(|(opening, line)| Mismatch::Open(opening, line));
    findings.extend(balance.mismatches.into_iter().chain(still_open).take(FINDINGS_MAX).map(|mismatch| {
        match mismatch {
            Mismatch::Open(opening, line) => Finding::NeverClosed { what: opening.shown(), line },
            Mismatch::Close(opening, line) => {
                Finding::NeverOpened { what: opening.closing().trim().to_owned(), line }
            }
        }
    }));
    let mut commands = Vec::new();
    for token in tokens(latex) {
        let Kind::Command(name) = token.kind else { continue };
        let rest = latex.get(token.at + 1 + name.len()..).unwrap_or_default();
        match name {
            "includegraphics" => {
                let rest = rest.trim_start_matches('*');
                let rest = match rest.strip_prefix('[') {
                    Some(options) => options.split_once(']').map_or(rest, |(_, after)| after),
                    None => rest,
                };
                let name = argument(rest).unwrap_or_default();
                // The class mwe's pictures exist everywhere.
                if !name.starts_with("example-image") {
                    commands.push(Finding::MissingFile { name: name.to_owned(), line: token.line });
                }
            }
            name if DANGEROUS.contains(&name) => {
                commands.push(Finding::Dangerous { command: format!("\\{name}"), line: token.line });
            }
            _ => {}
        }
    }
    commands.truncate(FINDINGS_MAX);
    findings.extend(commands);
    let illegible = latex.matches("[illisible]").count();
    if illegible > 0 {
        findings.push(Finding::Illegible { count: u32::try_from(illegible).unwrap_or(u32::MAX) });
    }
    findings
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
        check(r"\immediate\write18{rm -rf /}", &["dangerous_command", "dangerous_command"]);
        check(r"\input{/etc/passwd}", &["dangerous_command"]);
        check("% \\input{x}\n\\verb|\\input|", &[]);
        check(r"\includegraphics[width=3cm]{figure1.png}", &["missing_file"]);
        check(r"\includegraphics{example-image-a}", &[]);
        check(r"\textit{[illisible]} et \textit{[illisible]}", &["illegible"]);
        assert_eq!(lint(&"}".repeat(500)).len(), FINDINGS_MAX);
    }
}
