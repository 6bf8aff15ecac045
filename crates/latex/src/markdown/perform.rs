//! What commands do to the text.

use super::block::{BLANK, Block, Flow};
use super::commands::{Meaning, Style, meaning};
use super::escape::{NBSP, address, code_span, escape};
use super::facts::definition;
use super::inline::{accent, link, next_char, raised};
use super::math;
use super::read::{Closing, Reader, formula};
use super::source::Cursor;
use crate::tokens::{Kind, Token};

impl<'a> Reader<'_, 'a> {
    pub fn command(&mut self, name: &str, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let source = self.source.text.get(token.at..token.end).unwrap_or_default();
        match name {
            "(" => {
                return match formula(cursor, Closing::Command(")")) {
                    Some(inside) => self.formula(inside, out),
                    None => out.text("("),
                };
            }
            "[" => {
                return match formula(cursor, Closing::Command("]")) {
                    Some(inside) => self.display(inside, out),
                    None => out.text("\\["),
                };
            }
            "verb" | "lstinline" if source.len() > name.len() + 1 => {
                let body = source.get(name.len() + 1..).unwrap_or_default();
                let mut body = body.strip_prefix('*').unwrap_or(body).chars();
                body.next();
                body.next_back();
                return out.apart(&code_span(body.as_str()), '`');
            }
            _ => {}
        }
        let meaning = meaning(name);
        let word = name.starts_with(|char: char| char.is_ascii_alphabetic());
        if word && meaning != Some(Meaning::CloseQuote) {
            cursor.skip_blanks();
        }
        match meaning {
            Some(meaning) => self.perform(meaning, token, cursor, out),
            None => {
                let star = if word && cursor.take("*") { "*" } else { "" };
                out.apart(&code_span(&format!("{source}{star}")), '`');
                if next_char(cursor).is_some_and(|next| next == '{' || next.is_alphanumeric()) {
                    out.space();
                }
            }
        }
    }

    fn perform(&mut self, meaning: Meaning, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        match meaning {
            Meaning::Text("&") if next_char(cursor).is_some_and(char::is_alphanumeric) => out.text("\\&"),
            Meaning::Comma => {
                let kept = out.line.trim_end_matches(' ').len();
                out.line.truncate(kept);
                out.text(", ");
            }
            Meaning::Text(text) => out.text(&escape(text)),
            Meaning::Accent(mark) => accent(mark, cursor, out),
            Meaning::Style(style) => {
                if let Some(span) = cursor.group() {
                    self.styled(style, span, cursor, out);
                }
            }
            Meaning::Declaration(_) | Meaning::Drop(0) => {}
            Meaning::Drop(groups) => {
                cursor.take("*");
                for _ in 0..groups {
                    while cursor.optional().is_some() {}
                    if cursor.group().is_none() && groups == 2 && is_command(cursor) {
                        // `\setlength\parindent{0pt}`
                        cursor.advance();
                    }
                }
                if matches!(token.kind, Kind::Command("newtheorem")) {
                    cursor.optional();
                }
            }
            Meaning::Skip(groups) => {
                cursor.take("*");
                let boxed = cursor.gap().starts_with('[');
                while boxed && cursor.optional().is_some() {}
                for _ in 0..groups {
                    cursor.group();
                    while boxed && cursor.optional().is_some() {}
                }
            }
            Meaning::Section(level) => {
                cursor.take("*");
                cursor.optional();
                if let Some(title) = cursor.group() {
                    let title = self.line(title);
                    out.end_paragraph();
                    if !title.is_empty() {
                        out.push(Block::Heading(self.facts.heading(level), title));
                    }
                }
            }
            Meaning::Break => {
                cursor.take("*");
                if cursor.gap().starts_with('[') {
                    cursor.optional();
                }
                out.hard_break();
            }
            Meaning::Paragraph => out.end_paragraph(),
            Meaning::Rule => out.push(Block::Rule),
            Meaning::Blank => {
                cursor.optional();
                let width = cursor.group().map(|width| self.source.slice(width)).unwrap_or_default();
                if !width.is_empty() {
                    cursor.group();
                }
                if width.contains("width") || width.contains("hsize") {
                    out.push(Block::Rule);
                } else {
                    out.text(BLANK);
                }
            }
            Meaning::Quoted => {
                let Some(span) = cursor.group() else { return };
                out.text(&format!("«{NBSP}"));
                self.flow(span, out);
                close_quote(out);
            }
            Meaning::Superscript | Meaning::Subscript => {
                let Some(span) = cursor.group() else { return };
                match raised(self.source.slice(span), meaning == Meaning::Subscript) {
                    Some(raised) => out.text(&raised),
                    None => self.flow(span, out),
                }
            }
            Meaning::Footnote => {
                cursor.optional();
                let Some(span) = cursor.group() else { return };
                let at = self.notes.len();
                self.notes.push(String::new());
                let text = self.line(span);
                if let Some(note) = self.notes.get_mut(at) {
                    *note = text;
                }
                out.line.push_str(&format!("[^{}]", at + 1));
            }
            Meaning::Href => self.link(token, cursor, out),
            Meaning::Url => {
                let raw = self.address_of(token, cursor);
                match address(raw) {
                    Some(address) => link(&escape(raw), &address, out),
                    None => out.apart(&code_span(raw), '`'),
                }
            }
            Meaning::Graphics => {
                cursor.take("*");
                while cursor.optional().is_some() {}
                let file = cursor.group().map(|file| self.source.slice(file).trim()).unwrap_or_default();
                let what = if self.facts.english { "Figure:" } else { "Figure :" };
                out.apart(&format!("*\\[{what} {}\\]*", escape(file)), '*');
            }
            Meaning::Caption => {
                cursor.take("*");
                if matches!(token.kind, Kind::Command("captionof")) {
                    cursor.group();
                }
                cursor.optional();
                let Some(span) = cursor.group() else { return };
                out.end_paragraph();
                self.styled(Style::Emphasis, span, cursor, out);
                out.end_paragraph();
            }
            Meaning::Title => self.title(out),
            Meaning::Source(groups) => {
                cursor.take("*");
                if groups > 0 {
                    while cursor.optional().is_some() {}
                }
                for _ in 0..groups {
                    cursor.group();
                }
                let source = self.source.text.get(token.at..cursor.span.at).unwrap_or_default();
                out.apart(&code_span(source), '`');
                if source.ends_with(' ') {
                    out.space();
                }
            }
            Meaning::Math { keep } => {
                let Some(span) = cursor.group() else { return };
                self.needs(span);
                let from = if keep { token.at } else { span.at };
                let to = if keep { cursor.span.at } else { span.end };
                out.apart(&math::inline(self.source.text.get(from..to).unwrap_or_default()), '$');
            }
            Meaning::Bullet => {
                out.end_paragraph();
                out.text("• ");
                if let Some(label) = cursor.optional() {
                    self.flow(label, out);
                    out.space();
                }
            }
            Meaning::Tie => out.text(&NBSP.to_string()),
            Meaning::Length => {
                cursor.take("*");
                if cursor.group().is_none() {
                    length(cursor);
                }
                out.space();
            }
            Meaning::Definition => {
                definition(self.source, &token, cursor);
            }
            Meaning::OpenQuote => {
                // `\og{}` only ends the command's name; any other group is the quoted text and is read as such.
                let mut behind = cursor.clone();
                if behind.group().is_some_and(|group| self.source.slice(group).trim().is_empty()) {
                    *cursor = behind;
                }
                cursor.skip_blanks();
                out.text(&format!("«{NBSP}"));
            }
            Meaning::CloseQuote => close_quote(out),
        }
    }

    /// What `\maketitle` prints.
    fn title(&mut self, out: &mut Flow) {
        let Some(title) = self.facts.title else { return };
        let title = self.line(title);
        if !title.is_empty() {
            out.push(Block::Heading(1, title));
        }
        for span in [self.facts.author, self.facts.date].into_iter().flatten() {
            let line = self.line(span);
            if !line.is_empty() && line != "`\\today`" {
                out.push(Block::Paragraph(line));
            }
        }
    }
}

fn close_quote(out: &mut Flow) {
    let kept = out.line.trim_end_matches([' ', NBSP]).len();
    out.line.truncate(kept);
    out.line.push_str(&format!("{NBSP}»"));
}

fn is_command(cursor: &mut Cursor<'_, '_>) -> bool {
    cursor.skip_blanks();
    matches!(cursor.peek(), Some((Token { kind: Kind::Command(_), .. }, _)))
}

/// Moves over a length without braces: `=`, `-`, a number, a unit.
fn length(cursor: &mut Cursor<'_, '_>) {
    let gap = cursor.gap();
    let rest = gap.trim_start_matches([' ', '=', '-']);
    let number = rest.trim_start_matches(|char: char| char.is_ascii_digit() || matches!(char, '.' | ','));
    if number.len() == rest.len() {
        return;
    }
    let unit = number.trim_start();
    if let Some(rest) = ["pt", "cm", "mm", "em", "ex", "in"].iter().find_map(|name| unit.strip_prefix(name)) {
        cursor.span.at += gap.len() - rest.len();
    }
}
