//! Nothing is lost where things are nested too deep, or in themselves.

use crate::markdown::from_latex;

#[test]
fn what_is_nested_too_deep_is_kept() {
    for (opens, closes) in [
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
    ] {
        let markdown = from_latex(&format!("{}mot{}", opens.repeat(2000), closes.repeat(2000)), true);
        assert!(markdown.contains("mot"), "{opens}: {} bytes", markdown.len());
    }
}

#[test]
fn a_title_that_names_itself_is_printed_once() {
    assert_eq!(from_latex("\\title{T\\maketitle\\maketitle}\\maketitle a\\maketitle", true), "# T\n\na\n");
}
