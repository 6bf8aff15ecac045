//! Joins an answer that stopped at the output limit with its continuation.

use crate::document::DOCUMENT_CLASS;
use crate::lines::{Line, lines_with_text};
use crate::unwrap::unwrap;

/// The last lines that the model is given to continue from.
const CONTEXT_LINES: usize = 12;
/// Lines looked at for an overlap.
const OVERLAP_LINES_MAX: usize = 60;

/// The part of an unfinished answer that is kept: up to its last complete line.
pub fn complete_lines(text: &str) -> &str {
    text.get(..text.rfind('\n').map_or(0, |end| end + 1)).unwrap_or_default()
}

/// The last lines of `text`, for the question that asks for the rest.
pub fn context(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(CONTEXT_LINES)..).unwrap_or_default().join("\n")
}

#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    pub text: String,
    /// The seam was found; otherwise something may be missing or stand twice there.
    pub certain: bool,
}

/// Appends `after` to the complete lines of `before` without what stands in both.
pub fn join(before: &str, after: &str) -> Joined {
    let kept = complete_lines(before);
    let after = unwrap(after).latex;
    if after.contains(DOCUMENT_CLASS) && kept.contains(DOCUMENT_CLASS) {
        return restart(kept, &after);
    }
    let old: Vec<Line<'_>> = lines_with_text(kept).collect();
    let new: Vec<Line<'_>> = lines_with_text(&after).collect();
    let most = OVERLAP_LINES_MAX.min(old.len()).min(new.len());
    let overlap = (1..=most).rev().find(|count| {
        let tail = old.iter().skip(old.len() - count);
        tail.zip(&new).all(|(old, new)| old.text == new.text)
    });
    let from = overlap.and_then(|count| new.get(count - 1)).map_or(0, |line| line.end);
    Joined { text: format!("{kept}{}", after.get(from..).unwrap_or_default()), certain: true }
}

/// The model began again from the top: take what follows the last line that is already there.
fn restart(kept: &str, after: &str) -> Joined {
    let last = lines_with_text(kept).last().map_or("", |line| line.text);
    let mut same = lines_with_text(after).filter(|line| line.text == last);
    if let (Some(line), None) = (same.next(), same.next()) {
        let text = format!("{kept}{}", after.get(line.end..).unwrap_or_default());
        return Joined { text, certain: true };
    }
    // No place, or several: the longer of the two is the better document.
    let text = if after.len() > kept.len() { after.to_owned() } else { kept.to_owned() };
    Joined { text, certain: false }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_continuation_is_joined_without_duplicates() {
        let check = |before: &str, after: &str, text: &str, certain: bool| {
            assert_eq!(join(before, after), Joined { text: text.into(), certain }, "{before:?} + {after:?}");
        };
        check("a\nb\nhal", "c\nd", "a\nb\nc\nd\n", true);
        check("a\nb\nhal", "b\nhalf\nd", "a\nb\nhalf\nd\n", true);
        check("a\nb\n", "a\nb\nc", "a\nb\nc\n", true);
        check("a\n\nb\n", "```latex\na\n\nb\nc\n```", "a\n\nb\nc\n", true);
        check("x\nx\n", "x\ny", "x\nx\ny\n", true);
        check("", "c", "c\n", true);
        check(
            "\\documentclass{a}\nu\nv\npart",
            "\\documentclass{a}\nu\nv\nw\n\\end{document}",
            "\\documentclass{a}\nu\nv\nw\n\\end{document}\n",
            true,
        );
        check(
            "\\documentclass{a}\nu\nv\n",
            "\\documentclass{b}\nzzzzzzzzzz\n",
            "\\documentclass{b}\nzzzzzzzzzz\n",
            false,
        );
    }

    #[test]
    fn the_context_is_the_last_lines() {
        let text: String = (0..40).map(|line| format!("{line}\n\n")).collect();
        assert_eq!(context(&text).lines().count(), CONTEXT_LINES);
        assert!(context(&text).ends_with("39"));
        assert_eq!(context(""), "");
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_the_document_comes_back(lines in proptest::collection::vec("[a-z]{6,12}", 2..30), cut in 0usize..400, again in 0usize..5) {
            let whole = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let before = &whole[..cut.min(whole.len())];
            let done = complete_lines(before).lines().count();
            let after = lines[done.saturating_sub(again)..].join("\n");
            prop_assume!(lines.iter().collect::<std::collections::HashSet<_>>().len() == lines.len());
            prop_assume!(!after.is_empty());
            prop_assert_eq!(join(before, &after).text, whole);
        }
    }
}
