//! Lists that begin without an item: TeX stops at their text, or at their end.

use crate::document::after_begin;
use crate::edits::Edits;
use crate::groups::OPTIONS_BYTES_MAX;
use crate::lines::lines_with_text;
use crate::modes::{is_formula, listed};
use crate::own::{defines_environment, has_short_verbatim};
use crate::tokens::{Kind, Token, tokens};

/// A list, and what it needs at its beginning.
const LISTS: [(&str, &str); 8] = [
    ("enumerate", "\\item"),
    ("itemize", "\\item"),
    ("description", "\\item"),
    ("questions", "\\question"),
    ("parts", "\\part"),
    ("subparts", "\\subpart"),
    ("choices", "\\choice"),
    ("checkboxes", "\\choice"),
];
/// What prints, so that TeX stops at the next item.
const PRINTING: &str = " textbf textit emph underline textrm textsf texttt textsc textcolor fbox mbox hspace quad qquad ldots \
    dots noindent ";
const PRINTING_ENVIRONMENTS: &str = " center tabular minipage ";
/// What does not, but changes what follows.
const FONTS: &str = " bf it bfseries itshape small large normalsize ";
/// So many of these are looked at.
const FONTS_MAX: usize = 8;

/// What `list` needs at its beginning.
pub(crate) fn item(list: &str) -> Option<&'static str> {
    LISTS.iter().find(|(name, _)| *name == list).map(|(_, item)| *item)
}

/// The document with an item at the beginning of each such list, and the line of the first; `None` when there are none.
/// A list of its own may be anything.
pub(crate) fn fill(latex: &str) -> Option<(String, u32)> {
    if has_short_verbatim(latex) {
        return None;
    }
    let body = latex.len() - after_begin(latex)?.len();
    let mut edits = Edits::new(latex);
    let own = LISTS.map(|(name, _)| defines_environment(latex, name).then_some(name));
    let all = tokens(latex);
    for (index, token) in all.iter().enumerate().filter(|(_, token)| token.at >= body) {
        let Kind::Begin(name) = token.kind else { continue };
        let Some(item) = item(name) else { continue };
        let Some(options) = options(latex.get(token.end..).unwrap_or_default()) else { continue };
        let at = token.end + options;
        let following = all.get(index + 1..).unwrap_or_default();
        if lacks_item(latex, name, at, following) && !own.contains(&Some(name)) {
            edits.replace(at, at, format!("\n{item} "), token.line);
        }
    }
    edits.finish()
}

/// Whether the list whose content begins at `begin` prints something, or ends, before its first item.
fn lacks_item(latex: &str, name: &str, begin: usize, following: &[Token<'_>]) -> bool {
    let mut from = begin;
    for token in following.iter().skip_while(|token| token.at < begin).take(FONTS_MAX) {
        let gap = latex.get(from..token.at).unwrap_or_default();
        let text = lines_with_text(gap).find(|line| !line.text.starts_with('%'));
        if let Some(first) = text.and_then(|line| line.text.chars().next()) {
            return first.is_alphanumeric() || !first.is_ascii() || "(-".contains(first);
        }
        from = token.end;
        match token.kind {
            Kind::Open => {}
            Kind::Command(font) if listed(FONTS, font) => {}
            Kind::Dollar | Kind::Command("(" | "[") => return true,
            Kind::Command(other) => return listed(PRINTING, other),
            Kind::Begin(other) => {
                return is_formula(other) || item(other).is_some() || listed(PRINTING_ENVIRONMENTS, other);
            }
            Kind::End(other) => return other == name,
            Kind::Close => return false,
        }
    }
    false
}

/// The length of the options in brackets at the start of `text`; `None` when they have no end.
fn options(text: &str) -> Option<usize> {
    if !text.starts_with('[') {
        return Some(0);
    }
    let mut depth = 0_u32;
    let end = text.bytes().take(OPTIONS_BYTES_MAX).position(|byte| {
        depth += u32::from(byte == b'{');
        depth = depth.saturating_sub(u32::from(byte == b'}'));
        byte == b']' && depth == 0
    });
    end.map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gets_its_first_item_where_it_has_none() {
        let check = |list: &str, expected: Option<&str>| {
            let body = |list: &str| format!("\\begin{{document}}{list}\\end{{document}}");
            assert_eq!(fill(&body(list)).map(|(latex, _)| latex), expected.map(body), "{list}");
        };
        check("\\begin{itemize}\n\\end{itemize}", Some("\\begin{itemize}\n\\item \n\\end{itemize}"));
        check(
            "\\begin{enumerate}[a)]% x\n\\end{enumerate}",
            Some("\\begin{enumerate}[a)]\n\\item % x\n\\end{enumerate}"),
        );
        check(
            "\\begin{itemize} Un \\item a\\end{itemize}",
            Some("\\begin{itemize}\n\\item  Un \\item a\\end{itemize}"),
        );
        for text in [
            "$x$ ",
            "\\[x\\]",
            "\\textbf{Un} ",
            "{\\bf Un} ",
            "(a) ",
            "« Un »",
            "\\begin{itemize}\\item a\\end{itemize}",
        ] {
            check(
                &format!("\\begin{{enumerate}}[label=$\\bullet$]{text}\\item a\\end{{enumerate}}"),
                Some(&format!(
                    "\\begin{{enumerate}}[label=$\\bullet$]\n\\item {text}\\item a\\end{{enumerate}}"
                )),
            );
        }
        for list in [
            "{\\color{red}\\item a}",
            "<1->\\item a",
            "{\\small\\item a}",
            "\\itemsep0pt\\item a",
            "\\begin{multicols}{2}\\item a\\end{multicols}",
            "\\unite{a}",
        ] {
            check(&format!("\\begin{{itemize}}{list}\\end{{itemize}}"), None);
        }
        check("\\detokenize{\\begin{itemize} Un} \\string\\begin{itemize} Un", None);
        check("\\begin{parts}\\end{parts}", Some("\\begin{parts}\n\\part \\end{parts}"));
        check("\\begin{itemize}\\item a\\end{itemize}", None);
        check("\\begin{itemize}\\itemsep0pt % Un\n\\item a\\end{itemize}", None);
        check("\\begin{itemize}[label={]}]\\item a\\end{itemize}", None);
        check("\\renewenvironment{itemize}{}{}\\begin{itemize}\\end{itemize}", None);
        for own in [
            "\\NewDocumentEnvironment{itemize}{}{}{}",
            "\\newtheorem*{itemize}{Liste}",
            "\\def\\itemize{\\par}",
            "\\MakeShortVerb{\\|}",
        ] {
            check(&format!("{own}\\begin{{itemize}} Un\\end{{itemize}}"), None);
        }
        check("\\verb|\\begin{itemize}\\end{itemize}|", None);
    }
}
