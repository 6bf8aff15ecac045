//! What becomes of a model's answers: documents made here, defects put into them, and what `crates/latex` delivers.
//!
//! The figures need no key and no network; those on compiling need pdflatex, those on Markdown pandoc. `ocr-bench`
//! writes them to docs/benchmarks, and a test compares those that need neither with what is recorded there.

/// How many documents the figures are about that need no TeX, and after how many cuts each is continued.
pub const OFFLINE_DOCUMENTS: usize = 90;
pub const OFFLINE_CUTS: usize = 3;

pub mod defects;
pub mod features;
pub mod generator;
pub mod markdown;
pub mod measure;
pub mod public;
pub mod random;
pub mod report;
pub mod seams;
pub mod sources;
pub mod tex;
pub mod words;
