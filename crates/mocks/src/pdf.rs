//! Reads the text layer of a PDF into pages of lines, with superscripts and subscripts told apart.
//!
//! The parser is given hostile files, so it may panic or loop over garbage: a panic is an unreadable
//! document, as it would be for the real service. Nothing here knows LaTeX.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform};

use crate::repair;

/// The real service refuses longer documents.
pub const PAGES_MAX: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Base,
    Super,
    Sub,
}

/// A line of text in reading order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) text: Vec<(char, Level)>,
    /// Font size of the base text, in points.
    pub(crate) size: f64,
    /// White space above, in multiples of the font size; 0 for the first line of a page.
    pub(crate) gap: f64,
}

impl Line {
    pub(crate) fn plain(&self) -> String {
        self.text.iter().map(|(character, _)| *character).collect()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
}

/// Why a document cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not a PDF, damaged, without a page, or protected by a password.
    NoPages,
    TooManyPages(usize),
}

/// Reads every page. A page whose own content is damaged is an empty page.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Page>, Unreadable> {
    let document = catch_unwind(|| open(bytes)).unwrap_or(Err(Unreadable::NoPages))?;
    let pages = document.get_pages();
    match pages.len() {
        0 => Err(Unreadable::NoPages),
        count if count > PAGES_MAX => Err(Unreadable::TooManyPages(count)),
        _ => Ok(pages.keys().map(|number| page(&document, *number)).collect()),
    }
}

fn open(bytes: &[u8]) -> Result<Document, Unreadable> {
    let mut document = Document::load_mem(bytes).map_err(|_| Unreadable::NoPages)?;
    // A file that only an owner password protects opens with the empty user password.
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err(Unreadable::NoPages);
    }
    Ok(document)
}

fn page(document: &Document, number: u32) -> Page {
    let mut reader = Reader::default();
    let read = catch_unwind(AssertUnwindSafe(|| {
        pdf_extract::output_doc_page(document, &mut reader, number).is_ok()
    }));
    // What was read before the damage is kept: the real service also shows what it can see.
    let _ = read;
    reader.finish()
}

#[derive(Default)]
struct Reader {
    lines: Vec<Line>,
    line: Line,
    base_y: f64,
    end_x: f64,
    previous_y: Option<f64>,
}

impl OutputDev for Reader {
    fn begin_page(
        &mut self,
        _number: u32,
        _size: &MediaBox,
        _art: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        transform: &Transform,
        width: f64,
        _spacing: f64,
        font_size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        let scale = (transform.m11 * transform.m22 - transform.m12 * transform.m21).abs().sqrt();
        let size = font_size * scale;
        // TeX's radical hangs from the top of what it covers.
        let hang = if text == "√" { 0.8 * size } else { 0.0 };
        let (x, y) = (transform.m31, transform.m32 - hang);
        let level = self.place(x, y, size);
        let gap = if level == Level::Base { 0.15 } else { 0.6 };
        let after_space = self.line.text.last().is_some_and(|(last, _)| last.is_whitespace());
        if !self.line.text.is_empty() && !after_space && x > self.end_x + gap * size {
            self.line.text.push((' ', Level::Base));
        }
        self.line.text.extend(text.chars().map(|character| (character, level)));
        self.end_x = x + width * size;
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

impl Reader {
    /// Decides whether a glyph continues the line, and at which level; starts a new line otherwise.
    fn place(&mut self, x: f64, y: f64, size: f64) -> Level {
        if self.line.text.is_empty() {
            self.start(y, size);
            return Level::Base;
        }
        let rise = y - self.base_y;
        let small = size < 0.85 * self.line.size;
        // Scripts may start left of what precedes them (limits over and under a sum); text may not.
        let back = if small { 4.0 } else { 1.0 };
        let near = rise.abs() <= 0.75 * self.line.size.max(size) && x >= self.end_x - back * self.line.size;
        if !near {
            self.end();
            self.start(y, size);
            return Level::Base;
        }
        match (small, rise / self.line.size) {
            (true, rise) if rise > 0.15 => Level::Super,
            (true, rise) if rise < -0.05 => Level::Sub,
            _ => Level::Base,
        }
    }

    fn start(&mut self, y: f64, size: f64) {
        let gap = self.previous_y.map_or(0.0, |previous| (previous - y).abs() / size.max(1.0));
        self.line = Line { text: Vec::new(), size, gap };
        self.base_y = y;
    }

    fn end(&mut self) {
        self.previous_y = Some(self.base_y);
        let mut line = std::mem::take(&mut self.line);
        line.text = repair::line(&line.text);
        if !line.text.is_empty() {
            self.lines.push(line);
        }
    }

    fn finish(mut self) -> Page {
        self.end();
        Page { lines: self.lines }
    }
}
