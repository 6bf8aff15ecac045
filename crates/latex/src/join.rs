//! Joins an answer that stopped at the output limit with its continuation.

use crate::balance::balance;
use crate::document::{Documents, after_begin, has_class, starts_document};
use crate::lines::{in_lower_case, lines, lines_with_text};
use crate::modes::is_formula;
use crate::opening::Opening;
use crate::overlap::{Overlap, overlap, same_lines};
use crate::unwrap::unwrap_piece;

/// The last lines that the model is given to continue from.
const CONTEXT_LINES: usize = 12;
/// A longer line, in bytes, announces nothing.
const SENTENCE_BYTES_MAX: usize = 160;
/// How a sentence begins that announces the continuation, in lower case.
const ANNOUNCEMENTS: &str = "voici la suite|voici la fin|voici le reste|voilà la suite|suite de la transcription|\
    je reprends|je continue|bien sûr|d'accord|here is the rest|here's the rest|here is the continuation|continuing|\
    sure|certainly";
/// Those that a dialogue says too: they announce something only with a colon.
const ALONE: &str = "je reprends|je continue|bien sûr|d'accord|continuing|sure|certainly";
/// What goes on in such a sentence: "la suite définie par" is of a sequence.
const BEHIND: &str = "de la transcription|de votre|du document|du code|de ce document|demandée|et fin|\
    la transcription|où|à partir|of the|from|voici la suite|here";

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
    /// Ends in the middle of a line where `after` does.
    pub text: String,
    /// The seam was found; otherwise something may be missing or stand twice there.
    pub certain: bool,
}

/// Appends `after` to `before` without what stands in both. `stopped`: the model ended `after` by itself.
pub fn join(before: &str, after: &str, stopped: bool) -> Joined {
    let kept = complete_lines(before);
    let partial = before.get(kept.len()..).unwrap_or_default();
    let begins_with_line_end = after.starts_with('\n');
    let after = unwrap_piece(after).latex;
    let after = without_sentence(&after);
    let (mut rest, mut certain) = (after, true);
    if lines(after).any(|line| starts_document(after, &line)) && has_class(kept) {
        let Some(body) = after_begin(after) else {
            // The preamble was cut again: nothing new.
            return Joined { text: before.to_owned(), certain: false };
        };
        match same_lines(after_begin(kept).unwrap_or_default(), body) {
            0 => {}
            1 => certain = false,
            _ => return restart(kept, after, stopped),
        }
        rest = body;
    }
    // What follows the line that was cut, unless the next lines only look the same, as in a song.
    let begun = partial.trim();
    let written_again = rest.trim_start().starts_with(begun) && begun.contains(char::is_alphanumeric);
    let found = overlap(kept, rest);
    let looks_same = found.as_ref().is_some_and(|overlap| {
        let behind = rest.get(overlap.from..).unwrap_or_default().trim_start();
        written_again && !behind.starts_with(begun)
    });
    certain &= !looks_same;
    match found.filter(|_| !looks_same) {
        Some(Overlap { from, certain: true }) => {
            return Joined { text: append(kept, rest.get(from..)), certain: true };
        }
        Some(Overlap { from, .. }) => {
            // The same lines may follow each other in the document, as the rows of an empty table do: nothing is left
            // out, unless it is what balances.
            let (with, without) = (append(kept, Some(rest)), append(kept, rest.get(from..)));
            let text = if defects(&without) < defects(&with) { without } else { with };
            return Joined { text, certain: false };
        }
        None => {}
    }
    if goes_on_in_line(partial, rest, begins_with_line_end) {
        return Joined { text: format!("{before}{rest}"), certain: false };
    }
    // The line that was cut is left out: `rest` has to write it again. Marks alone, such as `& &`, may also go on in it.
    certain &= begun.is_empty() || written_again;
    let rest = rest.trim_start_matches('\n');
    let blank = if begins_with_line_end && begun.is_empty() && !ends_in_formula(kept) { "\n" } else { "" };
    Joined { text: append(kept, Some(&format!("{blank}{rest}"))), certain }
}

/// An empty line stops TeX there.
fn ends_in_formula(kept: &str) -> bool {
    balance(kept).open.last().is_some_and(|(opening, _)| match opening {
        Opening::Environment(name) => is_formula(name),
        opening => *opening != Opening::Group,
    })
}

/// With one empty line at the seam at most.
fn append(kept: &str, rest: Option<&str>) -> String {
    let rest = rest.unwrap_or_default();
    let rest = if kept.ends_with("\n\n") { rest.trim_start_matches('\n') } else { rest };
    format!("{kept}{rest}")
}

fn defects(text: &str) -> usize {
    let balance = balance(text);
    balance.open.len() + balance.mismatches.len()
}

/// Whether `rest` continues the line that was cut, and does not write it again.
fn goes_on_in_line(partial: &str, rest: &str, begins_with_line_end: bool) -> bool {
    let first = rest.lines().next().unwrap_or_default();
    let begun = partial.trim_start();
    let half = begun.get(..begun.ceil_char_boundary(begun.len() / 2)).unwrap_or_default();
    if begun.is_empty() || rest.trim_start().starts_with(half) {
        return false;
    }
    if begins_with_line_end || first.trim().is_empty() {
        // The line was whole.
        return begins_with_line_end;
    }
    let (apart, together) = (defects(first), defects(&format!("{partial}{first}")));
    let in_sentence = |char: char| char.is_lowercase() || " ,.;:)]}=+-&^_".contains(char);
    together < apart || (together == apart && first.starts_with(in_sentence))
}

/// `after` without the sentences that announce the continuation.
fn without_sentence(mut after: &str) -> &str {
    while let Some((first, rest)) = after.trim_start_matches('\n').split_once('\n')
        && announces(first.trim())
    {
        after = rest;
    }
    after
}

fn announces(line: &str) -> bool {
    if line.len() > SENTENCE_BYTES_MAX || line.contains(['\\', '$']) {
        return false;
    }
    let words = in_lower_case(line);
    ANNOUNCEMENTS.split('|').filter_map(|start| words.strip_prefix(start)).any(|behind| {
        let behind = behind.trim_start_matches([' ', ':', '.', '!', ',']);
        let says_alone = ALONE.split('|').any(|start| words.starts_with(start));
        (behind.is_empty() && (!says_alone || words.ends_with(':')))
            || BEHIND.split('|').any(|word| behind.starts_with(word))
    })
}

/// The model began again from the top: the document again, if it ended this time; else what follows the last line that
/// is already there.
fn restart(kept: &str, after: &str, stopped: bool) -> Joined {
    if stopped && Documents::of(after).is_closed {
        return Joined { text: after.to_owned(), certain: true };
    }
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
            assert_eq!(
                join(before, after, true),
                Joined { text: text.into(), certain },
                "{before:?} + {after:?}"
            );
        };
        check("a\nb\nhal", "c\nd", "a\nb\nhalc\nd", false);
        check("a\nb\nHal", "C\nd", "a\nb\nC\nd", false);
        check("a\nb\nhal", "a\nb\nhalf\nd\n", "a\nb\nhalf\nd\n", true);
        check("a\nune ligne\nhal", "une ligne\nhalf\nd\n", "a\nune ligne\nhalf\nd\n", true);
        check("a\nb\nhalf a li", "half a line\nd", "a\nb\nhalf a line\nd", true);
        check("a\nb\n", "a\nb\nc", "a\nb\nc", true);
        check(
            "Je te\nplume la tête\nplum",
            "plume la tête\nEt la",
            "Je te\nplume la tête\nplume la tête\nEt la",
            false,
        );
        check(
            "Je te\nplume la tête\nplum",
            "plume la tête\nplume\nEt",
            "Je te\nplume la tête\nplume\nEt",
            true,
        );
        check("a\n\nb\n", "```latex\na\n\nb\nc\n```", "a\n\nb\nc\n", true);
        check("x\nx\n", "x\ny", "x\nx\nx\ny", false);
        check("a\n\n", "\nb\n", "a\n\nb\n", true);
        check("{\n{\nA\n}\n", "}\nB\n", "{\n{\nA\n}\n}\nB\n", false);
        check("{\nA\n}\n", "}\nB\n", "{\nA\n}\nB\n", false);
        check("a\n", "Bien sûr !\n\nB\n", "a\nBien sûr !\n\nB\n", true);
        check("a\n", "Bien sûr :\n\nB\n", "a\nB\n", true);
        check("", "c", "c", true);
        check("a\n\\item un fait.", "\n\\item deux", "a\n\\item un fait.\n\\item deux", false);
        check("a\n", "\nb", "a\n\nb", true);
        check("\\[\na\n", "\nb", "\\[\na\nb", true);
        check("B\nx \\dotfill\n", "x \\dotfill\nC", "B\nx \\dotfill\nx \\dotfill\nC", false);
        check("B\nun mot\n", "un mot\nun mot\nC", "B\nun mot\nun mot\nun mot\nC", false);
        check("a & b \\\\\n & ", "& c \\\\\n", "a & b \\\\\n& c \\\\\n", false);
        check("a\nSoit $x", " = 1$.\nb", "a\nSoit $x = 1$.\nb", false);
        check("a\n", "Voici la suite :\n\nB\n", "a\nB\n", true);
        check("a\n", "Bien sûr, voici la suite de la transcription :\n```latex\nB\n```", "a\nB\n", true);
        check(
            "a\n",
            "Voici la suite définie par récurrence :\nB\n",
            "a\nVoici la suite définie par récurrence :\nB\n",
            true,
        );
    }

    #[test]
    fn a_preamble_again_and_a_restart_are_told_apart() {
        let check = |before: &str, after: &str, stopped: bool, text: &str, certain: bool| {
            assert_eq!(
                join(before, after, stopped),
                Joined { text: text.into(), certain },
                "{before:?} + {after:?}"
            );
        };
        let head = "\\documentclass{a}\n\\begin{document}\n";
        let end = "\\end{document}\n";
        let start = format!("{head}u\nv\nW");
        check(&start, &format!("{head}W\nx\n{end}"), true, &format!("{head}u\nv\nW\nx\n{end}"), true);
        check(&start, &format!("{head}v\nW\n{end}"), true, &format!("{head}u\nv\nW\n{end}"), true);
        let again = format!("{head}u\nv\nW\nx\n{end}");
        check(&start, &again, true, &again, true);
        check(&start, &format!("{head}u\nv\nW\nx\nY"), false, &format!("{head}u\nv\nW\nx\nY"), true);
        check(&start, &format!("{head}u\nz\nW\nx"), false, &format!("{head}u\nv\nu\nz\nW\nx"), false);
        check(&start, "\\documentclass{a}\n\\usepack", false, &start, false);
    }

    #[test]
    fn a_second_cut_is_seen_as_one() {
        let first = join("a\nb\nhal", "half\nC and", false);
        assert_eq!(first.text, "a\nb\nhalf\nC and");
        assert_eq!(join(&first.text, "C and d\ne\n", true).text, "a\nb\nhalf\nC and d\ne\n");
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
        fn wherever_it_is_cut_the_document_comes_back(lines in proptest::collection::vec("[A-Z][a-z]{6,12}", 2..30), cut in 0usize..400, again in 0usize..5) {
            let whole = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let before = &whole[..cut.min(whole.len())];
            let done = complete_lines(before).lines().count();
            let after = lines[done.saturating_sub(again)..].join("\n") + "\n";
            prop_assume!(lines.iter().collect::<std::collections::HashSet<_>>().len() == lines.len());
            prop_assume!(after.len() > 1);
            prop_assert_eq!(join(before, &after, true).text, whole);
        }
    }
}
