//! Letters beyond ASCII in the text that the package listings sets: pdflatex stops at them, unless the package is told
//! how they are written.

use crate::characters::is_set_up;
use crate::document::BEGIN_DOCUMENT;
use crate::lines::lines;
use crate::tokens::{Kind, tokens};

/// How each is written.
const LETTERS: &str = "é\\'e è\\`e ê\\^e ë\\\"e à\\`a â\\^a ç\\c{c} î\\^i ï\\\"i ô\\^o ö\\\"o ù\\`u û\\^u ü\\\"u œ\\oe æ\\ae É\\'E \
    È\\`E Ê\\^E À\\`A Â\\^A Ç\\c{C} Î\\^I Ô\\^O Œ\\OE ’' «\\guillemotleft »\\guillemotright °\\textdegree €\\texteuro \
    ²\\textsuperscript{2} ³\\textsuperscript{3} ×$\\times$ –-- —--- …... ≤$\\leq$ ≥$\\geq$ ≠$\\neq$ →$\\rightarrow$";
/// What lets the package read more than ASCII.
const SETS_UP: &str = "texcl|escape|minted|extendedchars=false|inputencoding";
/// More characters, and more environments of the document's own, are not looked at.
const CHARACTERS_MAX: usize = 64;
const OWN_MAX: usize = 8;

/// Such characters that the document does not declare, each once, with its line.
pub(crate) fn unknown(latex: &str) -> Vec<(char, u32)> {
    let mut found: Vec<(char, u32)> = Vec::new();
    if !latex.contains("\\lst") && !latex.contains("{lstlisting}")
        || latex.is_ascii()
        || is_set_up(latex)
        || SETS_UP.split('|').any(|mark| latex.contains(mark))
    {
        return found;
    }
    let definitions = latex.split("\\lstnewenvironment{").skip(1).take(OWN_MAX);
    let own: Vec<&str> = definitions.filter_map(|rest| rest.split('}').next()).collect();
    let all = tokens(latex);
    let ends = all.iter().skip(1).map(|next| next.at).chain([latex.len()]);
    for (token, next) in all.iter().zip(ends) {
        let (from, to) = match token.kind {
            Kind::Begin(name) if name == "lstlisting" || own.contains(&name) => (token.end, next),
            Kind::Command("lstinline") => (token.at, token.end),
            _ => continue,
        };
        let text = latex.get(from..to).unwrap_or_default();
        // The rest of the first line of an environment are its options.
        let options = usize::from(from == token.end);
        for (number, line) in (token.line..).zip(text.lines()).skip(options) {
            for char in line.chars().filter(|char| !char.is_ascii()) {
                if found.len() < CHARACTERS_MAX && !found.iter().any(|(known, _)| *known == char) {
                    found.push((char, number));
                }
            }
        }
    }
    found.retain(|(char, _)| !latex.contains(&format!("{{{char}}}")));
    found
}

/// The document that declares them at its beginning, and the line of the first; `None` when there are none.
pub(crate) fn declare(latex: &str) -> Option<(String, u32)> {
    // A second declaration would undo the first.
    if latex.contains("literate") {
        return None;
    }
    let mut declared = String::new();
    let mut first = None;
    for (char, line) in unknown(latex) {
        if let Some(written) = LETTERS.split(' ').find_map(|letter| letter.strip_prefix(char)) {
            declared.push_str(&format!("{{{char}}}{{{{{written}}}}}1"));
            first = first.or(Some(line.saturating_add(1)));
        }
    }
    let line = first?;
    let begin = lines(latex).find(|line| line.text.starts_with(BEGIN_DOCUMENT))?;
    let (before, after) = latex.split_at_checked(begin.end)?;
    Some((format!("{before}\\lstset{{literate={declared}}}\n{after}"), line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_a_listing_are_declared_once() {
        let body =
            |first: &str, text: &str| format!("\\begin{{document}}\n{first}{text}\n\\end{{document}}\n");
        let check = |text: &str, expected: Option<&str>| {
            let declared = declare(&body("", text)).map(|(latex, _)| latex);
            assert_eq!(declared, expected.map(|first| body(first, text)), "{text}");
            assert_eq!(declared.and_then(|latex| declare(&latex)), None, "{text}");
        };
        let listing = "\\begin{lstlisting}[caption=à]\n# été né\n\\end{lstlisting}";
        check(listing, Some("\\lstset{literate={é}{{\\'e}}1}\n"));
        check("\\lstinline|dé|", Some("\\lstset{literate={é}{{\\'e}}1}\n"));
        check("\\begin{lstlisting}\nx\n\\end{lstlisting} été", None);
        check(&format!("\\lstset{{texcl}}{listing}"), None);
        check(&format!("\\lstset{{literate={{é}}{{e}}1}}{listing}"), None);
        let unknown = unknown(&body("", "\\begin{lstlisting}\n# 漢é\n\\end{lstlisting}"));
        assert_eq!(unknown, [('漢', 3), ('é', 3)]);
    }
}
