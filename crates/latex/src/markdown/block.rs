//! A Markdown document as blocks.

use super::escape::code_span;
use super::math;

/// A blank to be filled in by hand.
pub(super) const BLANK: &str = "\\_\\_\\_\\_\\_\\_";

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

impl Block {
    /// LaTeX that Markdown cannot express.
    pub(super) fn latex(source: &str) -> Self {
        Self::Code { language: "latex".to_owned(), body: source.to_owned() }
    }
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

/// Blocks as one line, for where only a line can stand.
pub(super) fn flatten(blocks: &[Block]) -> String {
    let lines: Vec<String> = blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(line) | Block::Heading(_, line) => line.replace("  \n", " "),
            Block::Math(body) => math::inline(body),
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
