//! Markdown from the mended LaTeX, for Notion, Obsidian, Moodle, Jupyter and GitHub.
//!
//! A pure function of text, in linear time: no second question to a model (docs/adr/0012-markdown-from-latex.md).
//! Formulas stay as they are between dollars. What Markdown has no word for stays as its LaTeX, in code; nothing of
//! the content is lost. Text is escaped, so that it is never markup, and HTML never comes out.

pub mod block;
pub mod commands;
pub mod environment;
pub mod escape;
pub mod facts;
pub mod inline;
pub mod list;
pub mod math;
pub mod perform;
pub mod read;
pub mod render;
pub mod source;
pub mod table;
#[cfg(test)]
mod tests;

use block::Block;
use read::Reader;
use source::Source;

/// Said first where the transcription lacks something, in the language of the documents.
const INCOMPLETE: &str = "**Transcription incomplète : il manque une partie du document.**";

/// The document as Markdown, with one line end at its end. `complete`: nothing of the PDF is known to be missing.
#[must_use]
pub fn from_latex(latex: &str, complete: bool) -> String {
    let source = Source::new(latex);
    let mut reader = Reader::new(&source);
    let body = reader.blocks(source.body());
    let mut blocks = Vec::new();
    if !complete {
        blocks.push(Block::Quote(vec![Block::Paragraph(INCOMPLETE.to_owned())]));
    }
    let definitions = reader.definitions();
    if !definitions.is_empty() {
        blocks.push(environment::definitions(&definitions));
    }
    blocks.extend(body);
    let mut markdown = render::render(&blocks);
    for (number, note) in reader.notes.iter().enumerate() {
        markdown.push_str(&format!("\n\n[^{}]: {}", number + 1, escape::line_start(note)));
    }
    markdown.push('\n');
    markdown
}
