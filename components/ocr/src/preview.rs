//! The document as a page shows it: blocks as elements, formulas as MathML, everything else as text, which the template
//! escapes. It is made from what the Markdown is made from, so both say the same (docs/adr/0033).

mod inline;
mod piece;
#[cfg(test)]
mod tests;

use latex::markdown::{Block, Document, Item, Marker};
use mathml::Display;

pub(crate) use piece::Piece;
use piece::math;

/// The pieces of a document. Every element that is opened is closed.
#[must_use]
pub(crate) fn pieces(document: &Document) -> Vec<Piece> {
    let mut pieces = Vec::new();
    blocks(&document.blocks, &mut pieces);
    if !document.footnotes.is_empty() {
        pieces.extend([Piece::Rule, Piece::Open("ol")]);
        for note in &document.footnotes {
            within("li", &mut pieces, |pieces| inline::read(note, pieces));
        }
        pieces.push(Piece::Close("ol"));
    }
    pieces
}

fn blocks(blocks: &[Block], pieces: &mut Vec<Piece>) {
    for one in blocks {
        block(one, pieces);
    }
}

fn block(block: &Block, pieces: &mut Vec<Piece>) {
    match block {
        Block::Paragraph(text) => within("p", pieces, |pieces| inline::read(text, pieces)),
        // The page itself uses h1 and h2. Below them no level is left out.
        Block::Heading(1..=3, text) => within("h3", pieces, |pieces| inline::read(text, pieces)),
        Block::Heading(_, text) => within("p", pieces, |pieces| {
            within("strong", pieces, |pieces| inline::read(text, pieces));
        }),
        Block::Math(source) => within("p", pieces, |pieces| pieces.push(math(source, Display::Block))),
        Block::Code { body, .. } => pieces.push(Piece::Block(body.trim_matches('\n').to_owned())),
        Block::List(items) => list(items, pieces),
        Block::Quote(quoted) => within("blockquote", pieces, |pieces| blocks(quoted, pieces)),
        Block::Table { columns, rows } => within("table", pieces, |pieces| table(columns, rows, pieces)),
        Block::Rule => pieces.push(Piece::Rule),
    }
}

fn list(items: &[Item], pieces: &mut Vec<Piece>) {
    let name = match items.first().map(|item| item.marker) {
        Some(Marker::Number(1, _)) => open("ol", pieces),
        Some(Marker::Number(start, _)) => {
            pieces.push(Piece::OpenListFrom(start));
            "ol"
        }
        Some(Marker::Bullet) | None => open("ul", pieces),
    };
    for item in items {
        within("li", pieces, |pieces| match item.blocks.as_slice() {
            [Block::Paragraph(text), rest @ ..] => {
                inline::read(text, pieces);
                blocks(rest, pieces);
            }
            all => blocks(all, pieces),
        });
    }
    pieces.push(Piece::Close(name));
}

fn table(columns: &[char], rows: &[Vec<String>], pieces: &mut Vec<Piece>) {
    for (number, row) in rows.iter().enumerate() {
        let cell = if number == 0 { "th" } else { "td" };
        within("tr", pieces, |pieces| {
            for (text, align) in row.iter().zip(columns) {
                pieces.push(Piece::OpenCell(cell, *align));
                inline::read(text, pieces);
                pieces.push(Piece::Close(cell));
            }
        });
    }
}

fn open(name: &'static str, pieces: &mut Vec<Piece>) -> &'static str {
    pieces.push(Piece::Open(name));
    name
}

fn within(name: &'static str, pieces: &mut Vec<Piece>, content: impl FnOnce(&mut Vec<Piece>)) {
    pieces.push(Piece::Open(name));
    content(pieces);
    pieces.push(Piece::Close(name));
}
