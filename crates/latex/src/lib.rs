//! What is known of LaTeX: tokens, repairs, checks, and Markdown made from it. It knows no model, page or language.
//!
//! Everything here is a pure function of text, linear in its length but for bounded factors, and never panics.
//! Whatever a model returns is data: nothing is compiled or run.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::todo,
        clippy::dbg_macro
    )
)]

mod arguments;
mod babel;
mod balance;
mod characters;
mod close;
mod danger;
mod document;
mod edits;
mod empty_lines;
mod figures;
mod finding;
mod finish;
mod formulas;
mod groups;
mod join;
mod lines;
mod lint;
mod listings;
mod lists;
pub mod markdown;
mod modes;
mod nesting;
mod opening;
mod overlap;
mod own;
mod packages;
mod pages;
mod preamble;
mod provided;
mod refusal;
mod repeat;
mod rows;
mod stray;
mod tokens;
mod unwrap;
mod verbatim;
mod words;

pub use figures::{FIGURES_MAX, Figure, figure_boxes};
pub use finding::Finding;
pub use finish::{Finished, Finishing, assemble, finish, loops, page_begun, page_body, wrap};
pub use join::{Joined, complete_lines, context, join};
pub use pages::{check_pages, without_markers};
pub use refusal::{continues, is_document, is_transcription};
pub use words::same_words;
