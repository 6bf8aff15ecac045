//! Lists that begin without an item: TeX stops at their text, or at their end.

use crate::document::after_begin;
use crate::lines::lines_with_text;
use crate::own::{defines_environment, has_short_verbatim};
use crate::tokens::{Kind, tokens};

/// A list, and what it needs at its beginning.
const LISTS: [(&str, &str); 5] = [
    ("enumerate", "\\item"),
    ("itemize", "\\item"),
    ("description", "\\item"),
    ("questions", "\\question"),
    ("parts", "\\part"),
];

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
    let mut out = String::with_capacity(latex.len() + 16);
    let (mut from, mut first) = (0, None);
    let own = LISTS.map(|(name, _)| defines_environment(latex, name).then_some(name));
    let all = tokens(latex);
    for (token, next) in all.iter().zip(all.iter().skip(1)).filter(|(token, _)| token.at >= body) {
        let Kind::Begin(name) = token.kind else { continue };
        let Some(item) = item(name) else { continue };
        let gap = latex.get(token.end..next.at).unwrap_or_default();
        let options = if gap.starts_with('[') { gap.find(']').map(|end| end + 1) } else { Some(0) };
        let Some(options) = options else { continue };
        let text = lines_with_text(gap.get(options..).unwrap_or_default())
            .find(|line| !line.text.starts_with('%'))
            .map_or("", |line| line.text);
        let begins_with_text = text.starts_with(char::is_alphanumeric);
        let is_empty = text.is_empty() && next.kind == Kind::End(name);
        if (begins_with_text || is_empty) && !own.contains(&Some(name)) {
            let at = token.end + options;
            out.push_str(latex.get(from..at).unwrap_or_default());
            out.push_str(&format!("\n{item} "));
            from = at;
            first = first.or(Some(token.line));
        }
    }
    out.push_str(latex.get(from..).unwrap_or_default());
    first.map(|line| (out, line))
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
