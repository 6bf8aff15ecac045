//! ocr: a PDF comes in, goes to Google Gemini, and comes back as a LaTeX document that says what it lacks, and as
//! Markdown made from it.
//!
//! | route | does |
//! |---|---|
//! | `GET /ocr` | the page with the form |
//! | `POST /ocr` | multipart `file`; a page, JSON, a `.tex` or `.md` file, or `text/event-stream`, as `Accept` says |
//! | `GET /ocr/assets/…` | style sheet, script, icon |
//!
//! One slash at the end of the first two makes no difference. Everything but `spin.rs` is plain Rust and is tested
//! natively: it gets the request, the parsed variables and the ports of `ports.rs`.
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

pub mod attempt;
pub mod convert;
pub mod error;
pub mod events;
pub mod gemini;
pub mod open;
pub mod page;
pub mod pdf;
pub mod ports;
pub mod route;
#[cfg(target_arch = "wasm32")]
mod spin;
pub mod storage;
#[cfg(test)]
mod tests;
pub mod transcribe;
pub mod transport;
pub mod upload;
pub mod warning;
