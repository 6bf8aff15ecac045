//! What commands do to the text. Their arguments that are only layout are skipped in `layout.rs`.

use super::accent::{accent, raised};
use super::block::{BLANK, Block};
use super::commands::{Meaning, Style, meaning};
use super::cursor::Cursor;
use super::escape::{NBSP, escape};
use super::flow::Flow;
use super::layout;
use super::macros::definition;
use super::math;
use super::reader::Reader;
use crate::tokens::{Kind, Token};

impl<'a> Reader<'_, 'a> {
    pub(super) fn command(&mut self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let Kind::Command(name) = token.kind else { return };
        let written = self.source().written(token);
        if matches!(name, "verb" | "lstinline") && written.len() > name.len() + 1 {
            return out.code(verbatim(written.get(name.len() + 1..).unwrap_or_default()));
        }
        let meaning = meaning(name);
        let word = name.starts_with(|char: char| char.is_ascii_alphabetic());
        if word && meaning != Some(Meaning::CloseQuote) {
            cursor.skip_blanks();
        }
        if let Some(meaning) = meaning {
            return self.perform(meaning, token, cursor, out);
        }
        let star = if word && cursor.take("*") { "*" } else { "" };
        out.code(&format!("{written}{star}"));
        if cursor.next_char().is_some_and(|next| next == '{' || next.is_alphanumeric()) {
            out.space();
        }
    }

    fn perform(&mut self, meaning: Meaning, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        match meaning {
            Meaning::Text("&") if cursor.next_char().is_some_and(char::is_alphanumeric) => out.text("\\&"),
            Meaning::Text(text) => out.text(&escape(text)),
            Meaning::Accent(mark) => accent(mark, cursor, out),
            Meaning::Tie => out.text(&NBSP.to_string()),
            Meaning::Comma => {
                out.trim_end(&[' ']);
                out.text(", ");
            }
            Meaning::OpenQuote => self.open_quote(cursor, out),
            Meaning::CloseQuote => close_quote(out),
            Meaning::Quoted => self.quoted(cursor, out),
            Meaning::Style(style) => {
                if let Some(span) = cursor.group() {
                    self.styled(style, span, cursor.next_char(), out);
                }
            }
            Meaning::Superscript => self.raised(false, cursor, out),
            Meaning::Subscript => self.raised(true, cursor, out),
            Meaning::Math { keep } => self.math(keep, token, cursor, out),
            Meaning::Source(groups) => self.as_written(groups, token, cursor, out),
            Meaning::Href => self.href(token, cursor, out),
            Meaning::Url => self.url(token, cursor, out),
            Meaning::Graphics => self.graphics(cursor, out),
            Meaning::Footnote => {
                cursor.optional();
                if let Some(span) = cursor.group() {
                    let number = self.footnote(span);
                    out.markup(&format!("[^{number}]"));
                }
            }
            Meaning::Section(level) => self.section(level, cursor, out),
            Meaning::Caption => self.caption(token, cursor, out),
            Meaning::Title => self.title(out),
            Meaning::Bullet => self.bullet(cursor, out),
            Meaning::Blank => self.blank(cursor, out),
            Meaning::Rule => out.push(Block::Rule),
            Meaning::Paragraph => out.end_paragraph(),
            Meaning::Break => {
                layout::skip_break(cursor);
                out.hard_break();
            }
            Meaning::Length => {
                layout::skip_length(cursor);
                out.space();
            }
            Meaning::Drop(groups) => layout::drop_groups(groups, token, cursor),
            Meaning::Skip(groups) => layout::skip_groups(groups, cursor),
            Meaning::Declaration(_) => {}
            Meaning::Definition => {
                definition(self.source(), token, cursor);
            }
        }
    }

    /// `\og{}` only ends the name of the command; any other group is the quoted text and is read as such.
    fn open_quote(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let mut behind = cursor.clone();
        if behind.group().is_some_and(|group| self.source().slice(group).trim().is_empty()) {
            *cursor = behind;
        }
        cursor.skip_blanks();
        out.text(&format!("«{NBSP}"));
    }

    fn quoted(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let Some(span) = cursor.group() else { return };
        out.text(&format!("«{NBSP}"));
        self.flow(span, out);
        close_quote(out);
    }

    fn raised(&mut self, lowered: bool, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let Some(span) = cursor.group() else { return };
        match raised(self.source().slice(span), lowered) {
            Some(raised) => out.text(&raised),
            None => self.flow(span, out),
        }
    }

    /// A formula without dollars; `keep`: the command is part of it.
    fn math(&mut self, keep: bool, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let Some(span) = cursor.group() else { return };
        if keep {
            self.need(span);
            let formula = self.source().between(token.at, cursor.rest().at);
            out.apart(&math::inline(formula), '$');
        } else {
            self.inline_formula(span, out);
        }
    }

    /// A command with its groups, as code.
    fn as_written(&mut self, groups: u8, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        cursor.take("*");
        if groups > 0 {
            cursor.skip_options();
        }
        for _ in 0..groups {
            cursor.group();
        }
        let written = self.source().between(token.at, cursor.rest().at);
        out.code(written);
        if written.ends_with(' ') {
            out.space();
        }
    }

    fn section(&mut self, level: i8, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        cursor.take("*");
        cursor.optional();
        let Some(title) = cursor.group() else { return };
        let title = self.line(title);
        out.end_paragraph();
        if !title.is_empty() {
            out.push(Block::Heading(self.facts().heading(level), title));
        }
    }

    fn caption(&mut self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        cursor.take("*");
        if token.kind == Kind::Command("captionof") {
            cursor.group();
        }
        cursor.optional();
        let Some(span) = cursor.group() else { return };
        out.end_paragraph();
        self.styled(Style::Emphasis, span, cursor.next_char(), out);
        out.end_paragraph();
    }

    /// What `\maketitle` prints.
    fn title(&mut self, out: &mut Flow) {
        let Some(title) = self.take_title() else { return };
        let title = self.line(title);
        if !title.is_empty() {
            out.push(Block::Heading(1, title));
        }
        for span in [self.facts().author, self.facts().date].into_iter().flatten() {
            let line = self.line(span);
            if !line.is_empty() && line != "`\\today`" {
                out.push(Block::Paragraph(line));
            }
        }
    }

    fn bullet(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        out.end_paragraph();
        out.text("• ");
        if let Some(label) = cursor.optional() {
            self.flow(label, out);
            out.space();
        }
    }

    /// A rule as wide as the text, or a blank to be filled in.
    fn blank(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        cursor.optional();
        let width = cursor.group().map(|width| self.source().slice(width)).unwrap_or_default();
        if !width.is_empty() {
            cursor.group();
        }
        if width.contains("width") || width.contains("hsize") {
            out.push(Block::Rule);
        } else {
            out.text(BLANK);
        }
    }
}

/// The content of `|…|` or `*|…|`.
fn verbatim(delimited: &str) -> &str {
    let mut body = delimited.strip_prefix('*').unwrap_or(delimited).chars();
    body.next();
    body.next_back();
    body.as_str()
}

fn close_quote(out: &mut Flow) {
    out.trim_end(&[' ', NBSP]);
    out.markup(&format!("{NBSP}»"));
}
