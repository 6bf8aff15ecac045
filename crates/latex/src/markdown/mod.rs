//! Markdown from the repaired LaTeX, for Notion, Obsidian, Moodle, Jupyter and GitHub.
//!
//! A pure function of text, in linear time: no second question to a model (docs/adr/0012-markdown-from-latex.md).
//! Formulas stay as they are between dollars. What Markdown cannot express stays LaTeX, in code; nothing of the
//! content is lost. Text is escaped, so that it is never markup, and HTML never comes out.

mod accent;
mod block;
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

use block::Block;
use reader::Reader;
use source::Source;

/// The first line of a transcription that lacks something, in the language of the documents.
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
        // A block that shows nothing and that MathJax reads.
        let lines: Vec<String> = definitions.into_iter().map(math::display).collect();
        blocks.push(Block::Math(lines.join("\n")));
    }
    blocks.extend(body);
    let mut markdown = render::render(&blocks);
    for (number, note) in reader.footnotes().iter().enumerate() {
        markdown.push_str(&format!("\n\n[^{}]: {}", number + 1, escape::line_start(note)));
    }
    markdown.push('\n');
    markdown
}
