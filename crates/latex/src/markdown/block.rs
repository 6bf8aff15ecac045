//! A Markdown document as blocks, and how they are collected while a source is read.

use super::escape::code_span;

/// Deeper nesting stays LaTeX: every level of it costs stack here, and no document has so much.
pub const DEPTH_MAX: usize = 40;

/// A blank to be filled in by hand.
pub const BLANK: &str = "\\_\\_\\_\\_\\_\\_";

/// Strings in it are Markdown, escaped; formulas and code are as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Paragraph(String),
    /// 1 to 6.
    Heading(u8, String),
    Math(String),
    Code {
        language: String,
        body: String,
    },
    List(Vec<Item>),
    Quote(Vec<Block>),
    /// Rows of as many cells as there are columns; `l`, `c` or `r` for each column.
    Table {
        columns: Vec<char>,
        rows: Vec<Vec<String>>,
    },
    Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub marker: Marker,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    Bullet,
    /// A number and the character after it.
    Number(u32, char),
}

/// Blocks so far, and the paragraph that is being written.
#[derive(Debug, Default)]
pub struct Flow {
    pub blocks: Vec<Block>,
    pub line: String,
}

impl Flow {
    /// Text whose blanks are single spaces.
    pub fn text(&mut self, markdown: &str) {
        let joins = self.line.is_empty() || self.line.ends_with([' ', '\n']);
        self.line.push_str(if joins { markdown.trim_start_matches(' ') } else { markdown });
    }

    pub fn space(&mut self) {
        self.text(" ");
    }

    /// A piece of markup that must not grow together with what is before it.
    pub fn apart(&mut self, markup: &str, from: char) {
        if self.line.ends_with(from) && !self.line.ends_with(&format!("\\{from}")) {
            self.line.push(' ');
        }
        self.line.push_str(markup);
    }

    pub fn hard_break(&mut self) {
        let kept = self.line.trim_end_matches([' ', '\n']).len();
        self.line.truncate(kept);
        if kept > 0 {
            self.line.push_str("  \n");
        }
    }

    pub fn end_paragraph(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_matches([' ', '\n']);
        if !line.is_empty() {
            self.blocks.push(Block::Paragraph(line.to_owned()));
        }
    }

    pub fn push(&mut self, block: Block) {
        self.end_paragraph();
        self.blocks.push(block);
    }

    pub fn finish(mut self) -> Vec<Block> {
        self.end_paragraph();
        self.blocks
    }
}

/// Blocks as one line, for where only a line can stand.
pub fn flatten(blocks: &[Block]) -> String {
    let lines: Vec<String> = blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(line) | Block::Heading(_, line) => line.replace("  \n", " "),
            Block::Math(body) => super::math::inline(body),
            Block::Code { body, .. } => code_span(body),
            Block::List(items) => {
                items.iter().map(|item| flatten(&item.blocks)).collect::<Vec<_>>().join(" ; ")
            }
            Block::Quote(blocks) => flatten(blocks),
            Block::Table { rows, .. } => rows.concat().join(" "),
            Block::Rule => String::new(),
        })
        .collect();
    lines.join(" ").trim().to_owned()
}
