//! Tables. Markdown has rows of cells of one line and nothing else: joined cells are taken apart, and a table with more
//! stays LaTeX.

use super::block::{Block, flatten};
use super::columns::{COLUMNS_MAX, columns};
use super::cursor::{Cursor, Piece};
use super::flow::Flow;
use super::formula::{Closing, formula};
use super::layout::skip_break;
use super::math;
use super::reader::Reader;
use super::source::Span;
use crate::tokens::{Kind, Token};

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
        let columns = columns(self.source(), cursor.group()?, &self.facts().columns)?;
        let mut table: Vec<Vec<String>> = Vec::new();
        for row in rows(cursor)? {
            let mut cells = Vec::new();
            for cell in row {
                let is_formula = columns.get(cells.len()).is_some_and(|column| column.is_formula);
                let (text, width) = self.cell(cell, is_formula)?;
                cells.push(text);
                // A joined cell has its text in the first of its columns.
                cells.resize(cells.len() + width - 1, String::new());
                if cells.len() > COLUMNS_MAX {
                    return None;
                }
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                table.push(cells);
            }
        }
        let mut columns: Vec<char> = columns.into_iter().map(|column| column.align).collect();
        columns.resize(table.iter().map(Vec::len).max()?.max(columns.len()), 'l');
        for row in &mut table {
            row.resize(columns.len(), String::new());
        }
        Some(Block::Table { columns, rows: table })
    }

    /// A cell as one line, and how many columns it takes.
    fn cell(&mut self, cell: Span, mut is_formula: bool) -> Option<(String, usize)> {
        let source = self.source();
        let mut cursor = Cursor::new(source, cell);
        let mut width = 1;
        loop {
            skip_rules(&mut cursor);
            match cursor.peek().map(|token| token.kind) {
                Some(Kind::Command("multicolumn")) => {
                    cursor.advance();
                    width = source.slice(cursor.group()?).trim().parse().ok()?;
                    let columns = columns(source, cursor.group()?, &self.facts().columns)?;
                    is_formula = columns.first().is_some_and(|column| column.is_formula);
                }
                Some(Kind::Command("multirow")) => {
                    cursor.advance();
                    cursor.skip_options();
                    cursor.group()?;
                    cursor.skip_options();
                    if cursor.group().is_none() {
                        cursor.take("*");
                    }
                    cursor.skip_options();
                }
                _ => break,
            }
            let inside = cursor.group()?;
            if !source.slice(cursor.rest()).trim().is_empty() {
                return None;
            }
            cursor = cursor.over(inside);
        }
        let text = cursor.rest();
        let has = |kind: Kind<'_>| source.tokens_in(text).iter().any(|token| token.kind == kind);
        if has(Kind::Command("multicolumn")) || has(Kind::Command("multirow")) {
            return None;
        }
        let line = if is_formula && !has(Kind::Dollar) && !has(Kind::Command("(")) {
            self.need(text);
            math::inline(source.slice(text))
        } else {
            let blocks = self.blocks(text);
            let is_line = blocks.iter().all(|block| matches!(block, Block::Paragraph(_)));
            is_line.then(|| flatten(&blocks))?
        };
        Some((without_bars(line)?, width)).filter(|_| (1..=COLUMNS_MAX).contains(&width))
    }
}

/// Moves over what stands before the text of a cell: rules, colours of cells, comments.
fn skip_rules(cursor: &mut Cursor<'_, '_>) {
    loop {
        let gap = cursor.gap();
        let text = gap.trim_start();
        cursor.skip(gap.len() - text.len());
        if text.starts_with('%') {
            cursor.skip(text.find('\n').unwrap_or(text.len()));
            continue;
        }
        let Some(Token { kind: Kind::Command(name), .. }) = cursor.peek() else { return };
        let arguments = match name {
            "hline" | "endhead" | "endfirsthead" | "endfoot" | "endlastfoot" => 0,
            "toprule" | "midrule" | "bottomrule" | "addlinespace" => 1,
            "cline" | "cmidrule" | "hhline" | "rowcolor" | "cellcolor" => 2,
            _ => return,
        };
        cursor.advance();
        if arguments > 0 {
            cursor.optional();
        }
        if arguments > 1 {
            let _ = ["(lr)", "(rl)", "(l)", "(r)"].iter().any(|trimmed| cursor.take(trimmed));
            cursor.group();
        }
    }
}

/// In a table Markdown splits at every `|`, in formulas and in code too. `None`: one that cannot be written otherwise.
fn without_bars(cell: String) -> Option<String> {
    if !cell.contains('|') {
        return Some(cell);
    }
    // Code, the columns of a matrix, and words in a formula, where `\vert` is none.
    if ["`", "\\begin", "\\text", "\\mbox"].iter().any(|part| cell.contains(part)) {
        return None;
    }
    let mut out = String::with_capacity(cell.len());
    let mut in_formula = false;
    let mut chars = cell.chars();
    while let Some(char) = chars.next() {
        match (char, in_formula) {
            ('$', _) => {
                // A blank before it would keep the dollar from closing the formula.
                if out.ends_with("\\vert ") || out.ends_with("\\Vert ") {
                    out.pop();
                }
                in_formula = !in_formula;
                out.push('$');
            }
            ('|', true) => out.push_str("\\vert "),
            ('|', false) => out.push_str("\\|"),
            ('\\', _) => match chars.next() {
                Some('|') => out.push_str(if in_formula { "\\Vert " } else { "\\|" }),
                next => out.extend(std::iter::once('\\').chain(next)),
            },
            _ => out.push(char),
        }
    }
    Some(out)
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
            Some(Piece::Text(gap)) => {
                let mut is_comment = false;
                for (at, byte) in gap.bytes().enumerate() {
                    match byte {
                        b'%' => is_comment = true,
                        b'\n' => is_comment = false,
                        b'&' if !is_comment => {
                            row.push(cell(start, here.at + at, here.token));
                            start = Span { at: here.at + at + 1, ..here };
                        }
                        _ => {}
                    }
                }
            }
            Some(Piece::Token(token, number)) => match token.kind {
                Kind::Command("\\" | "tabularnewline" | "cr") => {
                    row.push(cell(start, token.at, number));
                    rows.push(std::mem::take(&mut row));
                    skip_break(&mut cursor);
                    start = cursor.rest();
                }
                Kind::Command("item" | "[" | "footnote") | Kind::Begin(_) => return None,
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
