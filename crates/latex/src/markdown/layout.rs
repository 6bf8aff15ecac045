//! Moves over the arguments of commands whose effect is only on paper.

use super::cursor::Cursor;
use crate::tokens::{Kind, Token};

/// All arguments: options and so many groups.
pub(super) fn drop_groups(groups: u8, token: Token<'_>, cursor: &mut Cursor<'_, '_>) {
    if groups == 0 {
        return;
    }
    cursor.take("*");
    for _ in 0..groups {
        cursor.skip_options();
        if cursor.group().is_none() && groups == 2 && is_command(cursor) {
            // `\setlength\parindent{0pt}`
            cursor.advance();
        }
    }
    if token.kind == Kind::Command("newtheorem") {
        cursor.optional();
    }
}

/// The first arguments; the last one stays as text.
pub(super) fn skip_groups(groups: u8, cursor: &mut Cursor<'_, '_>) {
    cursor.take("*");
    let boxed = cursor.gap().starts_with('[');
    if boxed {
        cursor.skip_options();
    }
    for _ in 0..groups {
        cursor.group();
        if boxed {
            cursor.skip_options();
        }
    }
}

/// The star and the distance of a line break.
pub(super) fn skip_break(cursor: &mut Cursor<'_, '_>) {
    cursor.take("*");
    if cursor.gap().starts_with('[') {
        cursor.optional();
    }
}

/// A length in a group, or without braces: `=`, `-`, a number, a unit.
pub(super) fn skip_length(cursor: &mut Cursor<'_, '_>) {
    cursor.take("*");
    if cursor.group().is_some() {
        return;
    }
    let gap = cursor.gap();
    let rest = gap.trim_start_matches([' ', '=', '-']);
    let number = rest.trim_start_matches(|char: char| char.is_ascii_digit() || matches!(char, '.' | ','));
    if number.len() == rest.len() {
        return;
    }
    let unit = number.trim_start();
    if let Some(rest) = ["pt", "cm", "mm", "em", "ex", "in"].iter().find_map(|name| unit.strip_prefix(name)) {
        cursor.skip(gap.len() - rest.len());
    }
}

fn is_command(cursor: &mut Cursor<'_, '_>) -> bool {
    cursor.skip_blanks();
    matches!(cursor.peek(), Some(Token { kind: Kind::Command(_), .. }))
}
