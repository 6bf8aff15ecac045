//! The Markdown that models write, and what must stay text.

use proptest::prelude::*;

use super::*;

/// The pieces in a short notation.
fn shown(markdown: &str) -> String {
    let show = |piece: &Piece| match piece {
        Piece::Open(name) => format!("[{name} "),
        Piece::OpenListFrom(start) => format!("[ol={start} "),
        Piece::OpenLink(address) => format!("[a={address} "),
        Piece::Close(_) => "]".to_owned(),
        Piece::Text(text) => text.clone(),
        Piece::Code(code) => format!("`{code}`"),
        Piece::Block(block) => format!("<{}:{}>", block.language, block.code),
        Piece::Math(markup) => markup.clone(),
        Piece::Task(done) => if *done { "[x]" } else { "[_]" }.to_owned(),
        Piece::LineBreak => "/".to_owned(),
        Piece::Rule => "---".to_owned(),
    };
    pieces(markdown).iter().map(show).collect()
}

#[test]
fn the_markdown_that_models_write_becomes_elements() {
    for (markdown, expected) in [
        ("", ""),
        ("a **b** *c* `d` ~~e~~", "[p a [strong b] [em c] `d` [del e]]"),
        ("# T\n### U\n#### V", "[h3 T][h3 U][h4 V]"),
        ("1. a\n2. b", "[ol [li a][li b]]"),
        ("3. a", "[ol=3 [li a]]"),
        ("- a\n  - b", "[ul [li a[ul [li b]]]]"),
        ("> a", "[blockquote [p a]]"),
        ("a\nb  \nc", "[p a\nb/c]"),
        ("a\n\n---\n\nb", "[p a]---[p b]"),
        ("```python\nx = 1\n```", "<python:x = 1>"),
        ("    x = 1", "<:x = 1>"),
        ("|a|b|\n|-|-|\n|c|d|", "[table [tr [th a][th b]][tr [td c][td d]]]"),
        ("[a](https://docs.python.org/3/)", "[p [a=https://docs.python.org/3/ a]]"),
        ("- [ ] a\n- [x] b", "[ul [li [_]a][li [x]b]]"),
        (
            "voir https://docs.python.org/3/.",
            "[p voir [a=https://docs.python.org/3/ https://docs.python.org/3/].]",
        ),
        ("`https://a.example`", "[p `https://a.example`]"),
        ("[https://a.example](https://b.example)", "[p [a=https://b.example https://a.example]]"),
        ("coûte 5 $ ou 6 $", "[p coûte 5 $ ou 6 $]"),
        ("$\\def\\a{\\a\\a}\\a$", "[p `$\\def\\a{\\a\\a}\\a$`]"),
        ("écho $HOME/$USER, $5$0", "[p écho $HOME/$USER, $5$0]"),
        // The end is missing.
        ("**a", "[p **a]"),
        ("```python\nx", "<python:x>"),
    ] {
        assert_eq!(shown(markdown), expected, "{markdown}");
    }
}

#[test]
fn html_images_and_other_links_stay_text() {
    for (markdown, expected) in [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a <img src=x onerror=alert(1)> b", "[p a <img src=x onerror=alert(1)> b]"),
        ("[a](javascript:alert(1))", "[p a]"),
        ("[a](JaVaScRiPt:alert(1))", "[p a]"),
        ("[a](data:text/html,x)", "[p a]"),
        ("[a](//evil.example)", "[p a]"),
        ("[a](/logout)", "[p a]"),
        ("![a](https://evil.example/pixel.png)", "[p a]"),
        ("<javascript:alert(1)>", "[p javascript:alert(1)]"),
        ("<a@b.example>", "[p a@b.example]"),
    ] {
        assert_eq!(shown(markdown), expected, "{markdown}");
    }
}

#[test]
fn depth_is_bounded_and_no_text_is_lost() {
    let markdown = format!("{}profond", "> ".repeat(100));
    let pieces = pieces(&markdown);
    let opened = pieces.iter().filter(|piece| matches!(piece, Piece::Open(_))).count();
    assert_eq!(opened, DEPTH_MAX);
    assert!(pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains("profond"))));
}

#[test]
fn a_text_that_is_too_long_or_nests_too_deeply_is_shown_as_it_is() {
    // Each line goes through all quotes and lists that are open: 32 KiB of these took 150 ms.
    let deep =
        [">", "- ", "1. ", "\t- "].map(|start| format!("{}a{}", start.repeat(300), "\na".repeat(4_000)));
    for markdown in deep.into_iter().chain(["a".repeat(MARKDOWN_BYTES_MAX + 1)]) {
        assert_eq!(pieces(&markdown), [Piece::Block(CodeBlock::new("", &markdown))]);
    }
    assert_eq!(shown(&"-".repeat(400)), "---");
}

proptest! {
    #[test]
    fn every_element_that_is_opened_is_closed(markdown in "[\\[\\]()*_`<>#|\\-1.!a:/ \n]{0,80}|\\PC{0,40}") {
        let mut open = Vec::new();
        for piece in pieces(&markdown) {
            match piece {
                Piece::Open(name) => open.push(name),
                Piece::OpenListFrom(_) => open.push("ol"),
                Piece::OpenLink(_) => open.push("a"),
                Piece::Close(name) => prop_assert_eq!(open.pop(), Some(name)),
                _ => {}
            }
        }
        prop_assert_eq!(open, Vec::<&str>::new());
    }
}
