//! Displays inside of formulas, dollars inside of displays, and columns in a formula that has none: models write them,
//! since browsers show them, and TeX stops at each.

use crate::balance::balance;
use crate::edits::Edits;
use crate::modes::is_formula;
use crate::nesting::Nesting;
use crate::opening::{Balance, Opening};
use crate::own;
use crate::rows::columns;
use crate::tokens::{Kind, Token, tokens};

/// The document with formulas that TeX reads, and the line of the first; `None` when there is nothing to change, or when
/// it is not certain where formulas are.
pub(crate) fn mend(latex: &str) -> Option<(String, u32)> {
    if balance(latex) != Balance::default()
        || ["\\def\\", "catcode", "\\bgroup"].iter().any(|mark| latex.contains(mark))
    {
        return None;
    }
    // A command of the document's own may begin what has columns.
    let has_columns = own::commands(latex).is_none_or(|commands| !commands.is_empty());
    let all = tokens(latex);
    // `\bmatrix a & b \endbmatrix`, and a formula that the document makes another one.
    let has_columns = has_columns
        || all.iter().any(
            |token| matches!(token.kind, Kind::Command(name) if name.len() > 5 && name.starts_with("end")),
        )
        || ["{equation", "{gather", "{multline"]
            .iter()
            .any(|name| latex.contains(&format!("nvironment{name}")));
    // A column such as `p{3cm}` of an array is text.
    let has_texts = all.iter().any(|token| {
        token.kind == Kind::Begin("array")
            && columns("array", latex.get(token.end..).unwrap_or_default()).is_none()
    });
    let mut nesting = Nesting::new(latex);
    let mut edits = Edits::new(latex);
    let mut renamed = Vec::new();
    // The place behind the opening of the formula, and whether it has columns of its own.
    let (mut place, mut columns) = (0, false);
    let (mut skip, mut last): (bool, Option<&Token<'_>>) = (false, None);
    for (token, next) in all.iter().zip(all.iter().skip(1)) {
        let doubled = next.kind == Kind::Dollar && next.at == token.at + 1;
        if !std::mem::take(&mut skip) {
            let (before, in_formula) = (nesting.innermost(), nesting.in_formula());
            skip = nesting.token(token, doubled) == Some(Opening::Display);
            let after = nesting.innermost();
            let end = token.end + usize::from(skip);
            let closes = matches!(token.kind, Kind::End(_) | Kind::Command("]") | Kind::Dollar);
            // Before what replaces the token: changes are in the order of their places.
            if closes && columns && before != after && is_plain(before) {
                edits.insert_at(place, "\\begin{aligned}", token.line);
                let place = edits.place(token.at);
                edits.insert_at(place, "\\end{aligned}", token.line);
                columns = false;
            }
            match token.kind {
                // A group in a formula may be a box, in which a display is one.
                Kind::Begin(name) => {
                    if let Some(inner) = inner(name).filter(|_| in_formula && before != Some(Opening::Group))
                    {
                        renamed.push((name, inner));
                        edits.replace(token.at, end, Opening::Environment(inner).marks().0, token.line);
                    }
                }
                Kind::End(name) => {
                    if let Some((_, inner)) = renamed.pop_if(|(other, _)| *other == name) {
                        edits.replace(token.at, end, Opening::Environment(inner).marks().1, token.line);
                    }
                }
                Kind::Dollar if is_environment(before, has_texts) || is_environment(after, has_texts) => {
                    // Between a command and a letter something has to stand.
                    let ends_name =
                        matches!(last, Some(Token { kind: Kind::Command(_), end, .. }) if *end == token.at);
                    let text = if ends_name { " " } else { "" };
                    edits.replace(token.at, end, text.to_owned(), token.line);
                }
                _ => {}
            }
            let opens = matches!(token.kind, Kind::Begin(_) | Kind::Command("[") | Kind::Dollar);
            if opens && before != after && is_plain(after) {
                (place, columns) = (edits.place(end), false);
            }
        }
        last = Some(token);
        let gap = latex.get(token.end..next.at).unwrap_or_default();
        columns |= !has_columns
            && gap.contains('&')
            && is_plain(nesting.innermost())
            && gap
                .split('\n')
                .any(|line| line.split('%').next().unwrap_or_default().replace("`&", "").contains('&'));
    }
    edits.finish()
}

/// What a display is inside of a formula.
fn inner(name: &str) -> Option<&'static str> {
    match name.strip_suffix('*').unwrap_or(name) {
        "align" | "flalign" | "eqnarray" => Some("aligned"),
        "alignat" => Some("alignedat"),
        "gather" | "multline" | "equation" => Some("gathered"),
        _ => None,
    }
}

/// Whether it is a formula without columns.
fn is_plain(opening: Option<Opening<'_>>) -> bool {
    match opening {
        Some(Opening::Environment(name)) => {
            matches!(name.strip_suffix('*').unwrap_or(name), "equation" | "gather" | "multline")
        }
        opening => matches!(opening, Some(Opening::Display | Opening::Bracket)),
    }
}

/// Whether it is one whose cells are formulas.
fn is_environment(opening: Option<Opening<'_>>, has_texts: bool) -> bool {
    matches!(opening, Some(Opening::Environment(name))
        if is_formula(name) && !name.ends_with("cases*") && !(has_texts && name == "array"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_what_tex_reads() {
        let check = |latex: &str, expected: Option<&str>| {
            let body = |text: &str| format!("\\begin{{document}}{text}\\end{{document}}");
            assert_eq!(mend(&body(latex)).map(|(latex, _)| latex), expected.map(body), "{latex}");
        };
        check("$$\\begin{align*}a &= b\\end{align*}$$", Some("$$\\begin{aligned}a &= b\\end{aligned}$$"));
        check("\\[\\begin{equation}a\\end{equation}\\]", Some("\\[\\begin{gathered}a\\end{gathered}\\]"));
        check(
            "\\begin{equation}\\begin{align}a\\end{align}\\end{equation}",
            Some("\\begin{equation}\\begin{aligned}a\\end{aligned}\\end{equation}"),
        );
        check("\\[a &= b \\\\ &= c\\]", Some("\\[\\begin{aligned}a &= b \\\\ &= c\\end{aligned}\\]"));
        check(
            "\\begin{equation}a_{1} &= b\\label{a}\\end{equation}",
            Some("\\begin{equation}\\begin{aligned}a_{1} &= b\\label{a}\\end{aligned}\\end{equation}"),
        );
        check("$$a &= b$$ x", Some("$$\\begin{aligned}a &= b\\end{aligned}$$ x"));
        check("\\begin{align*}$a$ &= $b$\\end{align*}", Some("\\begin{align*}a &= b\\end{align*}"));
        check("\\begin{equation}$$a$$\\end{equation}", Some("\\begin{equation}a\\end{equation}"));
        check(
            "\\begin{equation}$$a &= b$$\\end{equation} x",
            Some("\\begin{equation}\\begin{aligned}a &= b\\end{aligned}\\end{equation} x"),
        );
        check(
            "\\[\\begin{equation}a &= b\\end{equation}\\] x",
            Some("\\[\\begin{gathered}\\begin{aligned}a &= b\\end{aligned}\\end{gathered}\\] x"),
        );
        check("\\begin{align*}a\\quad$x$\\end{align*}", Some("\\begin{align*}a\\quad x\\end{align*}"));
        check("\\[\\begin{array}{l}$a$\\end{array}\\]", Some("\\[\\begin{array}{l}a\\end{array}\\]"));
        for text in [
            "\\[\\begin{aligned}a &= b\\end{aligned}\\] \\begin{align}a &= b\\end{align}",
            "\\begin{gather}\\begin{align}a &= b\\end{align}\\end{gather}",
            "\\begin{align*}a &= b & \\text{si $x$}\\end{align*}",
            "\\[a \\quad % & b\n\\text{a \\& b} \\matrix{a & b \\cr}\\]",
            "\\[\\begin{cases*}a & si $x_1$\\end{cases*}\\]",
            "\\[\\begin{array}{cp{3cm}}a & si $x_1$\\end{array}\\]",
            "\\[\\parbox{5cm}{\\begin{align*}a &= b\\end{align*}}\\]",
            "\\[a \\footnote{\\begin{equation}x\\end{equation}}\\]",
            "\\[\\bmatrix a & b \\endbmatrix\\]",
            "\\renewenvironment{equation}{\\align}{\\endalign}\\begin{equation}a &= b\\end{equation}",
            "\\[\\char`& \\]",
            "$a & b$",
            "\\[a &= b",
            "\\begin{align*}\\mbox\\bgroup $x_1$\\egroup\\end{align*}",
            "\\def\\x{a}\\[a &= b\\]",
        ] {
            check(text, None);
        }
        let own =
            "\\newcommand{\\bp}{\\begin{pmatrix}}\\newcommand{\\ep}{\\end{pmatrix}}\\[\\bp a & b \\ep\\]";
        assert_eq!(mend(own), None);
    }
}
