//! Markdown from the repaired LaTeX, for Notion, Obsidian, Moodle, Jupyter and GitHub.
//!
//! A pure function of text, in linear time: no second question to a model (docs/adr/0012-markdown-from-latex.md).
//! Formulas stay as they are between dollars. What Markdown cannot express stays LaTeX, in code; nothing of the
//! content is lost. Text is escaped, so that it is never markup, and HTML never comes out.

mod accent;
mod block;
mod columns;
mod commands;
mod cursor;
mod emphasis;
mod environment;
mod escape;
mod facts;
mod flow;
mod formula;
mod layout;
mod link;
mod list;
mod macros;
mod math;
mod numbering;
mod perform;
mod reader;
mod render;
mod source;
mod table;
#[cfg(test)]
mod tests;

pub use block::{Block, Item, Marker};
use reader::Reader;
use source::Source;

/// The first line of a transcription that lacks something, in the language of the documents.
const INCOMPLETE: &str = "**Transcription incomplète : il manque une partie du document.**";

/// A document as blocks, from which its Markdown is made, and a page that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The first lines: what the document says of itself when something is missing, and macros for formulas.
    head: Vec<Block>,
    pub blocks: Vec<Block>,
    /// Markdown in one line each; `[^1]` in the blocks refers to the first.
    pub footnotes: Vec<String>,
}

impl Document {
    /// `complete`: nothing of the original is known to be missing.
    #[must_use]
    pub fn from_latex(latex: &str, complete: bool) -> Self {
        let source = Source::new(latex);
        let mut reader = Reader::new(&source);
        let blocks = reader.blocks(source.body());
        let mut head = Vec::new();
        if !complete {
            head.push(Block::Quote(vec![Block::Paragraph(INCOMPLETE.to_owned())]));
        }
        let definitions: Vec<String> = reader.definitions().into_iter().map(math::display).collect();
        if !definitions.is_empty() {
            // A block that shows nothing and that MathJax reads.
            head.push(Block::Math(definitions.join("\n")));
        }
        Self { head, blocks, footnotes: reader.footnotes().to_vec() }
    }

    /// With one line end at its end.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut markdown = render::render(self.head.iter().chain(&self.blocks));
        for (number, note) in self.footnotes.iter().enumerate() {
            markdown.push_str(&format!("\n\n[^{}]: {}", number + 1, escape::line_start(note)));
        }
        markdown.push('\n');
        markdown
    }
}

/// The document as Markdown.
#[must_use]
pub fn from_latex(latex: &str, complete: bool) -> String {
    Document::from_latex(latex, complete).to_markdown()
}
