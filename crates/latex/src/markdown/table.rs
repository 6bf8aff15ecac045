//! Tables. Markdown has rows of cells of one line and nothing else: a table with more stays LaTeX.

use super::block::{Block, flatten};
use super::cursor::{Cursor, Piece};
use super::flow::Flow;
use super::formula::{Closing, formula};
use super::layout::skip_break;
use super::reader::Reader;
use super::source::Span;
use crate::tokens::Kind;

/// More columns than this are no table of a course; each row is filled up to as many.
const COLUMNS_MAX: usize = 40;

impl Reader<'_, '_> {
    /// Reads a table; says whether it is one.
    pub(super) fn table(&mut self, name: &str, span: Span, out: &mut Flow) -> bool {
        let widths = match name.trim_end_matches('*') {
            "tabular" if name.ends_with('*') => 1,
            "tabular" | "longtable" | "supertabular" | "tabu" => 0,
            "tabularx" | "tabulary" => 1,
            _ => return false,
        };
        match self.simple(widths, span) {
            Some(table) => out.push(table),
            None => self.whole(span, out),
        }
        true
    }

    fn simple(&mut self, widths: usize, span: Span) -> Option<Block> {
        let mut cursor = Cursor::new(self.source(), span);
        for _ in 0..widths {
            cursor.group()?;
        }
        cursor.optional();
        let mut columns = columns(self.source().slice(cursor.group()?))?;
        let mut table: Vec<Vec<String>> = Vec::new();
        for row in rows(cursor)? {
            let cells: Vec<String> = row.into_iter().map(|cell| self.cell(cell)).collect::<Option<_>>()?;
            if cells.iter().any(|cell| !cell.is_empty()) {
                table.push(cells);
            }
        }
        let width = table.iter().map(Vec::len).max().filter(|width| *width <= COLUMNS_MAX)?;
        columns.resize(width.max(columns.len()), 'l');
        for row in &mut table {
            row.resize(columns.len(), String::new());
        }
        Some(Block::Table { columns, rows: table })
    }

    /// A cell as one line; in a table Markdown splits at every `|`, in formulas and in code too.
    fn cell(&mut self, cell: Span) -> Option<String> {
        let blocks = self.blocks(cell);
        let is_line = blocks.iter().all(|block| matches!(block, Block::Paragraph(_)));
        is_line.then(|| flatten(&blocks)).filter(|cell| !cell.contains('|'))
    }
}

/// The cells between `&` and `\\`; `None` where something is inside that a cell cannot hold.
fn rows(mut cursor: Cursor<'_, '_>) -> Option<Vec<Vec<Span>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut start = cursor.rest();
    loop {
        let here = cursor.rest();
        // A cell from `start`, up to a byte and a token.
        let cell = |start: Span, end: usize, token_end: usize| Span { end, token_end, ..start };
        match cursor.advance() {
            None => {
                row.push(cell(start, here.end, here.token_end));
                rows.push(row);
                return Some(rows);
            }
            Some(Piece::Text(gap)) if gap.contains('%') => return None,
            Some(Piece::Text(gap)) => {
                for (at, mark) in gap.match_indices('&') {
                    row.push(cell(start, here.at + at, here.token));
                    start = Span { at: here.at + at + mark.len(), ..here };
                }
            }
            Some(Piece::Token(token, number)) => match token.kind {
                Kind::Command("\\" | "tabularnewline" | "cr") => {
                    row.push(cell(start, token.at, number));
                    rows.push(std::mem::take(&mut row));
                    skip_break(&mut cursor);
                    start = cursor.rest();
                }
                Kind::Command("multirow" | "multicolumn" | "item" | "[" | "footnote") | Kind::Begin(_) => {
                    return None;
                }
                Kind::Open => {
                    cursor.enter(number);
                }
                Kind::Dollar => {
                    formula(&mut cursor, Closing::Dollar);
                }
                Kind::Command("(") => {
                    formula(&mut cursor, Closing::Parenthesis);
                }
                _ => {}
            },
        }
    }
}

/// `|l|c|p{3cm}|` as one letter for each column; `None` for what is not written out.
fn columns(spec: &str) -> Option<Vec<char>> {
    let mut columns = Vec::new();
    let mut depth = 0_u32;
    for char in spec.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '*' => return None,
            'l' | 'p' | 'm' | 'b' | 'X' | 'L' | 'J' => columns.push('l'),
            'c' | 'C' | 'S' => columns.push('c'),
            'r' | 'R' => columns.push('r'),
            _ => {}
        }
    }
    (columns.len() <= COLUMNS_MAX).then_some(columns)
}
