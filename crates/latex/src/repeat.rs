//! Repetition loops: a model that writes the same thing until its limit, or for a while.

use crate::lines::{Line, lines_with_text};

/// A block of lines counts as a loop from this many times in a row…
const TIMES_MIN: usize = 10;
/// …when together they are at least this long, in bytes: ten empty table rows are no loop.
const LOOP_BYTES_MIN: usize = 240;
const PERIOD_LINES_MAX: usize = 12;
/// Inside one line: the same up to 64 bytes, more than 30 times.
const PERIOD_BYTES_MAX: usize = 64;
const TIMES_IN_LINE_MIN: usize = 30;
/// Words of one turn inside a line.
const PERIOD_WORDS_MAX: usize = 24;
/// With fewer different words a turn is a form to fill in, such as `\item $\square$ Vrai`, unless it comes this often…
const SENTENCE_WORDS_MIN: usize = 5;
const TIMES_OF_LAYOUT: usize = 100;
/// What stands in a form to fill in: its lines come again as often as there are answers.
const BLANKS: &str = "\\dotfill|\\hrulefill|\\underline{\\hspace|\\fillin|\\square|\\Box|$\\circ$|\\bigcirc|\\rule{|\\Square|....|. . . .|……|____|\\_\\_|\\dots\\dots|\\ldots\\ldots";
/// …or, as a form or without any word, is as long as no grid or dotted line.
const LAYOUT_BYTES_MIN: usize = 4000;
/// More loops of one document are not listed.
const FOUND_MAX: usize = 5;

/// Where the second turn of a loop at the end of `text` begins (byte offset), if it ends in one: `text` was cut.
pub(crate) fn second_turn(text: &str) -> Option<usize> {
    let body = text.trim_end();
    let at = by_lines(body).or_else(|| in_last_line(body))?;
    let turns = body.get(at..)?;
    let says_something = words(turns).next().is_some() && !is_form(turns);
    (says_something || turns.len() >= LAYOUT_BYTES_MIN).then_some(at)
}

fn by_lines(body: &str) -> Option<usize> {
    let lines: Vec<Line<'_>> = lines_with_text(body).collect();
    // The last line may be a beginning of the next turn.
    [lines.len(), lines.len().saturating_sub(1)].into_iter().find_map(|end| {
        let lines = lines.get(..end)?;
        (1..=PERIOD_LINES_MAX.min(lines.len())).find_map(|period| {
            let before = lines.iter().rev().skip(period);
            let same = lines.iter().rev().zip(before).take_while(|(a, b)| a.text == b.text).count();
            let turns = same / period + 1;
            let start = lines.len() - period * turns;
            let bytes: usize = lines.get(start..)?.iter().map(|line| line.text.len()).sum();
            let loops = turns >= TIMES_MIN && bytes >= LOOP_BYTES_MIN;
            lines.get(start + period).filter(|_| loops).map(|line| line.at)
        })
    })
}

fn in_last_line(body: &str) -> Option<usize> {
    let start = body.rfind('\n').map_or(0, |end| end + 1);
    let line = body.get(start..)?.as_bytes();
    (1..=PERIOD_BYTES_MAX.min(line.len())).find_map(|period| {
        let same = line.iter().rev().zip(line.iter().rev().skip(period)).take_while(|(a, b)| a == b).count();
        let turns = same / period + 1;
        let long = turns > TIMES_IN_LINE_MIN && turns * period >= LOOP_BYTES_MIN;
        let mut second = start + line.len() - period * (turns - 1);
        while long && !body.is_char_boundary(second) {
            second += 1;
        }
        long.then_some(second)
    })
}

/// The lines (from 1) on which the document repeats sentences as only a model does, wherever that is.
pub(crate) fn repetitions(latex: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut texts = Vec::new();
    for (number, line) in (1..).zip(latex.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        texts.push((line, number));
        if line.len() >= LOOP_BYTES_MIN && found.len() < FOUND_MAX {
            let words: Vec<(&str, u32)> = line.split_whitespace().map(|word| (word, number)).collect();
            found.extend(runs(&words, PERIOD_WORDS_MAX, TIMES_IN_LINE_MIN).first());
        }
    }
    found.extend(runs(&texts, PERIOD_LINES_MAX, TIMES_MIN));
    found
}

/// The lines where the same pieces begin to come again and again, up to `period_max` of them in a turn.
fn runs(pieces: &[(&str, u32)], period_max: usize, times_min: usize) -> Vec<u32> {
    // Where each begins and ends.
    let mut found: Vec<(usize, usize)> = Vec::new();
    for period in 1..=period_max {
        let mut same = 0;
        let later = pieces.iter().skip(period).map(Some).chain([None]);
        for (at, (piece, later)) in pieces.iter().zip(later).enumerate() {
            if later.is_some_and(|later| later.0 == piece.0) {
                same += 1;
                continue;
            }
            let (turns, first) = (same / period + 1, at - same);
            same = 0;
            // A period is found again in its multiples.
            let known = found.iter().any(|(from, to)| first < *to && *from < at);
            if turns >= times_min && found.len() < FOUND_MAX && !known {
                let turn = pieces.get(first..first + period).unwrap_or_default();
                if is_sentence(turn, turns) {
                    found.push((first, at + period));
                }
            }
        }
    }
    found.iter().filter_map(|(first, _)| pieces.get(*first)).map(|(_, line)| *line).collect()
}

fn is_sentence(turn: &[(&str, u32)], turns: usize) -> bool {
    // No more than count, and no set, which would add 3 KB to a component.
    let mut different = Vec::new();
    for word in turn.iter().flat_map(|(text, _)| words(text)) {
        if different.len() < SENTENCE_WORDS_MIN && !different.contains(&word) {
            different.push(word);
        }
    }
    let bytes: usize = turn.iter().map(|(text, _)| text.len()).sum();
    bytes * turns >= LOOP_BYTES_MIN
        && !turn.iter().any(|(text, _)| is_form(text))
        && (different.len() >= SENTENCE_WORDS_MIN || (!different.is_empty() && turns >= TIMES_OF_LAYOUT))
}

fn is_form(text: &str) -> bool {
    BLANKS.split('|').any(|blank| text.contains(blank))
}

/// A line that may stand anywhere in a document, and more than once: of a form, the end of an environment, or without
/// anything to read.
pub(crate) fn is_layout(line: &str) -> bool {
    let mut pieces = line.split('\\');
    let first = pieces.next().unwrap_or_default();
    let behind = pieces.map(|piece| piece.trim_start_matches(|char: char| char.is_ascii_alphabetic()));
    is_form(line)
        || line.starts_with("\\end{")
        || !std::iter::once(first).chain(behind).any(|piece| piece.contains(char::is_alphanumeric))
}

/// The words that a reader would see: of two letters or more, and no commands.
fn words(text: &str) -> impl Iterator<Item = &str> {
    // What stands behind a backslash is a command.
    let pieces = text.split(|char: char| !(char.is_alphanumeric() || char == '\\'));
    pieces
        .filter_map(|piece| piece.split('\\').next())
        .filter(|word| word.chars().take_while(|char| char.is_alphabetic()).nth(1).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn loops_at_the_end_of_a_cut_answer_are_found() {
        let check =
            |text: String, expected: Option<usize>| assert_eq!(second_turn(&text), expected, "{text}");
        let line = "On considère la fonction f.\n";
        check(line.repeat(20), Some(line.len()));
        check(format!("{}On consi", line.repeat(20)), Some(line.len()));
        check(line.repeat(5), None);
        check("\\hline\n".repeat(15), None);
        let pair = format!("{line}\\item une autre ligne\n");
        check(pair.repeat(12), Some(pair.len()));
        check("x".repeat(100), None);
        check(". ".repeat(300), None);
        check(format!("x = {}", "\\quad ".repeat(60)), None);
        check(format!("x = {}", "\\quad ".repeat(1000)), Some(3 + 6));
        check(String::new(), None);
        let form = "Justification de la réponse : \\dotfill\n";
        check(form.repeat(40), None);
        check(form.repeat(400), Some(form.len()));
        check(format!("Réponse : {}", "\\dotfill ".repeat(60)), None);
    }

    #[test]
    fn a_loop_anywhere_is_seen_and_a_form_to_fill_in_is_not() {
        let check = |text: String, expected: &[u32]| assert_eq!(repetitions(&text), expected, "{text}");
        let line = "On considère la fonction f définie sur R.\n";
        check(format!("début\n{}fin\n", line.repeat(12)), &[2]);
        check(format!("a\n\n{}\nfin\n", "le même mot revient sans cesse ".repeat(2000)), &[3]);
        check(format!("{}\n", "encore ".repeat(2000)), &[1]);
        check(
            format!(
                "{}milieu\n{}",
                line.repeat(12),
                "\\item une phrase qui ne finit plus jamais\n".repeat(15)
            ),
            &[1, 14],
        );
        check("\\item $\\square$ Vrai\n".repeat(40), &[]);
        check(format!("{}\n", ". ".repeat(3000)), &[]);
        check("& & & \\\\ \\hline\n".repeat(60), &[]);
        check(
            "Je \\underline{\\hspace{3cm}} (aller), tu \\underline{\\hspace{3cm}} (aller).\n".repeat(16),
            &[],
        );
        for line in [
            "\\item Justifiez votre réponse en une phrase complète : \\dotfill",
            "Nom de l'élève : ................ Prénom : ................ Classe et date : .........",
            "L'affirmation suivante est $\\square$ vraie ou bien $\\square$ fausse, car : \\hrulefill",
            "\\noindent\\textcolor{gray}{\\dotfill}\\\\[8mm]",
            "\\item L'affirmation est $\\circ$ vraie ou bien $\\circ$ fausse selon le texte",
            "\\noindent Votre réponse en une phrase complète : \\rule{8cm}{0.4pt}",
            "Le point A a pour abscisse \\ldots\\ldots\\ldots et pour ordonnée \\ldots\\ldots\\ldots",
            "Complétez la phrase avec un mot : le triangle est \\_\\_\\_\\_\\_ et isocèle.",
        ] {
            check(format!("{line}\n").repeat(150), &[]);
            check(format!("{line} ").repeat(150), &[]);
        }
    }

    proptest! {
        #[test]
        fn a_repeated_line_is_a_loop_from_its_second_turn(line in "[aé][a-c ]{6,30}bbé\n", times in 40usize..60) {
            let text = format!("début\n{}", line.repeat(times));
            prop_assert_eq!(second_turn(&text), Some("début\n".len() + line.len()));
        }

        #[test]
        fn a_turn_begins_with_a_whole_character(unit in "([aé\n]|\\\\item ){1,12}", times in 1usize..300) {
            if let Some(at) = second_turn(&unit.repeat(times)) {
                prop_assert!(unit.repeat(times).is_char_boundary(at));
            }
        }
    }
}
