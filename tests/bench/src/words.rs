//! The words of a text, and which of them another text lacks.

use std::collections::BTreeMap;

/// Words of three letters or more, with how often they occur. Commands, which begin with a backslash, are none.
#[must_use]
pub fn words(text: &str) -> BTreeMap<&str, usize> {
    let mut words = BTreeMap::new();
    for piece in text.split(|char: char| !(char.is_alphanumeric() || char == '\\')) {
        let word = piece.split('\\').next().unwrap_or_default();
        if word.chars().filter(|char| char.is_alphabetic()).nth(2).is_some() {
            *words.entry(word).or_default() += 1;
        }
    }
    words
}

/// What stands behind the preamble, where there is one.
#[must_use]
pub fn body(latex: &str) -> &str {
    latex.split_once("\\begin{document}").map_or(latex, |(_, body)| body)
}

/// How many words of `wanted` there are, and how many of those `text` holds.
#[must_use]
pub fn held(wanted: &str, text: &str) -> (usize, usize) {
    let there = words(text);
    words(wanted).into_iter().fold((0, 0), |(all, held), (word, count)| {
        (all + count, held + count.min(there.get(word).copied().unwrap_or(0)))
    })
}
