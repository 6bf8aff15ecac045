//! Collects blocks while a source is read: those that are complete, and the paragraph that is being written.

use super::block::Block;
use super::escape::{code_span, escape, typeset};

#[derive(Debug, Default)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    line: String,
}

impl Flow {
    /// Markdown text whose blanks are single spaces.
    pub(super) fn text(&mut self, markdown: &str) {
        let joins = self.line.is_empty() || self.line.ends_with([' ', '\n']);
        self.line.push_str(if joins { markdown.trim_start_matches(' ') } else { markdown });
    }

    pub(super) fn space(&mut self) {
        self.text(" ");
    }

    /// A piece of markup as it is.
    pub(super) fn markup(&mut self, markup: &str) {
        self.line.push_str(markup);
    }

    /// A piece of markup that must not grow together with what is before it.
    pub(super) fn apart(&mut self, markup: &str, from: char) {
        if self.ends_with_mark(from) {
            self.line.push(' ');
        }
        self.line.push_str(markup);
    }

    pub(super) fn code(&mut self, source: &str) {
        self.apart(&code_span(source), '`');
    }

    /// Whether the line ends with the character `mark` as markup and not as text.
    pub(super) fn ends_with_mark(&self, mark: char) -> bool {
        self.line.strip_suffix(mark).is_some_and(|before| !before.ends_with('\\'))
    }

    pub(super) fn last(&self) -> Option<char> {
        self.line.chars().next_back()
    }

    /// Removes the last character of the line.
    pub(super) fn pop(&mut self) {
        self.line.pop();
    }

    /// Removes such blanks from the end of the line.
    pub(super) fn trim_end(&mut self, blanks: &[char]) {
        self.line.truncate(self.line.trim_end_matches(blanks).len());
    }

    pub(super) fn hard_break(&mut self) {
        self.line.truncate(self.line.trim_end_matches([' ', '\n']).len());
        if !self.line.is_empty() {
            self.line.push_str("  \n");
        }
    }

    pub(super) fn end_paragraph(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_matches([' ', '\n']);
        if !line.is_empty() {
            self.blocks.push(Block::Paragraph(line.to_owned()));
        }
    }

    pub(super) fn push(&mut self, block: Block) {
        self.end_paragraph();
        self.blocks.push(block);
    }

    /// Blocks before the paragraph that is being written.
    pub(super) fn insert(&mut self, blocks: Vec<Block>) {
        self.blocks.extend(blocks);
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.end_paragraph();
        self.blocks
    }

    /// LaTeX without commands, as it stands between two tokens: comments go, empty lines end the paragraph.
    pub(super) fn latex(&mut self, gap: &str) {
        let mut sentence = String::new();
        // A comment takes its line end and the blanks after it along.
        let mut joined = true;
        let mut lines = gap.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let (words, comment) = line.split_once('%').map_or((line, false), |(words, _)| (words, true));
            let inner = !std::mem::take(&mut first);
            if inner && lines.peek().is_some() && !comment && words.trim().is_empty() {
                self.text(&escape(&typeset(&sentence)));
                sentence.clear();
                self.end_paragraph();
                joined = true;
                continue;
            }
            if inner && !joined {
                sentence.push(' ');
            }
            sentence.push_str(if inner && joined { words.trim_start() } else { words });
            joined = comment;
        }
        self.text(&escape(&typeset(&sentence)));
    }
}

/// Whether a line between two tokens is empty, which ends a paragraph.
pub(super) fn has_blank_line(gap: &str) -> bool {
    let mut lines = gap.split('\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some() && line.trim().is_empty() {
            return true;
        }
    }
    false
}
