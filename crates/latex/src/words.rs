//! Whether two sources say the same, by their words.

use std::collections::BTreeMap;

/// Whether at most one word, and one in `per_change` of `one`, is missing from `other` or added there. Commands are no words.
#[must_use]
pub fn same_words(one: &str, other: &str, per_change: usize) -> bool {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut all, mut found) = (0_usize, 0_usize);
    for word in words(one) {
        *counts.entry(word).or_default() += 1;
        all += 1;
    }
    let mut changes = 0_usize;
    for word in words(other) {
        match counts.get_mut(word) {
            Some(count) if *count > 0 => {
                *count -= 1;
                found += 1;
            }
            _ => changes += 1,
        }
    }
    changes += all - found;
    changes <= 1 + all / per_change.max(1)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let body = text.split("\\begin{document}").nth(1).unwrap_or(text);
    let pieces = body.split(|char: char| !(char.is_alphanumeric() || char == '\\'));
    pieces.filter_map(|piece| piece.split('\\').next()).filter(|word| word.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_keeps_the_words() {
        let check =
            |one: &str, other: &str, same: bool| assert_eq!(same_words(one, other, 4), same, "{other}");
        check("un deux trois quatre cinq \\frac{six}", "cinq deux trois quatre six \\dfrac{ }", true);
        check("deux trois quatre cinq", "deux trois quatre", true);
        check("deux trois quatre cinq", "deux", false);
        check("deux trois quatre cinq", "deux trois quatre cinq encore un mot de trop ici", false);
        check("\\usepackage{abc}\\begin{document}deux", "\\usepackage{xyz}\\begin{document}deux", true);
    }
}
