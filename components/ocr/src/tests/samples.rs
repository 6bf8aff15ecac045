//! What the tests of conversions send and get.

use super::fake_gemini::Reply;

pub(super) const EXAM: &[u8] = include_bytes!("../../tests/fixtures/examen.pdf");
pub(super) const JPEG: &[u8] = include_bytes!("../../tests/fixtures/photo.jpg");
pub(super) const PNG: &[u8] = include_bytes!("../../tests/fixtures/photo.png");
pub(super) const WEBP: &[u8] = include_bytes!("../../tests/fixtures/photo.webp");
pub(super) const LATEX: &str = "\\documentclass{article}\n\\begin{document}\nSoit $x$.\n\\end{document}\n";

pub(super) fn good() -> Reply {
    Reply::stream(&[LATEX], "STOP")
}
