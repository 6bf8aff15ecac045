//! Finds the LaTeX in the answer of a model: removes fences, the sentences around it and control characters.

use crate::lines::lines;

pub(crate) const DOCUMENT_CLASS: &str = "\\documentclass";
pub(crate) const BEGIN_DOCUMENT: &str = "\\begin{document}";
pub(crate) const END_DOCUMENT: &str = "\\end{document}";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unwrapped {
    pub latex: String,
    /// Text before or after the document was dropped.
    pub chatter: bool,
}

/// Keeps the document: from the line of the first `\documentclass` to the last `\end{document}`; without a
/// `\documentclass`, what is inside the first fence, or everything.
pub(crate) fn unwrap(raw: &str) -> Unwrapped {
    let text = plain(raw);
    let (before, inside, after) = match text.find(DOCUMENT_CLASS) {
        Some(at) => {
            let start = text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |line| line + 1);
            let (before, rest) = text.split_at_checked(start).unwrap_or(("", &text));
            let end = rest.rfind(END_DOCUMENT).map_or(rest.len(), |end| end + END_DOCUMENT.len());
            let (inside, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            (before, inside, after)
        }
        None => inside_fence(&text),
    };
    let latex = without_fence_lines(inside);
    let has_text = |part: &str| part.lines().any(|line| !line.trim().is_empty() && !is_fence(line));
    Unwrapped { chatter: has_text(before) || has_text(after), latex: latex.trim().to_owned() + "\n" }
}

fn plain(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|char| matches!(char, '\n' | '\t') || !(char.is_control() || *char == '\u{feff}'))
        .collect()
}

/// A line that opens or closes a code block and holds nothing else.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let info = line.trim_start_matches('`');
    line.len() - info.len() >= 3 && info.chars().all(|char| char.is_ascii_alphanumeric())
}

/// What stands before the first fence, between it and the last one, and after that.
fn inside_fence(text: &str) -> (&str, &str, &str) {
    let mut fences = lines(text).filter(|line| is_fence(line.text));
    let Some(first) = fences.next() else { return ("", text, "") };
    let (end, after) = fences.last().map_or((text.len(), text.len()), |last| (last.at, last.end));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    (part(0, first.at), part(first.end, end), part(after, text.len()))
}

fn without_fence_lines(text: &str) -> String {
    if !text.lines().any(is_fence) || text.contains("{verbatim}") || text.contains("{lstlisting}") {
        return text.to_owned();
    }
    text.split_inclusive('\n').filter(|line| !is_fence(line)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = "\\documentclass{article}\n\\begin{document}\nx\n\\end{document}\n";

    #[test]
    fn the_document_is_found_in_the_answer() {
        let check = |raw: String, chatter: bool| {
            assert_eq!(unwrap(&raw), Unwrapped { latex: DOCUMENT.into(), chatter }, "{raw}");
        };
        check(DOCUMENT.into(), false);
        check(format!("```latex\n{DOCUMENT}```"), false);
        check(format!("```latex\n{DOCUMENT}```\n\n"), false);
        check(format!("```\n{DOCUMENT}"), false);
        check(format!("Voici la transcription :\n\n```latex\n{DOCUMENT}```\nBonne lecture !"), true);
        check(format!("{DOCUMENT}\nJ'espère que cela vous aide."), true);
        check(DOCUMENT.replace('\n', "\r\n"), false);
        check(format!("\u{feff}{DOCUMENT}\u{0}"), false);
        check(DOCUMENT.replace("x\n", "```\n```latex\nx\n"), false);
    }

    #[test]
    fn a_fragment_is_kept_whole() {
        let check = |raw: &str, latex: &str, chatter: bool| {
            assert_eq!(unwrap(raw), Unwrapped { latex: latex.into(), chatter }, "{raw}");
        };
        check("```tex\n\\section{A}\n```", "\\section{A}\n", false);
        check("Voici :\n```tex\n\\section{A}\n```", "\\section{A}\n", true);
        check("\\section{A}", "\\section{A}\n", false);
        check("", "\n", false);
        check(
            "\\documentclass{article}\n\\begin{document}\ncut he",
            "\\documentclass{article}\n\\begin{document}\ncut he\n",
            false,
        );
    }

    proptest! {
        #[test]
        fn the_result_is_part_of_the_input(raw in "([a-zé `\n]|```latex\n|\\\\documentclass|\\\\end\\{document\\}){0,30}") {
            let latex = unwrap(&raw).latex;
            let without_fences: String = raw.split_inclusive('\n').filter(|line| !is_fence(line)).collect();
            prop_assert!(without_fences.contains(latex.trim_end()), "{latex:?}");
            prop_assert_eq!(&unwrap(&latex).latex, &latex);
        }

        #[test]
        fn an_answer_that_is_all_latex_comes_back_whole(raw in "([a-zé` \n]|\\\\[a-z]{1,3}|[{}$%]){0,30}") {
            prop_assume!(!raw.lines().any(is_fence));
            prop_assert_eq!(unwrap(&raw), Unwrapped { latex: format!("{}\n", raw.trim()), chatter: false });
        }
    }
}
