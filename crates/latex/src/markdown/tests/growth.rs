//! The work grows with the length of the LaTeX, whatever is nested in it or repeated.

use crate::growth::assert_linear;
use crate::markdown::from_latex;

/// What opens something, and what closes it, if anything does.
const NESTED: [(&str, &str); 21] = [
    ("{", "}"),
    ("{", ""),
    ("\\begin{a}", "\\end{a}"),
    ("\\begin{itemize}\\item ", "\\end{itemize}"),
    ("\\begin{a}", "\\end{b}"),
    ("\\begin{quote}", ""),
    ("\\textbf{", "}"),
    ("$", ""),
    ("\\(", ""),
    ("$\\(", ""),
    ("\\[", ""),
    ("{$}", ""),
    ("$$", "x"),
    ("\\item[", ""),
    ("\\item[{", ""),
    ("\\footnote{", "}"),
    ("\\begin{tabular}{c}&", "\\end{tabular}"),
    ("&", "\\\\"),
    ("`", "%\n"),
    ("\\begin{", ""),
    ("\\'{}", ""),
];

/// The same for definitions, whose text is not part of the document.
const DEFINITIONS: [(&str, &str); 3] =
    [("\\newcommand{\\a}{$\\a$", "}"), ("\\newcommand{\\a}{\\b}$\\a$", ""), ("\\newtheorem{a}{", "}")];

/// What stands before, what is repeated, what stands after.
const REPEATED: [(&str, &str, &str); 7] = [
    ("\\begin{tabular}{c}", "&", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "a & $b$", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "$\\(", "\\end{tabular}"),
    ("\\begin{enumerate}", "x}\\item ", "\\end{enumerate}"),
    ("$", "\\label{", "$"),
    ("\\title{a}", "\\maketitle ", ""),
    ("\\begin{tcolorbox}", "[title=a]", "\\end{tcolorbox}"),
];

fn nested(opens: &str, closes: &str, times: usize) -> String {
    format!("{}mot{}", opens.repeat(times), closes.repeat(times))
}

#[test]
fn nesting_takes_linear_time() {
    for (opens, closes) in NESTED.into_iter().chain(DEFINITIONS) {
        assert_linear(opens, |times| nested(opens, closes, times), |latex| from_latex(latex, true));
    }
}

#[test]
fn repetition_takes_linear_time() {
    for (before, piece, after) in REPEATED {
        let make = |times: usize| format!("{before}{}{after}", piece.repeat(times));
        assert_linear(piece, make, |latex| from_latex(latex, true));
    }
    let make = |times: usize| format!("\\title{{{}}}{}", "a".repeat(times), "\\maketitle ".repeat(times));
    assert_linear("a long title", make, |latex| from_latex(latex, true));
}

#[test]
fn what_is_nested_too_deep_is_kept() {
    for (opens, closes) in NESTED {
        let markdown = from_latex(&nested(opens, closes, 2000), true);
        assert!(markdown.contains("mot"), "{opens}: {} bytes", markdown.len());
    }
}

#[test]
fn a_title_that_names_itself_is_printed_once() {
    assert_eq!(from_latex("\\title{T\\maketitle\\maketitle}\\maketitle a\\maketitle", true), "# T\n\na\n");
}
