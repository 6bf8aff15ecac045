//! Repetition loops: a model that writes the same thing until its limit.

use crate::lines::{Line, lines_with_text};
use crate::unwrap::END_DOCUMENT;

/// A block of lines counts as a loop from this many times in a row…
const TIMES_MIN: usize = 10;
/// …when together they are at least this long: ten empty table rows are no loop.
const LOOP_CHARS_MIN: usize = 240;
const PERIOD_LINES_MAX: usize = 12;
/// Inside one line: the same up to 64 characters, more than 30 times.
const PERIOD_BYTES_MAX: usize = 64;
const TIMES_IN_LINE_MIN: usize = 30;

/// Where the second turn of a loop at the end of `text` begins (byte offset), if it ends in one.
pub(crate) fn second_turn(text: &str) -> Option<usize> {
    let body = text.rfind(END_DOCUMENT).and_then(|end| text.get(..end)).unwrap_or(text).trim_end();
    by_lines(body).or_else(|| in_last_line(body))
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
            let chars: usize = lines.get(start..)?.iter().map(|line| line.text.len()).sum();
            let loops = turns >= TIMES_MIN && chars >= LOOP_CHARS_MIN;
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
        let long = turns > TIMES_IN_LINE_MIN && turns * period >= LOOP_CHARS_MIN;
        let mut second = start + line.len() - period * (turns - 1);
        while long && !body.is_char_boundary(second) {
            second += 1;
        }
        long.then_some(second)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn loops_are_found_and_ordinary_repetition_is_not() {
        let check =
            |text: String, expected: Option<usize>| assert_eq!(second_turn(&text), expected, "{text}");
        let line = "On considère la fonction f.\n";
        check(line.repeat(20), Some(line.len()));
        check(format!("début\n{}\\end{{document}}", line.repeat(20)), Some("début\n".len() + line.len()));
        check(format!("{}On consi", line.repeat(20)), Some(line.len()));
        check(line.repeat(5), None);
        check("\\hline\n".repeat(15), None);
        let pair = format!("{line}\\item une autre ligne\n");
        check(pair.repeat(12), Some(pair.len()));
        check(format!("x = {}", "\\quad ".repeat(60)), Some(3 + 6));
        check("x".repeat(100), None);
        check(String::new(), None);
    }

    proptest! {
        #[test]
        fn a_repeated_line_is_a_loop_from_its_second_turn(line in "[aé][a-c ]{6,30}é\n", times in 40usize..60) {
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
