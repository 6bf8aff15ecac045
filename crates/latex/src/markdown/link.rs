//! Links and pictures.

use super::cursor::Cursor;
use super::escape::{address, escape};
use super::flow::Flow;
use super::reader::Reader;
use crate::tokens::Token;

impl<'a> Reader<'_, 'a> {
    /// `\href{address}{text}`
    pub(super) fn href(&mut self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let raw = self.address_of(token, cursor);
        let text = cursor.group().map(|text| self.line(text)).unwrap_or_default();
        match address(raw) {
            Some(address) if !text.is_empty() => link(&text, &address, out),
            Some(address) => link(&escape(raw), &address, out),
            None => {
                out.text(&format!("{text} "));
                out.code(raw);
            }
        }
    }

    /// `\url{address}`
    pub(super) fn url(&mut self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let raw = self.address_of(token, cursor);
        match address(raw) {
            Some(address) => link(&escape(raw), &address, out),
            None => out.code(raw),
        }
    }

    fn address_of(&self, token: Token<'a>, cursor: &mut Cursor<'_, 'a>) -> &'a str {
        match self.source().written(token).split_once('{') {
            Some((_, address)) => address.strip_suffix('}').unwrap_or(address),
            None => cursor.group().map(|group| self.source().slice(group)).unwrap_or_default(),
        }
    }

    /// The name of a picture, in the place of the picture.
    pub(super) fn graphics(&mut self, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        cursor.take("*");
        cursor.skip_options();
        let file = cursor.group().map(|file| self.source().slice(file).trim()).unwrap_or_default();
        let what = self.facts().word("Figure :", "Figure:");
        out.apart(&format!("*\\[{what} {}\\]*", escape(file)), '*');
    }
}

fn link(text: &str, address: &str, out: &mut Flow) {
    // `![…](…)` would be a picture.
    if out.last() == Some('!') {
        out.pop();
        out.markup("\\!");
    }
    out.markup(&format!("[{text}]({address})"));
}
