//! The explanation's Markdown as a list of pieces, which `templates/code.html` renders. Only the elements of a whitelist
//! become elements: raw HTML becomes visible text, an image its description, and only `http(s)` links become links.

#[cfg(test)]
mod tests;

use mathml::Display;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::highlight::{self, Token};
use crate::links;

/// The greatest depth of nested elements. Deeper ones are left out, but not their text.
const DEPTH_MAX: usize = 16;

/// A longer text, in bytes, is shown as it is. Models write less.
pub const MARKDOWN_BYTES_MAX: usize = 32 * 1024;

/// A text with a longer start of a line is shown as it is, too. Each byte there can open a quote or a list, and the parser
/// looks at all that are open for every line of the text.
const LINE_START_BYTES_MAX: usize = 256;

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
    /// A formula as MathML, as [`mathml::render`] gives it: the one text that is markup already.
    Math(String),
    /// The box of a task list, ticked or not.
    Task(bool),
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
    if markdown.len() > MARKDOWN_BYTES_MAX || markdown.lines().any(nests_too_deeply) {
        return vec![Piece::Block(CodeBlock::new("", markdown))];
    }
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    for (event, place) in Parser::new_ext(markdown, options).into_offset_iter() {
        let next = markdown.get(place.end..).and_then(|rest| rest.chars().next());
        reader.take(event, next);
    }
    reader.pieces
}

fn nests_too_deeply(line: &str) -> bool {
    let is_start = |char: char| matches!(char, ' ' | '\t' | '>' | '-' | '+' | '*' | '.' | ')' | '0'..='9');
    let start = line.split(|char| !is_start(char)).next().unwrap_or_default();
    // A line of dashes opens nothing.
    start.rfind([' ', '\t', '>']).is_some_and(|last| last >= LINE_START_BYTES_MAX)
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
    /// `next`: the character behind the event.
    fn take(&mut self, event: Event<'_>, next: Option<char>) {
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
            Event::Text(text) if self.may_link() => self.linked(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.pieces.push(Piece::Code(code.into_string())),
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.pieces.push(Piece::LineBreak),
            Event::Rule => self.pieces.push(Piece::Rule),
            // `$HOME/$USER`: a formula does not end at a word.
            Event::InlineMath(source) if next.is_some_and(char::is_alphanumeric) => {
                self.text(&format!("${source}$"));
            }
            Event::InlineMath(source) => self.math(&source, Display::Inline),
            Event::DisplayMath(source) => self.math(&source, Display::Block),
            Event::TaskListMarker(done) => self.pieces.push(Piece::Task(done)),
            // Events of extensions that are off.
            other => debug_assert!(false, "no such event without its option: {other:?}"),
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match (&mut self.block, self.pieces.last_mut()) {
            (Some(block), _) => block.code.push_str(text),
            (None, Some(Piece::Text(before))) => before.push_str(text),
            (None, _) => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Outside code, links and elements that are left out for their depth.
    fn may_link(&self) -> bool {
        self.block.is_none() && self.open.len() < DEPTH_MAX && !self.open.contains(&Some("a"))
    }

    /// A text whose bare web addresses become links.
    fn linked(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, address, after)) = links::next(rest) {
            self.text(before);
            self.pieces.push(Piece::OpenLink(address.to_owned()));
            self.text(address);
            self.pieces.push(Piece::Close("a"));
            rest = after;
        }
        self.text(rest);
    }

    /// A formula; one that cannot be rendered is shown as its source.
    fn math(&mut self, source: &str, display: Display) {
        self.pieces.push(match mathml::render(source, display) {
            Some(markup) => Piece::Math(markup),
            None if display == Display::Inline => Piece::Code(format!("${source}$")),
            None => Piece::Code(format!("$${source}$$")),
        });
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
                links::is_web_address(&dest_url).then(|| Piece::OpenLink(dest_url.into_string()))
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
