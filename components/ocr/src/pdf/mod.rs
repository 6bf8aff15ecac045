//! What is found out about a PDF before it is sent: that it is one, how many pages it has, whether it is encrypted.
//! Nothing is rendered.

pub mod lexer;
pub mod object_stream;
pub mod scan;
pub mod structure;
#[cfg(test)]
mod tests;

pub use scan::{Facts, Scan};

/// The most pages of one upload.
pub const PAGES_MAX: u32 = 300;
/// The rule for a file whose pages cannot be counted: it costs one page for each started 256 KiB, about what a
/// scanned page takes, and at most [`PAGES_MAX`].
pub const BYTES_PER_UNKNOWN_PAGE: u64 = 256 * 1024;

/// What an upload of `bytes` costs from the daily quota of pages: at least 1.
pub fn price(pages: Option<u32>, bytes: u64) -> u32 {
    pages
        .unwrap_or_else(|| {
            u32::try_from(bytes.div_ceil(BYTES_PER_UNKNOWN_PAGE)).unwrap_or(PAGES_MAX).min(PAGES_MAX)
        })
        .max(1)
}
