//! Lists. Numbers that Markdown can write are its own; letters, Roman numbers and labels become text of the item.

use super::block::{Block, Flow, Item, Marker};
use super::commands::Style;
use super::escape::escape;
use super::read::Reader;
use super::source::{Cursor, Span};
use crate::tokens::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Bullets,
    Numbers,
    Descriptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    Arabic,
    Letters,
    Capitals,
    Roman,
    RomanCapitals,
}

/// How the numbers of a list look: `(a)`, `1.`, `Question 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Numbering {
    before: String,
    digits: Digits,
    after: String,
}

impl Reader<'_, '_> {
    /// Reads a list; says whether it is one.
    pub fn list(&mut self, name: &str, span: Span, out: &mut Flow) -> bool {
        let kind = match name.trim_end_matches('*') {
            "itemize" | "compactitem" | "inparaitem" | "list" | "trivlist" | "items" => List::Bullets,
            "enumerate" | "compactenum" | "inparaenum" | "tasks" | "questions" | "parts" | "subparts" => {
                List::Numbers
            }
            "description" | "compactdesc" => List::Descriptions,
            _ => return false,
        };
        let mut cursor = Cursor::new(self.source, span);
        let options = cursor.optional().map(|options| self.source.slice(options)).unwrap_or_default();
        if name == "list" {
            cursor.group();
            cursor.group();
        }
        let starts = self.items(cursor.span);
        let first = starts.first().map_or(cursor.span, |(_, before)| *before);
        // What stands before the first item is text of its own; without items, the environment is its content.
        let before = if starts.is_empty() { cursor.span } else { Span { token: cursor.span.token, ..first } };
        self.flow(before, out);
        out.end_paragraph();
        let numbering = Numbering::of(options, self.enumerations);
        let level = self.enumerations;
        let mut number = if options.contains("resume") {
            self.resumed.get(level).copied().unwrap_or_default()
        } else {
            start(options).saturating_sub(1)
        };
        self.enumerations += usize::from(kind == List::Numbers);
        let mut items = Vec::new();
        for (item, _) in &starts {
            let mut cursor = Cursor::new(self.source, *item);
            if let Some(set) = self.set_counter(*item) {
                number = set;
            }
            cursor.skip_blanks();
            let label = cursor.optional();
            let label = label.map(|label| self.label(kind, label));
            let (marker, text) = match (kind, label) {
                (List::Numbers, None) => {
                    number = number.saturating_add(1);
                    numbering.label(number)
                }
                (List::Numbers, Some(label)) => native(&label).unwrap_or((Marker::Bullet, label)),
                (_, label) => (Marker::Bullet, label.unwrap_or_default()),
            };
            let mut flow = Flow::default();
            if !text.is_empty() {
                flow.text(&format!("{text} "));
            }
            self.flow(cursor.span, &mut flow);
            items.push(Item { marker, blocks: flow.finish() });
        }
        self.enumerations -= usize::from(kind == List::Numbers);
        if let Some(last) = self.resumed.get_mut(level).filter(|_| kind == List::Numbers) {
            *last = number;
        }
        if !items.is_empty() {
            out.push(Block::List(items));
        }
        true
    }

    /// For each item: what follows its `\item`, and what stands before it up to the start of the list.
    fn items(&self, span: Span) -> Vec<(Span, Span)> {
        let mut items: Vec<(Span, Span)> = Vec::new();
        let mut at = span.token;
        while at < span.token_end {
            let Some(token) = self.source.tokens.get(at) else { break };
            match token.kind {
                Kind::Command("item" | "task" | "question" | "subpart" | "bibitem") => {
                    if let Some((last, _)) = items.last_mut() {
                        last.end = token.at;
                        last.token_end = at;
                    }
                    items.push((
                        Span { at: token.end, token: at + 1, ..span },
                        Span { end: token.at, token_end: at, ..span },
                    ));
                }
                Kind::Begin(_) | Kind::Open => {
                    if let Some(inside) = self.source.inside(at) {
                        at = inside.token_end;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        items
    }

    /// `\setcounter{enumi}{3}` before an item's text.
    fn set_counter(&self, item: Span) -> Option<u32> {
        let source = self.source.text.get(..item.at)?.trim_end();
        let head = source.strip_suffix("\\item")?.trim_end().strip_suffix('}')?;
        let (head, value) = head.rsplit_once('{')?;
        let name = head.trim_end().strip_suffix('}')?.rsplit_once("\\setcounter{")?.1;
        (name.starts_with("enum") && name.len() < 8).then(|| value.trim().parse().ok()).flatten()
    }

    /// A label in Markdown; one that is only a bullet is none.
    fn label(&mut self, kind: List, label: Span) -> String {
        let source = self.source.slice(label).trim();
        let bullets = ["", "-", "--", "---", "•", "–", "—", "$\\bullet$", "\\textbullet", "$-$", "$\\circ$"];
        if bullets.contains(&source) {
            return String::new();
        }
        if kind != List::Descriptions {
            return self.line(label);
        }
        self.styles.push(Style::Bold);
        let line = self.line(label);
        self.styles.pop();
        if line.is_empty() { line } else { format!("**{line}**") }
    }
}

/// A label that Markdown can number by itself.
fn native(label: &str) -> Option<(Marker, String)> {
    let digits = label.strip_suffix(['.', ')'])?;
    let number = digits.parse().ok().filter(|_| digits.len() <= 4)?;
    Some((Marker::Number(number, if label.ends_with('.') { '.' } else { ')' }), String::new()))
}

/// `start=3`
fn start(options: &str) -> u32 {
    let Some((_, value)) = options.split_once("start=") else { return 1 };
    let digits: String = value.chars().take_while(char::is_ascii_digit).take(4).collect();
    digits.parse().unwrap_or(1)
}

impl Numbering {
    /// From enumitem's `label=`, enumerate's `[a)]`, or as LaTeX numbers at this depth.
    fn of(options: &str, depth: usize) -> Self {
        if let Some((_, label)) = options.split_once("label=") {
            for (command, digits) in [
                ("\\arabic", Digits::Arabic),
                ("\\alph", Digits::Letters),
                ("\\Alph", Digits::Capitals),
                ("\\roman", Digits::Roman),
                ("\\Roman", Digits::RomanCapitals),
            ] {
                if let Some((before, after)) = label.split_once(command) {
                    let after = after.trim_start_matches('*').split(',').next().unwrap_or_default();
                    return Self { before: bare(before), digits, after: bare(after) };
                }
            }
        } else if !options.contains('=')
            && let Some(at) = options.find(|char: char| "1aAiI".contains(char))
            && let Some((before, rest)) = options.split_at_checked(at)
            && !options.chars().filter(|char| !"1aAiI".contains(*char)).any(char::is_alphanumeric)
        {
            let digits = match rest.chars().next() {
                Some('a') => Digits::Letters,
                Some('A') => Digits::Capitals,
                Some('i') => Digits::Roman,
                Some('I') => Digits::RomanCapitals,
                _ => Digits::Arabic,
            };
            return Self { before: bare(before), digits, after: bare(rest.get(1..).unwrap_or_default()) };
        }
        let (digits, after) = match depth {
            0 => (Digits::Arabic, "."),
            1 => (Digits::Letters, ")"),
            2 => (Digits::Roman, "."),
            _ => (Digits::Capitals, "."),
        };
        Self { before: String::new(), digits, after: after.to_owned() }
    }

    fn label(&self, number: u32) -> (Marker, String) {
        if self.digits == Digits::Arabic && self.before.is_empty() {
            match self.after.as_str() {
                "" | "." => return (Marker::Number(number, '.'), String::new()),
                ")" => return (Marker::Number(number, ')'), String::new()),
                _ => {}
            }
        }
        let letter = |first: u8| {
            let place = u8::try_from(number.saturating_sub(1)).ok().filter(|place| *place < 26)?;
            Some(char::from(first.saturating_add(place)).to_string())
        };
        let digits = match self.digits {
            Digits::Arabic => None,
            Digits::Letters => letter(b'a'),
            Digits::Capitals => letter(b'A'),
            Digits::Roman => Some(roman(number)),
            Digits::RomanCapitals => Some(roman(number).to_ascii_uppercase()),
        };
        let digits = digits.unwrap_or_else(|| number.to_string());
        (Marker::Bullet, escape(&format!("{}{digits}{}", self.before, self.after)))
    }
}

/// Without commands and braces: `\textbf{(` is `(`.
fn bare(label: &str) -> String {
    let mut bare = String::new();
    let mut command = false;
    for char in label.chars() {
        command = char == '\\' || (command && char.is_ascii_alphabetic());
        if !command && !matches!(char, '{' | '}' | '*') {
            bare.push(char);
        }
    }
    bare
}

fn roman(number: u32) -> String {
    const PARTS: [(u32, &str); 9] =
        [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    if number > 399 {
        return number.to_string();
    }
    let mut rest = number;
    let mut text = String::new();
    for (value, digits) in PARTS {
        while rest >= value {
            text.push_str(digits);
            rest -= value;
        }
    }
    text
}
