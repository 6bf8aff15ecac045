//! Pairs of LaTeX and Markdown.

use super::check;
use crate::markdown::from_latex;

#[test]
fn text_is_what_latex_prints() {
    check(
        "Un  mot,\nun autre. % rien\n\nDeux~mots -- et --- fin",
        "Un mot, un autre.\n\nDeux\u{a0}mots – et — fin",
    );
    check(r"100\,\% \& Cie, a\_b, \#1, 5\$ \{x\}", "100\u{202f}% & Cie, a\\_b, \\#1, 5\\$ {x}");
    check(
        r#"\'ecole, \`a, \^ile, na\"ive, \c{c}a, \c ca, \^{\i}le, c\oe ur, \'E"#,
        "école, à, île, naïve, ça, ça, île, cœur, É",
    );
    check(
        r"\og un mot\fg{} et \og autre \fg, ``mot'' `m'",
        "«\u{a0}un mot\u{a0}» et «\u{a0}autre\u{a0}», “mot” ‘m'",
    );
    check(
        r"\og{} un mot\fg{}, \og{un mot}\fg, \og {\bf gras}\fg",
        "«\u{a0}un mot\u{a0}», «\u{a0}un mot\u{a0}», «\u{a0}**gras**\u{a0}»",
    );
    check(
        r"\enquote{mot} \dots{} fin, 1\ier{} mai, 1\textsuperscript{er}, m\textsuperscript{2}",
        "«\u{a0}mot\u{a0}» … fin, 1er mai, 1er, m²",
    );
    check("un\\\\\ndeux\\newline trois\\\\[2pt]", "un  \ndeux  \ntrois");
    check("a%\nb% c\n  d\n% tout\ne", "abd e");
    check("a\n% x\n\nb", "a\n\nb");
    check("\\noindent\\textbf{A} \\vspace{1cm}\\hspace{2em}b\\bigskip", "**A** b");
}

#[test]
fn what_looks_like_markup_is_text() {
    check("a*b* _c_ [d](e) <b>x</b> `e", "a\\*b\\* \\_c\\_ \\[d\\](e) \\<b>x\\</b> ‘e");
    check(
        "1. un\n\n- deux\n\n\\# trois\n\n> quatre\n\n===",
        "1\\. un\n\n\\- deux\n\n\\# trois\n\n\\> quatre\n\n\\=\\=\\=",
    );
    check("a\\\\1) b", "a  \n1\\) b");
}

#[test]
fn emphasis_and_code() {
    check(
        r"\textbf{Exercice 1.} \emph{mot} \textit{\textbf{x}} \underline{y}",
        "**Exercice 1.** *mot* ***x*** *y*",
    );
    check(r"\textbf{a :}b, \textbf{a}\textbf{b}, \textbf{ c }d", "**a :** b, **a** **b**, **c** d");
    check(r"{\bf gras} {\large\itshape pench\'e} \textbf{\textbf{x}}", "**gras** *penché* **x**");
    check(
        r"\texttt{a\_b <c>} \verb|x` $y| \underline{\hspace{2cm}}",
        "`a_b <c>` ``x` $y`` \\_\\_\\_\\_\\_\\_",
    );
    check(r"\textcolor{red}{rouge} \fbox{Figure : courbe} \textsc{Nom}", "rouge Figure : courbe Nom");
}

#[test]
fn headings_begin_at_the_first_level() {
    check(
        "\\section*{Exercice 1}\nTexte\n\\subsection{A}\\paragraph{B} c",
        "# Exercice 1\n\nTexte\n\n## A\n\n#### B\n\nc",
    );
    check("\\part{P}\\chapter{C}\\section{S}", "# P\n\n## C\n\n### S");
    let titled = "\\title{Examen \\\\ final}\n\\author{A \\and B}\\date{2026}\n\\begin{document}\n\\maketitle\n\\section{S}\n\\end{document}";
    assert_eq!(from_latex(titled, true), "# Examen final\n\nA, B\n\n2026\n\n## S\n");
}

#[test]
fn formulas_stay_as_they_are() {
    check(r"Soit $a_1*b_2<c$ et \( x \).", r"Soit $a_1*b_2< c$ et $x$.");
    check("On a\n\\[ a \\]\net $$b$$ fin", "On a\n\n$$\na\n$$\n\net\n\n$$\nb\n$$\n\nfin");
    check(
        "\\begin{align*}\na &= b \\label{x} \\\\\n&= c\n\\end{align*}",
        "$$\n\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}\n$$",
    );
    check("\\begin{equation}\nx \\tag{1}\n\\end{equation}", "$$\nx \\tag{1}\n$$");
    check("\\[\na\n- b\n\n= c\n\\]", "$$\na - b = c\n$$");
    check("\\[\n- b\n\\]", "$$- b\n$$");
    check("$\\text{si $x$}$ $a$$b$ 5\\$ $ seul", "$\\text{si \\(x\\)}$ $a$ $b$ 5\\$ \\$ seul");
    check(r"\ensuremath{x} \ce{H2O}", r"$x$ $\ce{H2O}$");
    let macros = "\\newcommand{\\R}{\\mathbb{R}}\\DeclareMathOperator{\\rg}{rg}\\newcommand\\Rn{\\R^n}\\newcommand{\\x}{y}\n\\begin{document}\n$\\Rn$ $\\rg A$\n\\end{document}";
    assert_eq!(
        from_latex(macros, true),
        "$$\n\\newcommand{\\R}{\\mathbb{R}}\n\\newcommand{\\rg}{\\operatorname{rg}}\n\\newcommand\\Rn{\\R^n}\n$$\n\n$\\Rn$ $\\rg A$\n"
    );
}

#[test]
fn lists_keep_their_nesting_and_their_labels() {
    check(
        "Avant\n\\begin{enumerate}\n\\item Un\n\\begin{enumerate}\n\\item aa\n\\item bb\n\\end{enumerate}\n\\item Deux\n\\end{enumerate}",
        "Avant\n\n1.  Un\n    -   a) aa\n    -   b) bb\n2.  Deux",
    );
    check(
        "\\begin{itemize}\\item[a)] x \\item[--] y \\item z\n\n\\[ t \\]\\end{itemize}",
        "-   a) x\n\n-   y\n\n-   z\n\n    $$\n    t\n    $$",
    );
    check("\\begin{description}\\item[Mot] sens\\end{description}", "-   **Mot** sens");
    check(
        "\\begin{enumerate}[label=(\\roman*), start=2]\\item x\\item y\\end{enumerate}",
        "-   (ii) x\n-   (iii) y",
    );
    check("\\begin{enumerate}[label=\\arabic*)]\\item x\\end{enumerate}", "1)  x");
    check("\\begin{enumerate}[a)]\\item x\\end{enumerate}", "-   a) x");
    check("\\begin{enumerate}\\setcounter{enumi}{3}\\item x\\item[7.] y\\end{enumerate}", "4.  x\n7.  y");
    check(
        "\\begin{enumerate}\\item x\\end{enumerate} et \\begin{enumerate}[resume]\\item y\\end{enumerate}",
        "1.  x\n\net\n\n2.  y",
    );
}

#[test]
fn exercises_and_theorems_have_a_bold_heading() {
    let latex = "\\documentclass{article}\\usepackage[french]{babel}\\newtheorem{exo}{Exercice}\n\\begin{document}\n\
        \\begin{exo}[Suites]\nUn.\n\\end{exo}\n\\begin{exo}Deux.\\end{exo}\n\\begin{theorem}x\\end{theorem}\n\\end{document}";
    assert_eq!(
        from_latex(latex, true),
        "**Exercice 1 (Suites)**\n\nUn.\n\n**Exercice 2**\n\nDeux.\n\n**Théorème**\n\nx\n"
    );
    check("\\begin{tcolorbox}[title={À savoir}, colback=red]x\\end{tcolorbox}", "**À savoir**\n\nx");
    check("\\begin{quote}\na\n\nb\n\\end{quote}", "> a\n>\n> b");
}

#[test]
fn code_has_a_fence_longer_than_any_in_it() {
    check("\\begin{verbatim}\n```\n  $x$ \\a\n\\end{verbatim}", "````\n```\n  $x$ \\a\n````");
    check("\\begin{lstlisting}[language=Python]\nx = 1\n\\end{lstlisting}", "```python\nx = 1\n```");
    check("\\begin{comment}\nrien\n\\end{comment}a", "a");
}

#[test]
fn a_simple_table_is_a_table_and_another_stays_latex() {
    check(
        "\\begin{tabular}{|l|c|r|}\n\\hline\na & $x$ & \\textbf{c} \\\\ \\hline\n1 & 2 \\\\\n\\end{tabular}",
        "| a | $x$ | **c** |\n| --- | :---: | ---: |\n| 1 | 2 |  |",
    );
    check(
        "\\begin{tabular}{@{}l*{2}{c}@{}}\n\\toprule\n & \\multicolumn{2}{c}{Essai} \\\\\n\\cmidrule(lr){2-3} % & Essais\n\
         \\multirow[t]{2}{*}{a} & 1 & 2 \\\\\n & 3 & $|x|$ \\\\\n\\rowcolor{gray!20} b|c & \\multicolumn{2}{c}{$\\|y\\|$} \\\\\n\\bottomrule\n\\end{tabular}",
        "|  | Essai |  |\n| --- | :---: | :---: |\n| a | 1 | 2 |\n|  | 3 | $\\vert x\\vert$ |\n| b\\|c | $\\Vert y\\Vert$ |  |",
    );
    check(
        "\\newcolumntype{M}{>{$}r<{$}}\\newcolumntype{P}[1]{>{\\centering\\arraybackslash}p{#1}}\n\n\
         \\begin{tabular}{|M|P{3cm}|S[table-format=1.2]|}\n\\hline\nx^2 & a & 1 \\\\ \\hline\n\
         \\text{Nom} & \\multicolumn{1}{M}{\\frac{1}{2}} & $y$ \\\\\n\\end{tabular}",
        "| $x^2$ | a | 1 |\n| ---: | :---: | :---: |\n| $\\text{Nom}$ | $\\frac{1}{2}$ | $y$ |",
    );
    check(
        "\\begin{tabular}{>{$}>{\\centering}p{1cm}<{$}l}\nx & y \\\\\n\\(z\\) & t \\\\\n\\end{tabular}",
        "| $x$ | y |\n| :---: | --- |\n| $z$ | t |",
    );
    for other in [
        "\\begin{tabular}{c}\n$\\text{a|b}$\n\\end{tabular}",
        "\\begin{tabular}{cc}\n\\multicolumn{2}{c}{a} b \\\\\n\\end{tabular}",
        "\\begin{tabular}{cc}\n\\multicolumn{41}{c}{a} \\\\\n\\end{tabular}",
        "\\begin{tabular}{cc}\na \\multirow{2}{*}{b} \\\\\n\\end{tabular}",
        "\\begin{tabular}{*{41}{c}}\na\n\\end{tabular}",
        "\\begin{tabular}{c}\n\\verb+a|b+\n\\end{tabular}",
        "\\begin{tabular}{c}\n$\\begin{array}{c|c}a & b\\end{array}$\n\\end{tabular}",
    ] {
        check(other, &format!("```latex\n{other}\n```"));
    }
    let drawing = "\\begin{tikzpicture}\n\\draw (0,0);\n\\end{tikzpicture}";
    check(drawing, &format!("```latex\n{drawing}\n```"));
}

#[test]
fn notes_links_and_pictures() {
    check("a\\footnote{Un *mot*.} b", "a[^1] b\n\n[^1]: Un \\*mot\\*.");
    check(r"Lire !\href{https://a.fr/x%20_y}{\textbf{ici}}", r"Lire \![**ici**](https://a.fr/x%20%5Fy)");
    check(r"\url{https://a.fr/b_c}", r"[https://a.fr/b\_c](https://a.fr/b%5Fc)");
    check(r"\href{javascript:alert(1)}{x}", "x `javascript:alert(1)`");
    check(
        r"\begin{figure}[h]\centering\includegraphics[width=3cm]{courbe.png}\caption{La courbe}\end{figure}",
        "*\\[Figure : courbe.png\\]*\n\n*La courbe*",
    );
}

#[test]
fn what_is_not_known_is_kept() {
    check(
        r"Voir \ref{eq:1}, \maMacro{du texte} et \autre.",
        "Voir `\\ref{eq:1}`, `\\maMacro` du texte et `\\autre`.",
    );
    check("\\begin{inconnu}{arg} texte $x$\\end{inconnu}", "arg texte $x$");
    check("{ouvert \\begin{a} et } reste \\end{b}", "ouvert et reste");
}

#[test]
fn a_document_that_lacks_something_says_so() {
    let cut = crate::finish("\\documentclass{article}\n\\begin{document}\nUn\nde", false);
    let markdown = from_latex(&cut.latex, false);
    assert!(markdown.starts_with("> **Transcription incomplète"), "{markdown}");
    assert!(markdown.contains("*\\[Transcription interrompue ici.\\]*"), "{markdown}");
}

#[test]
fn a_title_that_names_itself_is_printed_once() {
    assert_eq!(from_latex("\\title{T\\maketitle\\maketitle}\\maketitle a\\maketitle", true), "# T\n\na\n");
}
