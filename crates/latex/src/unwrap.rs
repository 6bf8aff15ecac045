//! Finds the LaTeX in the answer of a model: removes fences, the sentences around it and control characters.

use crate::document::{BEGIN_DOCUMENT, DOCUMENT_CLASS, Documents, END_DOCUMENT, starts_document};
use crate::lines::{Line, lines};
use crate::tokens::{Kind, tokens};
use crate::verbatim::Verbatim;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unwrapped {
    pub latex: String,
    /// Text before or after the document was dropped.
    pub chatter: bool,
}

/// Keeps the document: from the line that begins with `\documentclass`, with the code directly before it, to the end of
/// the last document; without a class, what is inside the first fence, or everything.
pub(crate) fn unwrap(raw: &str) -> Unwrapped {
    let Unwrapped { latex, chatter } = unwrap_piece(raw);
    Unwrapped { latex: latex.trim().to_owned() + "\n", chatter }
}

/// The same with the blanks around it: a piece of a document may begin and end in the middle of a line.
pub(crate) fn unwrap_piece(raw: &str) -> Unwrapped {
    let text = plain(raw);
    let (before, inside, after) = match class_line(&text) {
        Some(at) => {
            let (before, rest) = text.split_at_checked(code_before(&text, at)).unwrap_or(("", &text));
            let (inside, after) = rest.split_at_checked(Documents::of(rest).end).unwrap_or((rest, ""));
            // Comments after the end belong to the file.
            let comments = lines(after).all(|line| line.text.is_empty() || line.text.starts_with('%'));
            if comments { (before, rest, "") } else { (before, inside, after) }
        }
        None => fragment(&text),
    };
    let has_text = |part: &str| part.lines().any(|line| !line.trim().is_empty() && !is_fence(line));
    Unwrapped { chatter: has_text(before) || has_text(after), latex: without_fence_lines(inside) }
}

fn plain(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|char| matches!(char, '\n' | '\t') || !(char.is_control() || *char == '\u{feff}'))
        .collect()
}

/// Where the document begins. A sentence that names the command is none; a command behind a sentence on the same line
/// counts where no line begins with it.
fn class_line(text: &str) -> Option<usize> {
    let line = lines(text).find(|line| starts_document(text, line)).map(|line| line.at);
    line.or_else(|| {
        let body = lines(text).find(|line| line.text.starts_with(BEGIN_DOCUMENT))?;
        let head = text.get(..body.at)?;
        head.rfind(DOCUMENT_CLASS).filter(|at| {
            let (before, rest) = head.split_at_checked(*at).unwrap_or_default();
            let in_comment = before.rsplit('\n').next().is_some_and(|line| line.contains('%'));
            !in_comment && rest.strip_prefix(DOCUMENT_CLASS).is_some_and(|rest| rest.starts_with(['{', '[']))
        })
    })
}

/// Where the code begins that stands directly before the class: comments, commands and their arguments, and what stands
/// under a condition.
fn code_before(text: &str, class: usize) -> usize {
    let before: Vec<Line<'_>> = lines(text.get(..class).unwrap_or_default()).collect();
    let mut begins = class;
    // Groups, files and conditions that are open when reading backwards.
    let (mut depth, mut in_file, mut conditions) = (0_usize, false, 0_usize);
    for line in before.iter().rev() {
        let code = line.text.split('%').next().unwrap_or_default();
        in_file |= code.starts_with("\\end{filecontents");
        let sentence = [DOCUMENT_CLASS, END_DOCUMENT].iter().any(|command| line.text.starts_with(command));
        conditions += usize::from(code.starts_with("\\fi"));
        let is_code = in_file
            || depth > 0
            || conditions > 0
            || (line.text.starts_with(['\\', '%', '{', '}']) && !sentence)
            || (line.text.starts_with('[') && line.text.ends_with(']'));
        if !line.text.is_empty() && !is_code || is_fence(line.text) {
            break;
        }
        in_file &= !code.starts_with("\\begin{filecontents");
        conditions = conditions.saturating_sub(usize::from(code.starts_with("\\if")));
        depth = (depth + code.matches('}').count()).saturating_sub(code.matches('{').count());
        if !line.text.is_empty() {
            begins = line.at;
        }
    }
    if depth > 0 || in_file || conditions > 0 { class } else { begins }
}

/// A line that opens or closes a code block and holds nothing else.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let info = line.trim_start_matches('`');
    line.len() - info.len() >= 3 && info.chars().all(|char| char.is_ascii_alphanumeric())
}

/// A text without a class: what stands before the first fence, up to the last one or the end of the document, and
/// after that.
fn fragment(text: &str) -> (&str, &str, &str) {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let mut fences = lines(text).filter(|line| is_fence(line.text));
    let (from, to) = match fences.next() {
        // A fence without its partner opens a piece or, at the end of a piece, closes it.
        Some(first) => match fences.last() {
            Some(last) => ((first.at, first.end), (last.at, last.end)),
            None if part(first.end, text.len()).trim().is_empty() => ((0, 0), (first.at, first.end)),
            None => ((first.at, first.end), (text.len(), text.len())),
        },
        None => ((0, 0), (text.len(), text.len())),
    };
    let inside = part(from.1, to.0);
    let end = lines(inside).find(|line| line.text.starts_with(END_DOCUMENT));
    match end.map(|line| from.1 + line.at + END_DOCUMENT.len()) {
        Some(end) => (part(0, from.0), part(from.1, end), part(end, text.len())),
        None => (part(0, from.0), inside, part(to.1, text.len())),
    }
}

/// Fence lines in verbatim text belong to it.
fn without_fence_lines(text: &str) -> String {
    if !text.lines().any(is_fence) {
        return text.to_owned();
    }
    let names = Verbatim::of(text);
    let all = tokens(text);
    let ends = all.iter().skip(1).map(|next| next.at).chain([text.len()]);
    let mut verbatim = all
        .iter()
        .zip(ends)
        .filter(|(token, _)| matches!(token.kind, Kind::Begin(name) if names.contains(name)))
        .map(|(token, end)| token.end..end)
        .peekable();
    lines(text)
        .filter(|line| {
            while verbatim.next_if(|span| span.end <= line.at).is_some() {}
            !is_fence(line.text) || verbatim.peek().is_some_and(|span| span.contains(&line.at))
        })
        .filter_map(|line| text.get(line.at..line.end))
        .collect()
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
    fn a_sentence_that_names_the_commands_is_not_the_document() {
        let check = |raw: String| {
            assert_eq!(unwrap(&raw), Unwrapped { latex: DOCUMENT.into(), chatter: true }, "{raw}");
        };
        check(format!("Voici le document, de \\documentclass à \\end{{document}} :\n\n{DOCUMENT}"));
        check(format!("\\documentclass et \\end{{document}} y sont.\n{DOCUMENT}"));
        check(format!("\\documentclass{{article}} est la classe.\n{DOCUMENT}"));
        check(format!("Here is `\\documentclass{{article}}`:\n```latex\n{DOCUMENT}```\n"));
        check(format!("{DOCUMENT}\nLe document va de \\documentclass{{}} à \\end{{document}}."));
        check(format!("{DOCUMENT}\\end{{document}} termine le fichier.\n"));
        check(format!("Voici : {DOCUMENT}"));
    }

    #[test]
    fn code_before_the_class_is_part_of_the_document() {
        for code in [
            "% !TeX program = pdflatex\n",
            "\\PassOptionsToPackage{dvipsnames}{xcolor}\n\n",
            "\\newcommand{\\a}{%\n  texte\n}\n",
            "\\iffalse\nCe fichier se compile deux fois.\n\\ifx a\nb\n\\fi\n\\fi\n",
            "\\def\\x{1}\n\\if\\x1\n  \\def\\y{a}\n\\else b\n\\fi\n",
            "\\ProvidesFile{a.tex}%\n  [2024/01/01 v1 Sujet]\n",
            "\\setup{a}\n  {de texte}\n",
            "\\begin{filecontents}{a.bib}\ntexte libre\n\\end{filecontents}\n",
        ] {
            let latex = format!("{code}{DOCUMENT}");
            assert_eq!(unwrap(&latex), Unwrapped { latex: latex.clone(), chatter: false });
            assert_eq!(unwrap(&format!("Voici :\n\n{latex}")), Unwrapped { latex, chatter: true });
        }
    }

    #[test]
    fn what_is_verbatim_ends_nothing() {
        for text in [
            "\\begin{verbatim}\n```\n\\end{document}\n\\end{verbatim}",
            "\\verb|\\end{document}| suite",
            "% \\end{document}",
        ] {
            let latex = DOCUMENT.replace('x', text);
            assert_eq!(unwrap(&latex), Unwrapped { latex: latex.clone(), chatter: false });
        }
        let latex = format!("{DOCUMENT}% Local Variables:\n% End:\n");
        assert_eq!(unwrap(&latex), Unwrapped { latex: latex.clone(), chatter: false });
    }

    #[test]
    fn a_fragment_is_kept_whole() {
        let check = |raw: &str, latex: &str, chatter: bool| {
            assert_eq!(unwrap(raw), Unwrapped { latex: latex.into(), chatter }, "{raw}");
        };
        check("```tex\n\\section{A}\n```", "\\section{A}\n", false);
        check("Voici :\n```tex\n\\section{A}\n```", "\\section{A}\n", true);
        check("\\section{A}\n```\n", "\\section{A}\n", false);
        check("\\section{A}", "\\section{A}\n", false);
        check("x\n\\end{document}\nVoilà.", "x\n\\end{document}\n", true);
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
