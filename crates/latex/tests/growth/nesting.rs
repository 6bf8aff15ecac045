//! Nothing is lost where things are nested too deep.

use latex::markdown::from_latex;

/// What opens something, and what closes it, if anything does.
pub(crate) const NESTED: [(&str, &str); 22] = [
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
    ("\\begin{tabular}{c}\\multirow{1}{c}{", "}\\end{tabular}"),
    ("&", "\\\\"),
    ("`", "%\n"),
    ("\\begin{", ""),
    ("\\'{}", ""),
];

#[test]
fn what_is_nested_too_deep_is_kept() {
    for (opens, closes) in NESTED {
        let markdown = from_latex(&format!("{}mot{}", opens.repeat(2000), closes.repeat(2000)), true);
        assert!(markdown.contains("mot"), "{opens}: {} bytes", markdown.len());
    }
}
