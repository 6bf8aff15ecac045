//! Closes a document that was cut, so that what arrived compiles, and says so inside it.

use crate::balance::{Balance, balance};
use crate::join::complete_lines;
use crate::unwrap::END_DOCUMENT;

const NOTICE: &str = "\n\n\\medskip\\noindent\\textit{[Transcription interrompue ici.]}\n";

/// Keeps the complete lines; an unfinished last one is kept as a comment, since half a command compiles nowhere.
pub fn close(latex: &str) -> String {
    let kept = complete_lines(latex);
    let partial = latex.get(kept.len()..).unwrap_or_default();
    let mut closed = kept.to_owned();
    if partial.contains("\\begin{document}") {
        closed.push_str(&format!("{partial}\n"));
    } else if !partial.trim().is_empty() {
        // Inside a verbatim environment this shows as text; that is harmless.
        closed.push_str(&format!("% {partial}\n"));
    }
    if !closed.contains("\\begin{document}") {
        close_all(&mut closed, 0);
        closed.push_str("\n\\begin{document}\n");
    }
    let open = balance(&closed).open;
    let document = open
        .iter()
        .position(|(opening, _)| *opening == crate::balance::Opening::Environment("document".to_owned()))
        .map_or(0, |at| at + 1);
    close_all(&mut closed, document);
    closed.push_str(NOTICE);
    if document > 0 {
        close_all(&mut closed, 0);
    } else {
        closed.push_str(&format!("\n{END_DOCUMENT}"));
    }
    closed.push('\n');
    closed
}

/// Closes what is open beyond the outermost `keep`.
fn close_all(latex: &mut String, keep: usize) {
    let Balance { open, .. } = balance(latex);
    let closings: String = open.iter().skip(keep).rev().map(|(opening, _)| opening.closing()).collect();
    latex.push_str(&closings);
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n\\section*{A}\nSoit $x$ :\n\
        \\begin{enumerate}\n\\item \\textbf{un\ndeux}\n\\begin{align*}\na &= \\frac{1}{2} \\\\\nb &= 3\n\\end{align*}\n\
        \\[\nx\n\\]\n$$\ny\n$$\n\\begin{verbatim}\n$ { \\x\n\\end{verbatim}\n\\end{enumerate}\n\\end{document}\n";

    #[test]
    fn wherever_it_is_cut_the_result_is_balanced_and_ends() {
        for cut in 0..WHOLE.len() - "\\end{document}\n".len() {
            let closed = close(&WHOLE[..cut]);
            let balance = balance(&closed);
            assert_eq!((balance.open, balance.mismatches), (vec![], vec![]), "cut at {cut}:\n{closed}");
            assert_eq!(closed.matches("\\begin{document}").count(), 1, "{closed}");
            assert!(closed.trim_end().ends_with("\\end{document}"), "{closed}");
            assert!(closed.contains("Transcription interrompue"));
        }
    }

    #[test]
    fn nothing_that_arrived_is_lost() {
        let closed = close("\\documentclass{article}\n\\begin{document}\nun\nde");
        assert!(closed.contains("un\n% de\n"), "{closed}");
    }
}
