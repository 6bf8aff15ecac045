//! Lists. Numbers that Markdown can write are its own (`numbering.rs`); other labels become text of the item.

use super::block::{Block, Item, Marker};
use super::commands::Style;
use super::cursor::Cursor;
use super::flow::Flow;
use super::numbering::{Numbering, native, start};
use super::reader::Reader;
use super::source::Span;
use crate::tokens::Kind;

/// `\setcounter{enumi}{3}\item` with more bytes than this is not looked for.
const COUNTER_BYTES_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Bullets,
    Numbers,
    Descriptions,
}

impl List {
    fn of(environment: &str) -> Option<Self> {
        Some(match environment.trim_end_matches('*') {
            "itemize" | "compactitem" | "inparaitem" | "list" | "trivlist" | "items" => Self::Bullets,
            "enumerate" | "compactenum" | "inparaenum" | "tasks" | "questions" | "parts" | "subparts" => {
                Self::Numbers
            }
            "description" | "compactdesc" => Self::Descriptions,
            _ => return None,
        })
    }
}

impl Reader<'_, '_> {
    /// Reads a list; says whether it is one.
    pub(super) fn list(&mut self, name: &str, span: Span, out: &mut Flow) -> bool {
        let Some(kind) = List::of(name) else { return false };
        let mut cursor = Cursor::new(self.source(), span);
        let options = cursor.optional().map(|options| self.source().slice(options)).unwrap_or_default();
        if name == "list" {
            cursor.group();
            cursor.group();
        }
        let (before, items) = self.items(cursor.rest());
        self.flow(before, out);
        out.end_paragraph();
        let items = match kind {
            List::Numbers => self.numbered(options, &items),
            _ => items.into_iter().map(|item| self.unnumbered(kind, item)).collect(),
        };
        if !items.is_empty() {
            out.push(Block::List(items));
        }
        true
    }

    /// What stands before the first item, and for each item what follows its `\item`. Without items, the environment
    /// is its content.
    fn items(&self, span: Span) -> (Span, Vec<Span>) {
        let mut before = span;
        let mut items: Vec<Span> = Vec::new();
        let mut at = span.token;
        while at < span.token_end {
            let Some(token) = self.source().tokens.get(at) else { break };
            match token.kind {
                Kind::Command("item" | "task" | "question" | "subpart" | "bibitem") => {
                    let last = items.last_mut().unwrap_or(&mut before);
                    (last.end, last.token_end) = (token.at, at);
                    items.push(Span { at: token.end, token: at + 1, ..span });
                }
                Kind::Begin(_) | Kind::Open => {
                    if let Some(inside) = self.source().inside(at) {
                        at = inside.token_end;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        (before, items)
    }

    fn numbered(&mut self, options: &str, items: &[Span]) -> Vec<Item> {
        let numbering = Numbering::of(options, self.enumerations().depth());
        let resumed = options.contains("resume");
        let mut number = if resumed { self.enumerations().last() } else { start(options).saturating_sub(1) };
        self.enumerations().enter();
        let mut read = Vec::new();
        for item in items {
            number = self.counter_set_before(*item).unwrap_or(number);
            let (label, content) = self.label(*item);
            let (marker, text) = match label.map(|label| self.label_text(List::Numbers, label)) {
                None => {
                    number = number.saturating_add(1);
                    numbering.label(number)
                }
                Some(label) => native(&label).unwrap_or((Marker::Bullet, label)),
            };
            read.push(self.item(marker, &text, content));
        }
        self.enumerations().leave(number);
        read
    }

    fn unnumbered(&mut self, kind: List, item: Span) -> Item {
        let (label, content) = self.label(item);
        let text = label.map(|label| self.label_text(kind, label)).unwrap_or_default();
        self.item(Marker::Bullet, &text, content)
    }

    /// The `[label]` of an item, and what follows it.
    fn label(&self, item: Span) -> (Option<Span>, Span) {
        let mut cursor = Cursor::new(self.source(), item);
        cursor.skip_blanks();
        (cursor.optional(), cursor.rest())
    }

    /// A label in Markdown; one that is only a bullet is none.
    fn label_text(&mut self, kind: List, label: Span) -> String {
        match self.source().slice(label).trim() {
            "" | "-" | "--" | "---" | "•" | "–" | "—" | "$\\bullet$" | "\\textbullet" | "$-$"
            | "$\\circ$" => String::new(),
            _ if kind != List::Descriptions => self.line(label),
            _ => {
                let line = self.within(Style::Bold, |reader| reader.line(label));
                if line.is_empty() { line } else { format!("**{line}**") }
            }
        }
    }

    fn item(&mut self, marker: Marker, text: &str, content: Span) -> Item {
        let mut flow = Flow::default();
        if !text.is_empty() {
            flow.text(&format!("{text} "));
        }
        self.flow(content, &mut flow);
        Item { marker, blocks: flow.finish() }
    }

    /// `\setcounter{enumi}{3}` directly before `\item`.
    fn counter_set_before(&self, item: Span) -> Option<u32> {
        let text = self.source().text;
        let near = text.floor_char_boundary(item.at.saturating_sub(COUNTER_BYTES_MAX));
        let (_, counter) = text.get(near..item.at)?.rsplit_once("\\setcounter{enum")?;
        let (name, value) = counter.strip_suffix("\\item")?.split_once('}')?;
        let value = value.trim().strip_prefix('{')?.strip_suffix('}')?;
        value.trim().parse().ok().filter(|_| name.len() < 4)
    }
}
