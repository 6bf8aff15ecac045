//! Characters at which pdflatex stops: what is replaced compiles, in a document that did not.

use latex::finish;

use crate::tex::assert_compiles;

#[test]
fn what_is_replaced_compiles() {
    let body = [
        "Est-ce vrai\u{202f}? Un\u{200b}mot, e\u{301}te\u{301}, il fait \u{2212}5 degrés.",
        "$x ≤ 3$, $x ∈ ℝ$, $αx$, $x = \u{2212}3$, $\\text{α ≥ 2}$, $a¹⁰ + b₁$",
        "x ≤ 3, ∀ α ∈ ℕ, A → B ⇒ C, √2 ≈ 1,41, ☐ vrai ✓ faux ✗, H₂O, x⁻¹, ⅓.",
        "\\section{Les α & les β}",
        "\\begin{tabular}{cc}α & u_1 \\\\ ≤ & 10^3\\end{tabular}",
        "Dupont & Cie, do#, mon_fichier, u_n et u_{n+1}, 25 cm^2, 10^{3}, 1^{er} mai.",
        "## Exercice \\no 3\n\n# Partie #1\n\n2 &lt; 3 &amp; 5 &gt; 4&nbsp;!",
        "\\textbf{a_bc} \\emph{x & y} \\footnote{50 # et α}",
        "\\begin{itemize}\\item a_b \\item x^2\\end{itemize}",
        "\\begin{align*} a &≤ b \\\\ &≥ α_1 \\end{align*}",
        "\\begin{verbatim}\n# a_b & c\n\\end{verbatim}\n\\verb|a_b & #| $a_1$ \\label{a_b}\\ref{a_b}",
    ];
    let preamble = "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\\usepackage[french]{babel}\n\
        \\usepackage{amsmath}\n";
    for body in body {
        let finished = finish(&format!("{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n"), true);
        assert_compiles(body, &finished.latex);
    }
}

#[test]
fn what_is_stray_is_replaced_beside_commands_of_the_document_s_own() {
    let preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n\\usepackage{xcolor}\n\\definecolor{gris}{gray}{0.4}\n\
        \\newcommand{\\be}{\\begin{equation}}\n\\newcommand{\\ee}{\\end{equation}}\n";
    for body in [
        "\\be\na_1 = 2\n\\ee\nDupont & Cie, mon_fichier.",
        "## Titre\n\n2 &lt; 3 et 10^3, \\textcolor{gris}{gris} et u_n.",
    ] {
        let latex = format!("{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n");
        let finished = finish(&latex, true);
        assert_ne!(finished.latex, latex);
        assert_compiles(body, &finished.latex);
    }
}

#[test]
fn letters_of_a_listing_are_declared() {
    for (preamble, body) in [
        (
            "\\usepackage{listings}\n",
            "\\begin{lstlisting}[language=Python]\n# Été : à « 10 € », n° 2²\n\\end{lstlisting}",
        ),
        ("\\usepackage{listings}\n\\lstset{basicstyle=\\ttfamily}\n", "On lit \\lstinline|déjà_vu|, été."),
        (
            "\\usepackage{listings}\n\\lstnewenvironment{console}{}{}\n",
            "\\begin{console}\nL’œuvre → x ≤ 3…\n\\end{console}",
        ),
        ("", "\\begin{lstlisting}\nif x: # fenêtre\n\\end{lstlisting}"),
    ] {
        let latex = format!(
            "\\documentclass{{article}}\n\\usepackage[utf8]{{inputenc}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{textcomp}}\n\
             {preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n"
        );
        let finished = finish(&latex, true);
        assert_compiles(body, &finished.latex);
        assert_eq!(finish(&finished.latex, true).latex, finished.latex);
    }
}

#[test]
fn a_marker_of_a_page_changes_nothing() {
    let body = "% page 1\n\\begin{tabular}{cc}\na & b \\\\\n% page 2\nc & d\n\\end{tabular}\n\\begin{align*}\na &= b \\\\\n\
        % page 3\n&= c\n\\end{align*}\n\\begin{verbatim}\nx\n% page 4\ny\n\\end{verbatim}\n";
    let preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n";
    let finished = finish(&format!("{preamble}\\begin{{document}}\n{body}\\end{{document}}\n"), true);
    assert!(!finished.latex.contains("page 4") && finished.latex.contains("% page 3"), "{}", finished.latex);
    assert_compiles(body, &finished.latex);
}
