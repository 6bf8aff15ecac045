//! LaTeX in, pieces out.

use latex::markdown::Document;
use proptest::prelude::*;

use super::{Piece, pieces};

fn of(latex: &str) -> Vec<Piece> {
    let source = format!("\\documentclass{{article}}\n\\begin{{document}}\n{latex}\n\\end{{document}}\n");
    pieces(&Document::from_latex(&source, true))
}

/// Elements as tags, texts as they are, formulas and code in brackets.
fn shown(latex: &str) -> String {
    let piece = |piece: Piece| match piece {
        Piece::Open(name) => format!("<{name}>"),
        Piece::OpenCell(name, align) => format!("<{name} {align}>"),
        Piece::Close(name) => format!("</{name}>"),
        Piece::OpenListFrom(start) => format!("<ol {start}>"),
        Piece::OpenLink(address) => format!("<a {address}>"),
        Piece::Text(text) => text,
        Piece::Code(code) => format!("[{code}]"),
        Piece::Block(code) => format!("[[{code}]]"),
        Piece::Math(markup) => markup.replace("<math display=\"inline\">", "(").replace("</math>", ")"),
        Piece::LineBreak => "<br>".to_owned(),
        Piece::Rule => "<hr>".to_owned(),
    };
    of(latex).into_iter().map(piece).collect()
}

#[test]
fn a_document_is_shown_as_it_reads() {
    for (latex, expected) in [
        (
            r"\section*{Exercice 1} Soit \textbf{gras \emph{x}}.",
            "<h3>Exercice 1</h3><p>Soit <strong>gras <em>x</em></strong>.</p>",
        ),
        (
            r"\textit{\textbf{x}} et $a_1$",
            "<p><strong><em>x</em></strong> et (<msub><mi>a</mi><mn>1</mn></msub>)</p>",
        ),
        (r"100 \% * \_ [a] <b> \$", "<p>100 % * _ [a] <b> $</p>"),
        (r"\begin{enumerate}\item a\item b\end{enumerate}", "<ol><li>a</li><li>b</li></ol>"),
        (
            r"\begin{itemize}\item a\begin{itemize}\item b\end{itemize}\end{itemize}",
            "<ul><li>a<ul><li>b</li></ul></li></ul>",
        ),
        (
            r"\begin{tabular}{lr}a & $b$\\ c & d\end{tabular}",
            "<table><tr><th l>a</th><th r>(<mi>b</mi>)</th></tr><tr><td l>c</td><td r>d</td></tr></table>",
        ),
        (
            r"\href{https://a.example/x}{un \emph{lien}} \href{javascript:x}{y}",
            "<p><a https://a.example/x>un <em>lien</em></a> y [javascript:x]</p>",
        ),
        ("a\\\\b \\texttt{c `d}", "<p>a<br>b [c `d]</p>"),
        (r"x\footnote{note}", "<p>x<sup>1</sup></p><hr><ol><li>note</li></ol>"),
        (r"$\nosuch$ et \[\nosuch\]", "<p>[\\nosuch] et</p><p>[\\nosuch]</p>"),
        ("\\begin{verbatim}\n<b>\n\\end{verbatim}", "[[<b>]]"),
        ("\\begin{quote}a\\end{quote}", "<blockquote><p>a</p></blockquote>"),
    ] {
        assert_eq!(shown(latex), expected, "{latex}");
    }
}

fn is_balanced(pieces: &[Piece]) -> bool {
    let mut open = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Open(name) => open.push(*name),
            Piece::OpenListFrom(_) => open.push("ol"),
            Piece::OpenLink(_) => open.push("a"),
            Piece::Close(name) if open.pop() != Some(*name) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn every_element_is_closed_where_it_should_be(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "\\textbf{", "\\emph{", "}", "a", " ", "*", "**", "`", "$", "$x$", "\\$", "[", "](", ")", "\\href{https://a.example}{",
            "\\texttt{", "\\footnote{", "\\begin{itemize}", "\\item ", "\\end{itemize}", "\\\\", "\n\n", "<script>", "\\section{", "[^1]",
        ]), 0..20),
    ) {
        let latex = words.concat();
        prop_assert!(is_balanced(&of(&latex)), "{}", latex);
        let mut line = Vec::new();
        super::inline::read(&latex, &mut line);
        prop_assert!(is_balanced(&line), "{}", latex);
    }
}
