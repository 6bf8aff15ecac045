//! Reads the text layer of a PDF: the characters in the order of the content stream, without their layout.
//!
//! A font gives its characters through its `ToUnicode` map; without one, its codes are read as the Latin-1 that
//! they mostly are. Text inside form objects and formulas are not understood.

use std::sync::Arc;

use bytes::Bytes;
use hayro_cmap::{BfString, CMap};
use hayro_syntax::Pdf;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::{Dict, Name, Object, Stream};
use hayro_syntax::page::Page;

/// The real service refuses longer documents.
pub(crate) const PAGES_MAX: usize = 1000;

/// Why a document cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not a PDF, damaged, without a page, or protected by a password.
    NoPages,
    TooManyPages(usize),
}

/// The text of each page: lines, with an empty one between paragraphs.
pub(crate) fn pages(document: &Bytes) -> Result<Vec<String>, Unreadable> {
    let pdf = Pdf::new(Arc::new(document.clone())).map_err(|_| Unreadable::NoPages)?;
    match pdf.pages().len() {
        0 => Err(Unreadable::NoPages),
        count if count > PAGES_MAX => Err(Unreadable::TooManyPages(count)),
        _ => Ok(pdf.pages().iter().map(page).collect()),
    }
}

fn page(page: &Page<'_>) -> String {
    let mut reader = Reader {
        fonts: page.resources().fonts.clone(),
        font: None,
        size: 0.0,
        scale: 1.0,
        leading: 0.0,
        y: 0.0,
        shown_y: 0.0,
        moved: false,
        text: String::new(),
    };
    let mut instructions = page.typed_operations();
    while let Some(instruction) = instructions.next() {
        reader.run(&instruction);
    }
    reader.text.trim().to_owned()
}

struct Font {
    to_unicode: Option<CMap>,
    code_bytes: usize,
}

struct Reader<'a> {
    fonts: Dict<'a>,
    font: Option<Font>,
    /// Of the font, and of the text matrix vertically.
    size: f64,
    scale: f64,
    leading: f64,
    /// Height of the current line, and of the last text that was shown.
    y: f64,
    shown_y: f64,
    /// The position was changed since then.
    moved: bool,
    text: String,
}

impl Reader<'_> {
    fn run(&mut self, instruction: &TypedInstruction<'_, '_>) {
        use TypedInstruction as Op;
        match instruction {
            Op::BeginText(_) => (self.scale, self.y, self.moved) = (1.0, 0.0, true),
            Op::TextFont(font) => {
                self.font = self.fonts.get::<Dict<'_>>(font.0).map(|font| Font::read(&font));
                self.size = font.1.as_f64();
            }
            Op::TextLeading(leading) => self.leading = leading.0.as_f64(),
            Op::SetTextMatrix(matrix) => {
                (self.scale, self.y, self.moved) = (matrix.3.as_f64(), matrix.5.as_f64(), true);
            }
            Op::NextLine(by) => self.descend(-by.1.as_f64()),
            Op::NextLineAndSetLeading(by) => {
                self.leading = -by.1.as_f64();
                self.descend(self.leading);
            }
            Op::NextLineUsingLeading(_) => self.descend(self.leading),
            Op::ShowText(text) => self.show(text.0.as_bytes()),
            Op::NextLineAndShowText(text) => {
                self.descend(self.leading);
                self.show(text.0.as_bytes());
            }
            Op::ShowTextWithParameters(text) => {
                self.descend(self.leading);
                self.show(text.2.as_bytes());
            }
            Op::ShowTexts(items) => items.0.iter::<Object<'_>>().for_each(|item| match item {
                Object::String(text) => self.show(text.as_bytes()),
                // Thousandths of the font size, to the left: a word space is a quarter of it or more.
                Object::Number(shift) => self.moved |= shift.as_f64() < -180.0,
                _ => {}
            }),
            _ => {}
        }
    }

    fn descend(&mut self, by: f64) {
        self.y -= by * self.scale;
        self.moved = true;
    }

    fn show(&mut self, codes: &[u8]) {
        let Some(font) = &self.font else { return };
        let lines = (self.shown_y - self.y).abs() / (self.size * self.scale).abs().max(1.0);
        if self.moved && !self.text.is_empty() {
            self.text.truncate(self.text.trim_end().len());
            self.text.push_str(match lines {
                // A superscript or a subscript stays in its line.
                0.0..0.7 => " ",
                0.7..1.7 => "\n",
                _ => "\n\n",
            });
        }
        (self.shown_y, self.moved) = (self.y, false);
        codes.chunks(font.code_bytes).for_each(|code| font.push(code, &mut self.text));
    }
}

impl Font {
    fn read(font: &Dict<'_>) -> Self {
        let to_unicode = font.get::<Stream<'_>>("ToUnicode").and_then(|map| map.decoded_data().ok());
        let composite = font.get::<Name<'_>>("Subtype").is_some_and(|kind| &*kind == b"Type0");
        Self {
            to_unicode: to_unicode.and_then(|map| CMap::parse(&map, |_| None)),
            code_bytes: if composite { 2 } else { 1 },
        }
    }

    fn push(&self, code: &[u8], text: &mut String) {
        let number = code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        match (self.to_unicode.as_ref().and_then(|map| map.lookup_bf_string(number)), code) {
            (Some(BfString::Char(character)), _) => text.push(character),
            (Some(BfString::String(characters)), _) => text.push_str(&characters),
            (None, [code]) => match OTHER_CODES.iter().find(|(other, _)| other == code) {
                Some((_, characters)) => text.push_str(characters),
                None => text.push(char::from(*code)),
            },
            (None, _) => {}
        }
    }
}

/// Where TeX's T1 encoding (below 0x20) and Windows' (above 0x80) add characters to Latin-1.
pub(crate) const OTHER_CODES: [(u8, &str); 16] = [
    (0x13, "«"),
    (0x14, "»"),
    (0x15, "–"),
    (0x1b, "ff"),
    (0x1c, "fi"),
    (0x1d, "fl"),
    (0x1e, "ffi"),
    (0x1f, "ffl"),
    (0x80, "€"),
    (0x85, "…"),
    (0x8c, "Œ"),
    (0x91, "‘"),
    (0x92, "’"),
    (0x96, "–"),
    (0x9c, "œ"),
    (0xa0, " "),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn samples_read_back() {
        let document =
            sample::pdf(&[&["Exercice 1 : équations", "Où (est) l’œuvre \\ à 5 € ?"], &["Page deux"]]);
        let expected = ["Exercice 1 : équations\nOù (est) l’œuvre \\ à 5 € ?", "Page deux"];
        assert_eq!(pages(&document.into()).unwrap(), expected);
        assert_eq!(pages(&sample::scan(2).into()).unwrap(), ["", ""]);
        assert_eq!(pages(&sample::padded(2_000_000).into()).unwrap().len(), 1);
    }

    #[test]
    fn locked_and_damaged_documents_have_no_pages() {
        for document in [
            sample::encrypted(),
            sample::damaged(),
            b"%PDF-1.4 hello".to_vec(),
            b"hello".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(pages(&document.into()).unwrap_err(), Unreadable::NoPages);
        }
    }

    #[test]
    fn a_document_of_pdflatex_gives_its_words_lines_and_paragraphs() {
        let examen = include_bytes!("../../../components/ocr/tests/fixtures/examen.pdf");
        let text = pages(&Bytes::from_static(examen)).unwrap();
        assert_eq!(text.len(), 3);
        let first = "Exercice 1\n\nSoit f la fonction définie sur R par f ( x ) = x 2 − 3 x + 2 .\n\
                     Résoudre l'équation f ( x ) = 0 .";
        assert!(text[0].starts_with(first), "{}", text[0]);
    }

    #[test]
    fn a_map_to_unicode_decides_what_a_code_means() {
        let map = b"begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
                    2 beginbfchar <0003> <00E9> <0102> <00660069> endbfchar endcmap";
        let font = Font { to_unicode: CMap::parse(map, |_| None), code_bytes: 2 };
        let mut text = String::new();
        for code in [[0, 3], [1, 2], [9, 9]] {
            font.push(&code, &mut text);
        }
        assert_eq!(text, "éfi");
    }
}
