//! What comes in and what comes out; and that it reads back as what it was.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::from_latex;

/// The Markdown of a document with this body.
fn body(latex: &str) -> String {
    from_latex(
        &format!("\\documentclass{{article}}\n\\begin{{document}}\n{latex}\n\\end{{document}}\n"),
        true,
    )
    .trim_end()
    .to_owned()
}

fn check(latex: &str, expected: &str) {
    assert_eq!(body(latex), expected, "{latex}");
}

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
    let spanning = "\\begin{tabular}{cc}\n\\multicolumn{2}{c}{a} \\\\\n\\end{tabular}";
    check(spanning, &format!("```latex\n{spanning}\n```"));
    let bars = "\\begin{tabular}{c}\n$|x|$\n\\end{tabular}";
    check(bars, &format!("```latex\n{bars}\n```"));
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
fn what_is_nested_or_repeated_without_end_takes_linear_time() {
    const TIMES: usize = 100_000;
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
        ("\\[", ""),
        ("{$}", ""),
        ("$$", "x"),
        ("\\item[", ""),
        ("\\item[{", ""),
        ("\\footnote{", "}"),
        ("\\newcommand{\\a}{$\\a$", "}"),
        ("\\newcommand{\\a}{\\b}$\\a$", ""),
        ("\\newtheorem{a}{", "}"),
        ("\\begin{tabular}{c}&", "\\end{tabular}"),
        ("&", "\\\\"),
        ("`", "%\n"),
        ("\\begin{", ""),
        ("\\'{}", ""),
    ] {
        let started = Instant::now();
        let text = format!("{}mot{}", opens.repeat(TIMES), closes.repeat(TIMES));
        let markdown = from_latex(&text, true);
        assert!(markdown.contains("mot") || opens.contains("new"), "{opens}: {}", markdown.len());
        assert!(started.elapsed() < Duration::from_secs(20), "{opens}: {:?}", started.elapsed());
    }
}

/// The kinds of block that a reader sees, and the formulas.
fn read(markdown: &str) -> (Vec<String>, Vec<String>) {
    let options = Options::ENABLE_MATH | Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    let mut blocks = Vec::new();
    let mut formulas = Vec::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => blocks.push(level.to_string()),
            Event::Start(Tag::List(start)) => blocks.push(format!("list {}", start.unwrap_or_default())),
            Event::Start(Tag::Item) => blocks.push("item".into()),
            Event::Start(Tag::Table(columns)) => blocks.push(format!("table {}", columns.len())),
            Event::Start(Tag::CodeBlock(_)) => blocks.push("code".into()),
            Event::Start(Tag::FootnoteDefinition(_)) => blocks.push("note".into()),
            Event::Start(Tag::BlockQuote(_)) => blocks.push("quote".into()),
            Event::InlineMath(formula) => formulas.push(formula.trim().to_owned()),
            Event::DisplayMath(formula) => formulas.push(formula.trim().to_owned()),
            Event::Html(html) | Event::InlineHtml(html) => panic!("HTML: {html}"),
            _ => {}
        }
    }
    (blocks, formulas)
}

#[test]
fn an_exam_reads_back_as_the_exam_it_was() {
    let (blocks, formulas) = read(&from_latex(include_str!("../../tests/fixtures/sujet.tex"), true));
    assert_eq!(
        blocks,
        [
            "h1", "h2", "list 1", "item", "item", "list 0", "item", "item", "item", "h2", "table 4",
            "list 0", "item", "item", "h2", "code", "quote", "note",
        ]
    );
    assert_eq!(
        formulas,
        [
            r"\newcommand{\N}{\mathbb{N}}",
            r"(u_n)_{n \in \N}",
            "u_0 = 1",
            r"n \in \N",
            r"u_{n+1} = \frac{1}{2} u_n + 1.",
            "u_1",
            "u_2",
            "v_n = u_n - 2",
            "(v_n)",
            "\\begin{aligned}\nv_{n+1} &= u_{n+1} - 2 \\\\\n&= \\frac{1}{2} v_n.\n\\end{aligned}",
            "v_n",
            r"\displaystyle\lim_{n \to +\infty} u_n",
            "X",
            "x",
            "P(X = x)",
            "E(X)",
            "V(X) < 1",
        ]
    );
}

/// Pieces of LaTeX whose words are content.
fn piece() -> impl Strategy<Value = String> {
    let word = "mot[a-z]{2,6}";
    prop_oneof![
        4 => word.prop_map(|word| format!("{word} ")),
        1 => word.prop_map(|word| format!("\\textbf{{{word}}}")),
        1 => word.prop_map(|word| format!("\\section{{{word}}}")),
        1 => word.prop_map(|word| format!("${word}<b$")),
        1 => word.prop_map(|word| format!("\\[{word}\\]")),
        1 => word.prop_map(|word| format!("\\inconnu{{{word}}}")),
        1 => word.prop_map(|word| format!("\\footnote{{{word}}}")),
        1 => word.prop_map(|word| format!("\\begin{{itemize}}\\item {word}\\end{{itemize}}")),
        1 => word.prop_map(|word| format!("\\begin{{tabular}}{{lc}}{word} & b\\end{{tabular}}")),
        1 => word.prop_map(|word| format!("\\begin{{verbatim}}\n{word}\n\\end{{verbatim}}")),
        2 => "[-*_#<>&`|~=+1. \n\\[\\]!:^]{1,4}",
        1 => Just("\n\n".to_owned()),
        1 => Just("\\\\".to_owned()),
        1 => Just("<script>alert(1)</script>".to_owned()),
        1 => Just("$".to_owned()),
        1 => Just("{".to_owned()),
        1 => Just("}".to_owned()),
        1 => Just("\\begin{enumerate}\\item ".to_owned()),
        1 => Just("\\end{enumerate}".to_owned()),
        1 => Just("\\begin{quote}".to_owned()),
        1 => Just("\\item ".to_owned()),
        1 => "\\\\(x[a-z]{0,3}|[%&\\[\\]()])",
        1 => prop::sample::select(vec!["\\og ", "\\og{}", "\\og", "\\fg{}", "\\dots ", "\\vspace*{2pt}", "\\hfill", "\\par "])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_word_survives_and_html_never_comes_out(pieces in prop::collection::vec(piece(), 0..25)) {
        let latex = pieces.concat();
        let markdown = body(&latex);
        for word in latex.split(|char: char| !char.is_ascii_alphabetic()).filter(|word| word.starts_with("mot")) {
            prop_assert!(markdown.contains(word), "{word} of {latex}\nis not in\n{markdown}");
        }
        // With formulas or without, whatever the reader knows.
        for options in [Options::ENABLE_MATH | Options::ENABLE_TABLES, Options::empty()] {
            for event in Parser::new_ext(&markdown, options) {
                prop_assert!(!matches!(event, Event::Html(_) | Event::InlineHtml(_)), "{latex}\n{markdown}");
            }
        }
    }

    #[test]
    fn nothing_panics(latex in "([a-zé{}$%&~\\\\\n\\[\\]|]|\\\\(begin|end)\\{(document|align|tabular|itemize|quote|exo)\\}|\\\\(item|textbf|footnote|href|'|c|def|og|verb|rule)){0,60}") {
        prop_assert!(from_latex(&latex, true).ends_with('\n'));
    }
}
