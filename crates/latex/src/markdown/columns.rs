//! The columns of a table: what `{|l|c|p{3cm}|}` says of them.

use super::cursor::{Cursor, Piece};
use super::source::{Source, Span};
use crate::tokens::Kind;

/// More columns than this are no table of a course; each row is filled up to as many.
pub(super) const COLUMNS_MAX: usize = 40;
/// `*{3}{…}` within `*{3}{…}`.
const DEPTH_MAX: u32 = 4;
/// Of what stands before the cells of a column: a definition within a definition would be searched each time.
const BEFORE_BYTES_MAX: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// `l`, `c` or `r`.
    pub align: char,
    /// Its cells are formulas without dollars: `>{$}c<{$}`.
    pub is_formula: bool,
}

/// What `\newcolumntype` defines: a letter, and one column for it.
pub(super) type ColumnTypes = Vec<(char, Column)>;
/// Each column of each table looks through them.
pub(super) const TYPES_MAX: usize = 40;

/// `None`: more than [`COLUMNS_MAX`], or not to be understood.
pub(super) fn columns(source: &Source<'_>, spec: Span, types: &ColumnTypes) -> Option<Vec<Column>> {
    repeated(source, spec, types, DEPTH_MAX)
}

fn repeated(source: &Source<'_>, spec: Span, types: &ColumnTypes, depth: u32) -> Option<Vec<Column>> {
    let depth = depth.checked_sub(1)?;
    let mut cursor = Cursor::new(source, spec);
    let mut columns = Vec::new();
    // What stands before each cell of the next column.
    let mut before = Vec::new();
    loop {
        let Some(letter) = cursor.gap().chars().next() else {
            match cursor.advance() {
                Some(Piece::Token(token, number)) if token.kind == Kind::Open => {
                    cursor.enter(number);
                }
                Some(_) => {}
                None => return Some(columns),
            }
            continue;
        };
        if letter == '[' && cursor.optional().is_some() {
            continue;
        }
        cursor.skip(letter.len_utf8());
        match letter {
            '>' => {
                let text = source.slice(cursor.group()?);
                before.push(text.get(..text.floor_char_boundary(BEFORE_BYTES_MAX)).unwrap_or_default());
            }
            '*' => {
                let times: usize = source.slice(cursor.group()?).trim().parse().ok()?;
                let each = repeated(source, cursor.group()?, types, depth)?;
                for _ in 0..times.min(COLUMNS_MAX + 1) {
                    columns.extend_from_slice(&each);
                }
            }
            // A rule with a width.
            'V' => {}
            letter if letter.is_alphabetic() => {
                columns.push(column(letter, &before, types));
                before.clear();
            }
            _ => {}
        }
        if columns.len() > COLUMNS_MAX {
            return None;
        }
    }
}

fn column(letter: char, before: &[&str], types: &ColumnTypes) -> Column {
    let has = |part: &str| before.iter().any(|text| text.contains(part));
    let known = types.iter().rev().find(|(name, _)| *name == letter).map(|(_, column)| column);
    let align = match letter {
        _ if has("\\centering") => 'c',
        _ if has("\\raggedleft") => 'r',
        _ if known.is_some() => known.map_or('l', |known| known.align),
        'c' | 'C' | 'S' => 'c',
        'r' | 'R' => 'r',
        _ => 'l',
    };
    let is_formula = known.is_some_and(|known| known.is_formula) || has("$") || has("\\(");
    Column { align, is_formula }
}
