//! A package that the model forgot is loaded.

use latex::finish;

use crate::corpus::documents;
use crate::tex::assert_compiles;

/// Without these a document compiles, or changes its look.
const KEPT: [&str; 5] = ["inputenc", "fontenc", "babel", "geometry", "xcolor"];

#[test]
fn whichever_package_is_forgotten_the_document_compiles() {
    let mut defects = 0;
    for (name, latex) in documents() {
        let lines = latex.lines().filter(|line| line.starts_with("\\usepackage{") && line.ends_with('}'));
        for line in lines.filter(|line| !KEPT.iter().any(|kept| line.contains(kept))) {
            let finished = finish(&latex.replacen(&format!("{line}\n"), "", 1), true);
            assert_compiles(&format!("{name} without {line}"), &finished.latex);
            defects += 1;
        }
    }
    assert!(defects > 50, "{defects}");
}

#[test]
fn a_package_is_there_when_the_preamble_uses_it() {
    for (preamble, body) in [
        ("\\lstset{basicstyle=\\ttfamily}\n", "\\begin{lstlisting}\nx\n\\end{lstlisting}"),
        ("\\DeclareMathOperator{\\rg}{rg}\n", "$\\rg A$"),
        ("\\definecolor{gris}{gray}{0.5}\n\\title{\\textcolor{gris}{T}}\n", "\\maketitle"),
        ("\\geometry{\n  margin=2cm,\n}\n", "x"),
        (
            "\\usetikzlibrary{calc}\n\\tikzset{a/.style={red}}\n",
            "\\begin{tikzpicture}\\draw[a] (0,0) -- (1,1);\\end{tikzpicture}",
        ),
        ("\\newcolumntype{M}{>{$}c<{$}}\n", "\\begin{tabular}{M}x\\end{tabular}"),
        ("\\pagestyle{fancy}\\fancyhf{}\n", "x"),
        ("\\setlist{nosep}\n", "\\begin{enumerate}[label=\\alph*)]\\item x\\end{enumerate}"),
        (
            "\\theoremstyle{definition}\n\\newtheorem{exo}{Exercice}\n",
            "\\begin{exo}x\\end{exo}\\begin{proof}y\\end{proof}",
        ),
        (
            "\\newtheorem{thm}{T}\n\\theoremstyle{definition}\n\\newtheorem{defi}[thm]{D}\n",
            "\\begin{thm}x\\end{thm}\\begin{defi}y\\end{defi}",
        ),
        ("\\newtcolorbox{boite}{colback=white}\n", "\\begin{boite}x\\end{boite}"),
        (
            "\\usepackage{tcolorbox}\n\\DefineVerbatimEnvironment{code}{Verbatim}{frame=single}\n",
            "\\begin{code}\nx_1\n\\end{code}",
        ),
        ("\\usepackage{mdframed}\n\\definecolor{gris}{gray}{0.5}\n", "\\begin{mdframed}x\\end{mdframed}"),
        (
            "",
            "$90\\degree$ \\xspace \\numprint{12345} \\systeme{x+y=1,x-y=0} $\\ket{a}$ \\opadd{1}{2} \\lettrine{I}{l} \\todo{x}",
        ),
        (
            "",
            "\\SI{20}{\\celsius} $\\begin{pNiceMatrix}1&2\\end{pNiceMatrix}$ \\begin{empheq}{align}a&=b\\end{empheq}",
        ),
        (
            "",
            "\\begin{prooftree}\\AxiomC{$A$}\\UnaryInfC{$B$}\\end{prooftree}\\begin{tasks}(2)\\task a\\task b\\end{tasks}",
        ),
        (
            "",
            "\\begin{figure}\\begin{subfigure}{3cm}x\\caption{a}\\end{subfigure}\\end{figure}\\begin{landscape}x\\end{landscape}",
        ),
        (
            "",
            "\\begin{threeparttable}\\begin{tabular}{c}x\\\\\\hdashline\\end{tabular}\\end{threeparttable}\\begin{compactitem}\\item x\\end{compactitem}",
        ),
        (
            "",
            "\\begin{sidewaystable}\\begin{tabulary}{3cm}{LL}a & b\\\\\\hhline{--}\\end{tabulary}\\end{sidewaystable}",
        ),
        (
            "\\titleformat{\\section}{\\bfseries}{}{0pt}{}\n",
            "\\section{A}\\label{a}\\cref{a} \\begin{forest}[A [B]]\\end{forest}",
        ),
        ("", "\\begin{enumerate}[a)]\\item x\\end{enumerate}"),
        ("", "\\begin{tabular}{c}\\rowcolor{gray!20}x\\end{tabular}"),
        ("\\hypersetup{colorlinks}\n", "\\href{https://example.org}{x}"),
        // What these load is not enough, or comes only after the preamble.
        ("\\usepackage{mhchem,pdflscape}\n", "\\ce{H2O} \\includegraphics[width=1cm]{example-image}"),
        ("\\usepackage{graphics}\n", "\\includegraphics[width=1cm]{example-image}"),
        ("\\usepackage{mathtools}\n\\graphicspath{{images/}}\n", "x"),
        ("\\usepackage{siunitx}\n\\definecolor{gris}{gray}{0.5}\n", "\\SI{3}{\\m}"),
        ("\\usepackage{floatrow}\n\\definecolor{gris}{gray}{0.5}\n", "\\captionof{figure}{x}"),
        ("\\usepackage{pgfplotstable}\n", "\\begin{tabular}{c}\\toprule x\\end{tabular}"),
        ("\\usepackage{fancybox}\n", "\\Verb|x_1|"),
        ("\\usepackage{chemmacros}\n\\ifthenelse{1=1}{}{}\n", "x"),
        ("\\usepackage{textcomp,ctable}\n", "5 \\euro \\begin{threeparttable}x\\end{threeparttable}"),
        (
            "\\newcommand{\\R}{\\mathbb{R}}\n",
            "$\\R$ \\uline{x} \\enquote{y} \\begin{figure}[H]\\rotatebox{9}{z}\\end{figure}",
        ),
    ] {
        let latex =
            format!("\\documentclass{{article}}\n{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n");
        assert_compiles(preamble, &finish(&latex, true).latex);
    }
}

#[test]
fn what_another_package_or_the_class_brings_is_not_loaded_again() {
    for (class, preamble, body) in [
        ("exam", "\\lhead{A}\n\\rhead{B}\n", "x"),
        ("scrartcl", "\\usepackage{scrlayer-scrpage}\n\\chead{A}\\cfoot{\\pagemark}\n", "x"),
        ("memoir", "", "\\begin{framed}x\\end{framed}\\begin{comment}y\\end{comment}"),
        ("scrartcl", "", "\\begin{minipage}{3cm}\\captionof{figure}{x}\\end{minipage}"),
        ("beamer", "", "\\begin{frame}\\begin{enumerate}[a)]\\item x\\end{enumerate}\\end{frame}"),
        ("article", "\\usepackage{verbatim}\n", "\\begin{comment}\n_\n\\end{comment}\nx"),
        ("article", "\\usepackage{fancybox}\n", "\\begin{Verbatim}\nx_1\n\\end{Verbatim}"),
        ("article", "\\usepackage{pgffor}\n", "\\foreach \\n in {1,2}{\\n}"),
        (
            "article",
            "\\usepackage{todonotes}\n",
            "\\begin{tikzpicture}\\draw (0,0) -- (1,1);\\end{tikzpicture}",
        ),
        ("article", "\\usepackage{siunitx}\n", "$\\text{x}$ \\begin{tabular}{>{a}c}x\\end{tabular}"),
        ("article", "\\usepackage{physics}\n", "$\\qty(x)$"),
        ("article", "\\usepackage{amsfonts}\n", "$\\square$ $\\checkmark$"),
        ("article", "\\usepackage{bm}\n", "$\\bm{x}$"),
        ("article", "\\usepackage{subfig}\n\\captionsetup{font=small}\n", "x"),
        (
            "article",
            "\\usepackage{numprint}\n\\newcolumntype{M}{>{$}c<{$}}\n",
            "\\begin{tabular}{M}x\\end{tabular}",
        ),
        (
            "article",
            "\\usepackage{tcolorbox}\n\\tcbuselibrary{listings}\n\\lstset{basicstyle=\\ttfamily}\n",
            "\\begin{lstlisting}\nx\n\\end{lstlisting}",
        ),
    ] {
        let latex =
            format!("\\documentclass{{{class}}}\n{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n");
        assert_compiles(preamble, &latex);
        assert_eq!(finish(&latex, true).latex, latex);
    }
}
