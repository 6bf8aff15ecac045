//! Formulas. What is written in them stays: only blanks, comments, labels and dollars inside dollars change, because
//! Markdown would misread them.

use super::escape::line_start;
use crate::groups::argument;

/// What the environment `name` with `body` is between `$$`; `None`: it is not a formula.
pub(super) fn environment(name: &str, body: &str) -> Option<String> {
    let bare = name.trim_end_matches('*');
    // The environment that stands for it between `$$`, and its arguments.
    let (inner, arguments) = match bare {
        "equation" | "displaymath" | "math" | "dmath" => return Some(display(body)),
        "align" | "flalign" => ("aligned", ""),
        "alignat" => ("alignedat", ""),
        "gather" | "multline" => ("gathered", ""),
        "eqnarray" => ("array", "{rcl}"),
        "aligned" | "alignedat" | "gathered" | "split" | "array" | "cases" | "matrix" | "pmatrix"
        | "bmatrix" | "vmatrix" => (bare, ""),
        _ => return None,
    };
    let body = display(body);
    if body.is_empty() {
        return Some(body);
    }
    // `\tag` is an error inside `aligned` and its like; MathJax and KaTeX know `align*` as a display of its own.
    if body.contains("\\tag") && !matches!(bare, "split" | "array" | "cases") {
        return Some(format!("\\begin{{{bare}*}}\n{body}\n\\end{{{bare}*}}"));
    }
    let body = body.replace("\\nonumber", "").replace("\\notag", "");
    // Arguments stay next to the `\begin` that they belong to.
    let line = if body.starts_with('{') { "" } else { "\n" };
    Some(format!("\\begin{{{inner}}}{arguments}{line}{}\n\\end{{{inner}}}", body.trim()))
}

/// A formula in a sentence, in one line.
pub(super) fn inline(source: &str) -> String {
    let body = clean(source).split_whitespace().collect::<Vec<_>>().join(" ");
    // `\ ` at the end needs its blank, or the backslash would take the dollar.
    let body = if ends_with_control(&body) { format!("{body} {{}}") } else { body };
    if body.is_empty() { body } else { format!("${body}$") }
}

/// A formula of its own, without the `$$`: no empty lines, and no line that begins like a block of Markdown.
pub(super) fn display(source: &str) -> String {
    let mut body = String::new();
    for line in clean(source).lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !body.is_empty() {
            body.push(if begins_a_block(line) { ' ' } else { '\n' });
        }
        body.push_str(line);
    }
    if ends_with_control(&body) {
        body.push_str(" {}");
    }
    body
}

/// An odd number of backslashes at the end: half of `\ `.
fn ends_with_control(body: &str) -> bool {
    (body.len() - body.trim_end_matches('\\').len()) % 2 == 1
}

/// Whether Markdown may take a line that begins so for a list, a heading, a quotation, a rule, a table or HTML.
pub(super) fn begins_a_block(line: &str) -> bool {
    line.starts_with(['-', '+', '*', '>', '#', '=', '<', '|', '~', '`', ':', '_']) || line_start(line) != line
}

/// Comments and labels go; inner dollars become `\(` and `\)`; `<` is kept apart from a letter after it.
fn clean(source: &str) -> String {
    let mut body = String::with_capacity(source.len());
    let mut rest = source;
    let mut inside = false;
    while let Some(at) = rest.find(['\\', '%', '$', '<']) {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        body.push_str(before);
        let taken = match special.as_bytes().first() {
            Some(b'%') => special.find('\n').unwrap_or(special.len()),
            Some(b'$') => {
                body.push_str(if inside { "\\)" } else { "\\(" });
                inside = !inside;
                special.len() - special.trim_start_matches('$').len()
            }
            Some(b'<') => {
                let after = special.get(1..).and_then(|after| after.chars().next());
                let tag = after.is_some_and(|after| after.is_alphabetic() || "/!?".contains(after));
                body.push_str(if tag { "< " } else { "<" });
                1
            }
            _ => match label(special) {
                // The blanks before it are enough.
                Some(length) if body.ends_with([' ', '\n']) => {
                    let after = special.get(length..).unwrap_or_default();
                    length + after.len() - after.trim_start_matches(' ').len()
                }
                Some(length) => length,
                None => {
                    let length = 1 + special.chars().nth(1).map_or(0, char::len_utf8);
                    body.push_str(special.get(..length).unwrap_or_default());
                    length
                }
            },
        };
        rest = special.get(taken..).unwrap_or_default();
    }
    body.push_str(rest);
    body
}

/// The length of the `\label{…}` at the start of `text`.
fn label(text: &str) -> Option<usize> {
    let name = argument(text.strip_prefix("\\label").filter(|rest| rest.starts_with('{'))?)?;
    Some("\\label{}".len() + name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_a_sentence_is_one_line() {
        let check = |source: &str, expected: &str| assert_eq!(inline(source), expected, "{source}");
        check(" a_1 * b_2\n + c ", "$a_1 * b_2 + c$");
        check("a % comment\n b", "$a b$");
        check(r"50 \% \text{si $x$ et $y$}", r"$50 \% \text{si \(x\) et \(y\)}$");
        check("a<b<1", "$a< b<1$");
        check("  ", "");
        check(r"x\ ", r"$x\ {}$");
    }

    #[test]
    fn displays_become_what_mathjax_and_katex_know() {
        let check = |name: &str, body: &str, expected: &str| {
            assert_eq!(environment(name, body).as_deref(), Some(expected), "{name}");
        };
        check("equation", "\\label{eq:a}\na = b\n\n", "a = b");
        check("align*", "\na &= b \\\\\n\n&= c\n", "\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}");
        check("alignat", "{2}\na&=b", "\\begin{alignedat}{2}\na&=b\n\\end{alignedat}");
        check("eqnarray", "a &=& b \\nonumber", "\\begin{array}{rcl}\na &=& b\n\\end{array}");
        check("align", "a \\tag{1}", "\\begin{align*}\na \\tag{1}\n\\end{align*}");
        check("multline", "a\n- b\n= c", "\\begin{gathered}\na - b = c\n\\end{gathered}");
        assert_eq!(environment("center", "x"), None);
    }
}
