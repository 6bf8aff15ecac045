//! Letters with an accent, and raised and lowered digits.

use unicode_normalization::char::compose;

use super::cursor::Cursor;
use super::escape::{escape, typeset};
use super::flow::Flow;
use crate::tokens::{Kind, Token};

/// A letter with its accent as one character; an accent on nothing is dropped but for `^` and `~`.
pub(super) fn accent(mark: char, cursor: &mut Cursor<'_, '_>, out: &mut Flow) {
    let mut behind = cursor.clone();
    let group = behind.group();
    let mut inner = group.map_or_else(|| cursor.clone(), |span| cursor.over(span));
    let letter = letter(&mut inner, group.is_some());
    if group.is_some() && inner.has_tokens() {
        // The group, whatever is in it, is read as text.
        return without_letter(mark, out);
    }
    let Some(letter) = letter else { return without_letter(mark, out) };
    match compose(letter, mark) {
        Some(accented) => out.text(&accented.to_string()),
        None => out.text(&format!("{letter}{mark}")),
    }
    if group.is_some() {
        // What is left of the group follows as text.
        out.text(&escape(&typeset(inner.gap())));
        *cursor = behind;
    } else {
        *cursor = inner;
    }
}

/// The letter that an accent stands on; `\i` and `\j` are the letters without their dots.
fn letter(cursor: &mut Cursor<'_, '_>, grouped: bool) -> Option<char> {
    match cursor.peek() {
        Some(Token { kind: Kind::Command(name @ ("i" | "j")), .. }) => {
            cursor.advance();
            if !grouped {
                cursor.skip_blanks();
            }
            name.chars().next()
        }
        Some(_) => None,
        None => {
            let letter = cursor.gap().chars().next().filter(|letter| letter.is_alphabetic())?;
            cursor.skip(letter.len_utf8());
            Some(letter)
        }
    }
}

fn without_letter(mark: char, out: &mut Flow) {
    out.text(match mark {
        '\u{302}' => "^",
        '\u{303}' => "\\~",
        _ => "",
    });
}

/// Digits and signs as raised or lowered characters; `None` if one has none.
pub(super) fn raised(text: &str, lowered: bool) -> Option<String> {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
    const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋";
    let characters = if lowered { LOWERED } else { RAISED };
    let of = |char: char| "0123456789+-".find(char).and_then(|at| characters.chars().nth(at));
    let raised: Option<String> = text.trim().chars().map(of).collect();
    raised.filter(|raised| !raised.is_empty())
}
