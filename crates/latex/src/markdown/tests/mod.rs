//! What comes in and what comes out; and that it reads back as what it was.

mod examples;
mod properties;

use super::from_latex;

/// The Markdown of a document with this body.
fn body(latex: &str) -> String {
    from_latex(
        &format!("\\documentclass{{article}}\n\\begin{{document}}\n{latex}\n\\end{{document}}\n"),
        true,
    )
    .trim_end()
    .to_owned()
}

fn check(latex: &str, expected: &str) {
    assert_eq!(body(latex), expected, "{latex}");
}
