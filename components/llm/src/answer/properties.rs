//! Properties of every answer, tested with random texts made of the pieces that the parser reacts to.

use proptest::prelude::*;

use super::{Answer, lines::Lines, parse, parse_lines, unescape};

/// All stages together read each line at most this many times.
const READS_PER_LINE_MAX: usize = 8;

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "```", "````", "~~~", "```python", "~~~~ py", "``` bash", "`", ">", "> ", ">>> ", "... ", "1. ", "- ",
            "    ", "\t", " ", "\u{a0}", "\u{202f}", "\n", "\n", "\n\n", "\r\n", "\r", "\\n", "\\\"", "&lt;", "&amp;",
            "Explication :", "**Explication :**", "### Explication", "Explanation:", "<b>Explication</b>", "# ", "**",
            "___", "---", "def f(x):", "x = 1", "print(x)", "import os", "\"\"\"", "'", "\"", "📖", "<script>", "e\u{301}",
            "Voici : ```python", "Sortie :", "$ ls", "\u{feff}", ":",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

/// The canonical way to write an answer, with a fence longer than any run inside the code.
fn format(answer: &Answer) -> String {
    let longest = answer.code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let code = if answer.code.is_empty() {
        String::new()
    } else {
        format!("{fence}python\n{}\n{fence}\n\n", answer.code)
    };
    format!("{code}**Explication :**\n\n{}\n", answer.explanation)
}

/// Texts without escapes, so that none can be undone.
fn text_without_escapes() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\\', '&'], "/"))
}

/// Texts whose fences start their lines. A fence in the middle of a line opens a block only after certain words, and
/// [`format`] moves lines.
fn text_with_fences_on_their_own_lines() -> impl Strategy<Value = String> {
    text_without_escapes().prop_map(|text| text.replace("```", "\n```").replace("~~~", "\n~~~"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_every_line_is_read_a_bounded_number_of_times(text in text()) {
        let normalised = unescape::normalise(&text);
        let lines = Lines::new(&normalised);
        parse_lines(&lines);
        let bytes_read = lines.bytes_read.get();
        prop_assert!(bytes_read <= READS_PER_LINE_MAX * (text.len() + 1), "{bytes_read} for {}", text.len());
    }

    #[test]
    fn every_line_that_comes_out_is_part_of_a_line_that_went_in(text in text_without_escapes()) {
        let answer = parse(&text);
        let lines: Vec<&str> = text.split(['\n', '\r']).collect();
        let blocks = answer.blocks.iter().flat_map(|block| block.code.lines());
        for line in answer.code.lines().chain(answer.explanation.lines()).chain(blocks) {
            prop_assert!(lines.iter().any(|source| source.contains(line)), "{line:?}");
        }
    }

    #[test]
    fn an_answer_that_is_written_canonically_is_parsed_to_the_same_answer(text in text_with_fences_on_their_own_lines(), code in any::<bool>()) {
        let text = if code { format!("{text}\n```python\nx = 1\n```\n{text}") } else { text };
        let answer = parse(&text);
        let again = parse(&format(&answer));
        prop_assert_eq!((again.code, again.explanation), (answer.code, answer.explanation));
    }

    #[test]
    fn every_blank_before_the_colon_gives_the_same_answer(
        blanks in prop::collection::vec(
            prop::sample::select(vec![' ', '\u{a0}', '\u{202f}', '\u{2009}', '\t', '\u{3000}', '\u{200b}']), 0..4),
        emphasis in prop::sample::select(vec!["", "*", "**", "__", "***"]),
        rest in "[a-zé ]{0,20}",
    ) {
        let blanks: String = blanks.into_iter().collect();
        let text = |blank: &str| {
            format!("```python\nx = 1\n```\n{emphasis}Explication{blank}:{emphasis}{blank}{rest}\nfin")
        };
        prop_assert_eq!(parse(&text(&blanks)), parse(&text(" ")));
    }
}

#[test]
fn an_answer_that_is_cut_anywhere_keeps_the_code_before_the_cut() {
    let whole =
        "Voici :\n```python\ndef f(x):\n    return x * 2\n\nprint(f(2))\n```\n**Explication :** on double é.";
    let full = parse(whole).code;
    let first_line = whole.find("def f(x):").unwrap() + "def f(x):".len();
    let closer = whole.find("\n```\n").unwrap() + "\n```".len();
    for cut in (0..=whole.len()).filter(|&cut| whole.is_char_boundary(cut)) {
        let code = parse(&whole[..cut]).code;
        // The closer itself may be cut.
        assert!(full.starts_with(code.trim_end_matches(['`', '\n'])), "{cut}: {code:?}");
        assert!(cut < first_line || code.starts_with("def f(x):"), "{cut}: {code:?}");
        assert!(cut < closer || code == full, "{cut}: {code:?}");
    }
}
