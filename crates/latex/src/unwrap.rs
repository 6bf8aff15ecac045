//! From what a model says to the LaTeX in it: fences, sentences around it and odd characters go.

const DOCUMENT_CLASS: &str = "\\documentclass";
pub const END_DOCUMENT: &str = "\\end{document}";

#[derive(Debug, PartialEq, Eq)]
pub struct Unwrapped {
    pub latex: String,
    /// Text before or after the document was dropped.
    pub chatter: bool,
}

/// Keeps the document: from the line of the first `\documentclass` to the last `\end{document}`; without a
/// `\documentclass`, what is inside the first fence, or everything.
pub fn unwrap(raw: &str) -> Unwrapped {
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
    let said_something = |part: &str| part.lines().any(|line| !line.trim().is_empty() && !is_fence(line));
    Unwrapped {
        chatter: said_something(before) || said_something(after),
        latex: latex.trim().to_owned() + "\n",
    }
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

fn inside_fence(text: &str) -> (&str, &str, &str) {
    let mut offset = 0;
    let mut fences = Vec::new();
    for line in text.split_inclusive('\n') {
        if is_fence(line) {
            fences.push((offset, offset + line.len()));
        }
        offset += line.len();
    }
    let Some((start, inside)) = fences.first().copied() else { return ("", text, "") };
    let (end, after) =
        fences.last().copied().filter(|_| fences.len() > 1).unwrap_or((text.len(), text.len()));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    (part(0, start), part(inside, end), part(after, text.len()))
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
    fn the_document_is_found_in_what_models_say() {
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
            let flat = |text: &str| text.chars().filter(|char| !char.is_whitespace() && *char != '`').collect::<String>();
            prop_assert!(flat(&raw).contains(&flat(&latex)) || raw.contains("```"));
            prop_assert_eq!(unwrap(&latex).latex, latex);
        }
    }
}
