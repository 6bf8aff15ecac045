//! Closes a document that was cut, so that what arrived compiles, and says so inside it.

use crate::balance::balance;
use crate::document::{BEGIN_DOCUMENT, END_DOCUMENT};
use crate::join::complete_lines;
use crate::opening::Opening;

const NOTICE: &str = "\n\n\\medskip\\noindent\\textit{[Transcription interrompue ici.]}\n";

/// Keeps the complete lines; an unfinished last one is kept as a comment, since half a command compiles nowhere.
pub(crate) fn close(latex: &str) -> String {
    let kept = complete_lines(latex);
    let partial = latex.get(kept.len()..).unwrap_or_default();
    let mut closed = kept.to_owned();
    if partial.contains(BEGIN_DOCUMENT) {
        closed.push_str(&format!("{partial}\n"));
    } else if !partial.trim().is_empty() {
        // Inside a verbatim environment this shows as text; that is harmless.
        closed.push_str(&format!("% {partial}\n"));
    }
    if !closed.contains(BEGIN_DOCUMENT) {
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

const DOCUMENT: Opening<'_> = Opening::Environment("document");

/// Closes what is open beyond the outermost `keep`.
fn close_beyond(keep: usize, latex: &mut String) {
    let mut closings = String::new();
    for (opening, _) in balance(latex).open.iter().skip(keep).rev() {
        // A line of its own: a comment or the last row of a table may stand before it.
        if matches!(opening, Opening::Environment(_)) {
            closings.push('\n');
        }
        closings.push_str(&opening.marks().1);
    }
    latex.push_str(&closings);
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
