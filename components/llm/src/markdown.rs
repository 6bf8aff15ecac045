//! The explanation's Markdown as a list of pieces, which `templates/code.html` renders. Only the elements of a whitelist
//! become elements: raw HTML becomes visible text, an image its description, and only `http(s)` links become links.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::highlight::{self, Token};

/// The greatest depth of nested elements. Deeper ones are left out, but not their text.
const DEPTH_MAX: usize = 16;

/// A longer text, in bytes, is shown as it is: the time of the Markdown parser for nested quotes grows faster than their
/// number. Models write less.
pub const MARKDOWN_BYTES_MAX: usize = 32 * 1024;

/// A piece of the page. Texts, code and addresses come from the model; the template escapes them.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// The start of an element of the whitelist.
    Open(&'static str),
    /// Its end.
    Close(&'static str),
    /// An ordered list that does not start at 1.
    OpenListFrom(u64),
    /// A link to an `http` or `https` address.
    OpenLink(String),
    Text(String),
    /// `code` in a sentence.
    Code(String),
    /// A block of code.
    Block(CodeBlock),
    LineBreak,
    Rule,
}

/// A block of code with its language, for a page.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub struct CodeBlock {
    pub language: String,
    pub code: String,
}

impl CodeBlock {
    #[must_use]
    pub fn new(language: &str, code: &str) -> Self {
        Self { language: language.to_owned(), code: code.to_owned() }
    }

    /// The code as coloured pieces. Only Python has colours.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token<'_>> {
        if self.language.to_ascii_lowercase().starts_with("py") {
            highlight::python(&self.code)
        } else {
            highlight::plain(&self.code)
        }
    }
}

/// Parses Markdown. Every element that is opened is closed.
#[must_use]
pub fn pieces(markdown: &str) -> Vec<Piece> {
    if markdown.len() > MARKDOWN_BYTES_MAX {
        return vec![Piece::Block(CodeBlock::new("", markdown))];
    }
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        reader.take(event);
    }
    reader.pieces
}

#[derive(Default)]
struct Reader {
    pieces: Vec<Piece>,
    /// The name of each open element; `None` for one that is left out.
    open: Vec<Option<&'static str>>,
    block: Option<CodeBlock>,
    in_table_head: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.block = Some(CodeBlock::new(info.split([' ', ',']).next().unwrap_or_default(), ""));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(mut block) = self.block.take() {
                    block.code.truncate(block.code.trim_end().len());
                    self.pieces.push(Piece::Block(block));
                }
            }
            Event::Start(tag) => self.open(tag),
            Event::End(end) => {
                self.in_table_head &= end != TagEnd::TableHead;
                if let Some(name) = self.open.pop().flatten() {
                    self.pieces.push(Piece::Close(name));
                }
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.pieces.push(Piece::Code(code.into_string())),
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.pieces.push(Piece::LineBreak),
            Event::Rule => self.pieces.push(Piece::Rule),
            // Events of extensions that are off.
            other => debug_assert!(false, "no such event without its option: {other:?}"),
        }
    }

    fn text(&mut self, text: &str) {
        match (&mut self.block, self.pieces.last_mut()) {
            (Some(block), _) => block.code.push_str(text),
            (None, Some(Piece::Text(before))) => before.push_str(text),
            (None, _) => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        self.in_table_head |= tag == Tag::TableHead;
        let piece = match tag {
            _ if self.open.iter().flatten().count() >= DEPTH_MAX => None,
            // The page itself uses h1 and h2.
            Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3, .. } => {
                Some(Piece::Open("h3"))
            }
            Tag::Heading { .. } => Some(Piece::Open("h4")),
            Tag::List(Some(start)) if start != 1 => Some(Piece::OpenListFrom(start)),
            Tag::Link { dest_url, .. } => {
                is_web_address(&dest_url).then(|| Piece::OpenLink(dest_url.into_string()))
            }
            Tag::TableCell if self.in_table_head => Some(Piece::Open("th")),
            other => element(&other).map(Piece::Open),
        };
        self.open.push(match &piece {
            Some(Piece::Open(name)) => Some(name),
            Some(Piece::OpenListFrom(_)) => Some("ol"),
            Some(Piece::OpenLink(_)) => Some("a"),
            _ => None,
        });
        self.pieces.extend(piece);
    }
}

const fn element(tag: &Tag<'_>) -> Option<&'static str> {
    match tag {
        Tag::Paragraph => Some("p"),
        Tag::BlockQuote(_) => Some("blockquote"),
        Tag::List(Some(_)) => Some("ol"),
        Tag::List(None) => Some("ul"),
        Tag::Item => Some("li"),
        Tag::Emphasis => Some("em"),
        Tag::Strong => Some("strong"),
        Tag::Strikethrough => Some("del"),
        Tag::Table(_) => Some("table"),
        Tag::TableHead | Tag::TableRow => Some("tr"),
        Tag::TableCell => Some("td"),
        _ => None,
    }
}

/// Whether the address is absolute and `http(s)`, so neither `javascript:` nor an address of this site.
fn is_web_address(address: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
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
        let markdown = format!("{}profond", "> ".repeat(2_000));
        let pieces = pieces(&markdown);
        let opened = pieces.iter().filter(|piece| matches!(piece, Piece::Open(_))).count();
        assert_eq!(opened, DEPTH_MAX);
        assert!(pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains("profond"))));
    }

    #[test]
    fn a_text_that_is_too_long_is_shown_as_it_is() {
        let markdown = "> ".repeat(MARKDOWN_BYTES_MAX);
        assert_eq!(pieces(&markdown), [Piece::Block(CodeBlock::new("", &markdown))]);
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
}
