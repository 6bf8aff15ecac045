//! Closes a document that was cut, so that what arrived compiles, and says so inside it.

use crate::balance::balance;
use crate::document::{BEGIN_DOCUMENT, END_DOCUMENT, after_begin, has_class};
use crate::join::complete_lines;
use crate::lines::lines;
use crate::lists::item;
use crate::opening::Opening;
use crate::tokens::{Kind, tokens};

/// A diagram with more columns is not completed.
const COLUMNS_MAX: usize = 50;
/// For a text that was cut before its class.
const CLASS: &str = "\\documentclass{article}\n";
const NOTICE: &str = "\n\n\\medskip\\noindent\\textit{[Transcription interrompue ici.]}\n";

/// Keeps the complete lines; an unfinished last one is kept as a comment, since half a command compiles nowhere.
pub(crate) fn close(latex: &str) -> String {
    let all = tokens(latex);
    let last = all.iter().rposition(|token| matches!(token.kind, Kind::Command("iffalse" | "fi")));
    let hidden = last.is_some_and(|last| {
        // Not what gives a condition this value.
        let named = last.checked_sub(1).and_then(|before| all.get(before)).map(|before| before.kind);
        all.get(last).is_some_and(|token| token.kind == Kind::Command("iffalse"))
            && !matches!(named, Some(Kind::Command(name)) if name.starts_with("if"))
    });
    let shown = if hidden { format!("{latex}\n\\fi\n") } else { String::new() };
    let latex = if hidden { shown.as_str() } else { latex };
    let (kept, rest) = usable(latex);
    let mut closed = kept.to_owned();
    if after_begin(rest).is_some() {
        closed.push_str(&format!("{rest}\n"));
    } else {
        // Inside a verbatim environment this shows as text; that is harmless.
        let lines = rest.lines().filter(|line| !line.trim().is_empty());
        closed.extend(lines.map(|line| format!("% {line}\n")));
    }
    if after_begin(&closed).is_none() {
        if !has_class(&closed) {
            closed.push_str(CLASS);
        }
        close_beyond(0, &mut closed);
        closed.push_str(&format!("\n{BEGIN_DOCUMENT}\n"));
    }
    let document = balance(&closed).open.iter().position(|(opening, _)| *opening == DOCUMENT);
    close_beyond(document.map_or(0, |at| at + 1), &mut closed);
    closed.push_str(NOTICE);
    if document.is_some() {
        close_beyond(0, &mut closed);
    } else {
        closed.push_str(&format!("\n{END_DOCUMENT}"));
    }
    closed.push('\n');
    closed
}

/// What can be closed, and what follows it: half a line; in a preamble, half a command; in a drawing, half a path.
fn usable(latex: &str) -> (&str, &str) {
    let complete = complete_lines(latex);
    let mut at = complete.len();
    if after_begin(complete).is_none() {
        at = end_of_last(complete, |_, open| open == 0);
    } else if let Some((Opening::Environment("tikzpicture" | "circuitikz" | "axis"), line)) =
        balance(complete).open.iter().rfind(|(opening, _)| matches!(opening, Opening::Environment(_)))
    {
        let first = usize::try_from(*line).unwrap_or(usize::MAX);
        let mut number = 0;
        at = end_of_last(complete, |text, _| {
            number += 1;
            number <= first || text.ends_with(';')
        });
    }
    latex.split_at_checked(at).unwrap_or((latex, ""))
}

/// The end of the last line of `text` that may be the last one: it is called with each line and with how many braces
/// and brackets are open after it.
fn end_of_last(text: &str, mut may_end: impl FnMut(&str, i64) -> bool) -> usize {
    let (mut open, mut end) = (0_i64, 0);
    for line in lines(text) {
        let code = line.text.split('%').next().unwrap_or_default();
        let count = |mark: char| i64::try_from(code.matches(mark).count()).unwrap_or(i64::MAX);
        open = open.saturating_add(count('{') + count('[') - count('}') - count(']'));
        if may_end(line.text, open) {
            end = line.end;
        }
    }
    end
}

const DOCUMENT: Opening<'_> = Opening::Environment("document");

/// Closes what is open beyond the outermost `keep`.
fn close_beyond(keep: usize, latex: &mut String) {
    let mut closings = String::new();
    let mut in_algorithm = false;
    let balance = balance(latex);
    for (opening, line) in balance.open.iter().skip(keep).rev() {
        if let Opening::Environment(name) = opening {
            // A line of its own, since a comment or the last row of a table may stand before it, but no empty line,
            // which ends a paragraph in the middle of a formula.
            if !(if closings.is_empty() { latex.as_str() } else { closings.as_str() }).ends_with('\n') {
                closings.push('\n');
            }
            if *name == "tikzcd" && closings.trim().is_empty() {
                closings.push_str(&empty_row(latex, *line));
            }
            if *name == "algorithmic" && !in_algorithm {
                // One is not inside of another, and each looks through the source.
                in_algorithm = true;
                closings.push_str(&open_blocks(latex, *line));
            }
            if let Some(item) = if *name == "algorithmic" { Some("\\State") } else { item(name) }
                && closings.trim().is_empty()
                && is_empty_from(latex, *line, item)
            {
                closings.push_str(&format!("{item}\n"));
            }
        }
        closings.push_str(&opening.marks().1);
    }
    if balance.open.len() > keep {
        let end = latex.trim_end_matches('\n').len();
        // One line end stays.
        latex.truncate((end + 1).min(latex.len()));
    }
    latex.push_str(&closings);
}

/// Ends the blocks of an algorithm that begins on the line `begin`, counted from 1.
fn open_blocks(latex: &str, begin: u32) -> String {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens(latex).into_iter().skip_while(|token| token.line < begin) {
        match token.kind {
            Kind::Command("While") => open.push("\\EndWhile\n"),
            Kind::Command("For" | "ForAll") => open.push("\\EndFor\n"),
            Kind::Command("If") => open.push("\\EndIf\n"),
            Kind::Command("Loop") => open.push("\\EndLoop\n"),
            Kind::Command("Function") => open.push("\\EndFunction\n"),
            Kind::Command("Procedure") => open.push("\\EndProcedure\n"),
            Kind::Command("Repeat") => open.push("\\Until{}\n"),
            Kind::Command(
                "EndWhile" | "EndFor" | "EndIf" | "EndLoop" | "EndFunction" | "EndProcedure" | "Until",
            ) => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().rev().collect()
}

/// Cells for the arrows of a diagram that begins on the line `begin`, counted from 1: an arrow into none is an error.
fn empty_row(latex: &str, begin: u32) -> String {
    let skip = usize::try_from(begin).unwrap_or(usize::MAX).saturating_sub(1);
    let columns = latex.lines().skip(skip).map(|line| line.matches('&').count()).max();
    // One more, since the row that was cut may lack its next cell.
    let cells = "{}&".repeat(columns.unwrap_or(0).min(COLUMNS_MAX) + 1);
    format!("{cells}{{}}\\\\\n{cells}{{}}\n")
}

/// No item follows the line `begin`, counted from 1.
fn is_empty_from(latex: &str, begin: u32, item: &str) -> bool {
    let skip = usize::try_from(begin).unwrap_or(usize::MAX).saturating_sub(1);
    let mut rest = latex.lines().skip(skip);
    !rest.any(|line| line.split('%').next().is_some_and(|code| code.contains(item)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opening::Balance;

    const WHOLE: &str = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n\\section*{A}\nSoit $x$ :\n\
        \\begin{enumerate}\n\\item \\textbf{un\ndeux}\n\\begin{align*}\na &= \\frac{1}{2} \\\\\nb &= 3\n\\end{align*}\n\
        \\[\nx\n\\]\n$$\ny\n$$\n\\begin{verbatim}\n$ { \\x\n\\end{verbatim}\n\\end{enumerate}\n\\end{document}\n";

    #[test]
    fn wherever_it_is_cut_the_result_is_balanced_and_ends() {
        for cut in 0..WHOLE.len() - "\\end{document}\n".len() {
            let closed = close(&WHOLE[..cut]);
            assert_eq!(balance(&closed), Balance::default(), "cut at {cut}:\n{closed}");
            assert_eq!(closed.matches("\\begin{document}").count(), 1, "{closed}");
            assert!(closed.trim_end().ends_with("\\end{document}"), "{closed}");
            assert!(closed.contains("Transcription interrompue"));
        }
    }

    #[test]
    fn nothing_that_arrived_is_lost() {
        for cut in 0..WHOLE.len() {
            let (kept, partial) = WHOLE[..cut].split_at(complete_lines(&WHOLE[..cut]).len());
            let closed = close(&WHOLE[..cut]);
            let rest = closed.strip_prefix(kept).unwrap_or_else(|| panic!("cut at {cut}:\n{closed}"));
            assert!(rest.contains(partial), "cut at {cut}:\n{closed}");
        }
        let closed = close("\\documentclass{article}\n\\begin{document}\nun\nde");
        assert!(closed.contains("un\n% de\n"), "{closed}");
    }
}
