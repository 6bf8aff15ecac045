//! Tables. Markdown has rows of cells of one line and nothing else: a table with more stays LaTeX.

use super::block::{Block, Flow, flatten};
use super::read::{Closing, Reader, formula};
use super::source::{Cursor, Piece, Span};
use crate::tokens::Kind;

/// More columns than this are no table of a course; each row is filled up to as many.
const COLUMNS_MAX: usize = 40;

impl Reader<'_, '_> {
    /// Reads a table; says whether it is one.
    pub fn table(&mut self, name: &str, span: Span, out: &mut Flow) -> bool {
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
        let mut cursor = Cursor::new(self.source, span);
        for _ in 0..widths {
            cursor.group()?;
        }
        cursor.optional();
        let spec = cursor.group()?;
        let mut columns = columns(self.source.slice(spec))?;
        let rows = self.rows(cursor)?;
        let mut table: Vec<Vec<String>> = Vec::new();
        for row in rows {
            let mut cells = Vec::new();
            for cell in row {
                let blocks = self.blocks(cell);
                if blocks.iter().any(|block| !matches!(block, Block::Paragraph(_))) {
                    return None;
                }
                let cell = flatten(&blocks);
                // In a table Markdown splits at every `|`, in formulas and in code too.
                if cell.contains('|') {
                    return None;
                }
                cells.push(cell);
            }
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

    /// The cells between `&` and `\\`; `None` where something is inside that a cell cannot hold.
    fn rows(&self, mut cursor: Cursor<'_, '_>) -> Option<Vec<Vec<Span>>> {
        let mut rows = vec![Vec::new()];
        let mut start = cursor.span;
        loop {
            let here = cursor.span;
            let piece = cursor.advance();
            let mut ends = |end: usize, token_end: usize| {
                let cell = Span { at: start.at, end, token: start.token, token_end };
                if let Some(row) = rows.last_mut() {
                    row.push(cell);
                }
            };
            match piece {
                None => {
                    ends(here.end, here.token_end);
                    return Some(rows);
                }
                Some(Piece::Text(gap)) if gap.contains('%') => return None,
                Some(Piece::Text(gap)) => {
                    if let Some(at) = gap.find('&') {
                        ends(here.at + at, here.token);
                        cursor.span = Span { at: here.at + at + 1, ..here };
                        start = cursor.span;
                    }
                }
                Some(Piece::Token(token, number)) => match token.kind {
                    Kind::Command("\\" | "tabularnewline" | "cr") => {
                        ends(token.at, number);
                        rows.push(Vec::new());
                        cursor.take("*");
                        if cursor.gap().starts_with('[') {
                            cursor.optional();
                        }
                        start = cursor.span;
                    }
                    Kind::Command("multirow" | "multicolumn" | "item" | "[" | "footnote")
                    | Kind::Begin(_) => {
                        return None;
                    }
                    Kind::Open => {
                        cursor.enter(number);
                    }
                    Kind::Dollar => {
                        formula(&mut cursor, Closing::Dollar);
                    }
                    Kind::Command("(") => {
                        formula(&mut cursor, Closing::Command(")"));
                    }
                    _ => {}
                },
            }
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
