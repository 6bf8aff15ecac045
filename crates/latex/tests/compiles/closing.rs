//! A document that was cut is closed so that it compiles, wherever that was.

use latex::finish;

use crate::corpus::documents;
use crate::tex::{assert_compiles, check};

/// Sixteenths of a document after which it is cut.
const CUTS: [usize; 5] = [5, 8, 10, 12, 14];

#[test]
fn a_cut_document_compiles() {
    let mut failures = Vec::new();
    for (name, latex) in documents() {
        for part in CUTS {
            let cut = latex.floor_char_boundary(latex.len() * part / 16);
            let finished = finish(&latex[..cut], false);
            assert!(finished.findings.iter().any(latex::Finding::is_incomplete), "{name} cut at {cut}");
            if let Err(cause) = check(&finished.latex) {
                failures.push(format!("{name} cut at {cut}: {cause}\n{}", finished.latex));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn an_empty_line_in_a_formula_is_removed() {
    let preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n";
    for body in [
        "\\begin{align*}\na &= b \\\\\n\n c &= \\text{si $d$}\n\n\\end{align*}",
        "\\[\n\na = \\begin{cases} 1 & x \\\\\n\n2 & y \\end{cases}\n\\]",
        "$$\na\n\n= b$$",
    ] {
        let finished = finish(&format!("{preamble}{body}\n\nc\n\n\\end{{document}}\n"), true);
        assert!(finished.latex.contains("\n\nc\n\n"), "{}", finished.latex);
        assert_compiles(body, &finished.latex);
    }
}

#[test]
fn what_is_open_is_closed() {
    let preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n\\usepackage{tikz}\n";
    for body in [
        "\\begin{align*}\na &= b \\\\\n\n",
        "\\begin{align*}\na &= \\left( b \\\\\n".trim_end_matches(" \\\\\n"),
        "\\[\n\\left\\{ \\frac{1}{\\left[ 2\n",
        "$x\n\n",
        "\\begin{enumerate}\n",
        "\\begin{enumerate}\n\\item a\n\\begin{itemize}\n\\ite",
        "\\begin{tikzpicture}\n\\draw (0,0)\n-- (1,",
        "\\begin{tikzpicture}\n\\draw (0,0) -- (1,1);\n\\draw (2,2)\n",
        "\\begin{tabular}{cc}\na & \\textbf{b\n",
        "\\begin{verbatim}\n{ $\n",
    ] {
        assert_compiles(body, &finish(&format!("{preamble}\\begin{{document}}\n{body}"), false).latex);
    }
    for preamble in [
        "\\documentclass{article}\n\\usepackage[\n  utf8\n",
        "\\documentclass{article}\n\\newcommand{\\x}{\n  a\n",
    ] {
        assert_compiles(preamble, &finish(preamble, false).latex);
    }
}
