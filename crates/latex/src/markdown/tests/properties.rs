//! The Markdown reads back as what the LaTeX was, whatever the LaTeX is.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::body;
use crate::markdown::from_latex;

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
    let (blocks, formulas) = read(&from_latex(include_str!("../../../tests/fixtures/sujet.tex"), true));
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

/// Pieces of LaTeX; each `mot` in them is content.
fn piece() -> impl Strategy<Value = String> {
    let content = [
        "mot ",
        "mot ",
        "mot ",
        "\\textbf{mot}",
        "\\section{mot}",
        "$mot<b$",
        "\\[mot\\]",
        "\\inconnu{mot}",
        "\\footnote{mot}",
        "\\begin{itemize}\\item mot\\end{itemize}",
        "\\begin{tabular}{lc}mot & b\\end{tabular}",
        "\\begin{verbatim}\nmot\n\\end{verbatim}",
    ];
    let other = [
        "\n\n",
        "\\\\",
        "<script>alert(1)</script>",
        "$",
        "{",
        "}",
        "\\begin{enumerate}\\item ",
        "\\end{enumerate}",
        "\\begin{quote}",
        "\\item ",
        "\\og ",
        "\\og{}",
        "\\og",
        "\\fg{}",
        "\\dots ",
        "\\vspace*{2pt}",
        "\\hfill",
        "\\par ",
    ];
    prop_oneof![
        12 => prop::sample::select(content.to_vec()).prop_map(str::to_owned),
        10 => prop::sample::select(other.to_vec()).prop_map(str::to_owned),
        2 => "[-*_#<>&`|~=+1. \n\\[\\]!:^]{1,4}",
        1 => "\\\\(x[a-z]{0,3}|[%&\\[\\]()])",
    ]
}

/// LaTeX in which each `mot` has become a word of its own, and these words.
fn with_words(latex: &str) -> (String, Vec<String>) {
    let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).unwrap());
    let mut parts = latex.split("mot");
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut words = Vec::new();
    for (number, part) in parts.enumerate() {
        let word = format!("mot{}{}", letter(number / 26), letter(number));
        text.push_str(&word);
        text.push_str(part);
        words.push(word);
    }
    (text, words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_word_survives_and_html_never_comes_out(pieces in prop::collection::vec(piece(), 0..25)) {
        let latex = pieces.concat();
        // What stands there is a length, and no content.
        prop_assume!(!latex.split("\\\\").skip(1).any(|rest| rest.trim_start().starts_with('[')));
        let (latex, words) = with_words(&latex);
        let markdown = body(&latex);
        for word in words {
            prop_assert!(markdown.contains(&word), "{word} of {latex}\nis not in\n{markdown}");
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
