//! `francais` and `frenchb`, which babel has deprecated, become `french`.

use std::borrow::Cow;

const OLD: [&str; 3] = ["francais", "frenchb", "frenchle"];

/// Rewrites the options of `\documentclass` and of `\usepackage{babel}`, and the names in `\selectlanguage` and
/// commands like it; `None` when nothing changes.
pub(crate) fn modernise(latex: &str) -> Option<String> {
    if !OLD.iter().any(|old| latex.contains(old)) {
        return None;
    }
    let lines = latex.split_inclusive('\n');
    let modern: String = lines
        .map(|line| if concerns_babel(line) { Cow::Owned(rewrite(line)) } else { Cow::Borrowed(line) })
        .collect();
    (modern != latex).then_some(modern)
}

fn concerns_babel(line: &str) -> bool {
    let code = line.split('%').next().unwrap_or_default();
    let names =
        ["\\documentclass", "\\selectlanguage", "\\foreignlanguage", "{otherlanguage", "\\frenchbsetup"];
    (code.contains("\\usepackage") && code.contains("babel")) || names.iter().any(|name| code.contains(name))
}

/// Replaces whole option words between brackets, braces and commas, and drops a `french` that stands twice.
fn rewrite(line: &str) -> String {
    let ends_word = |char: char| !(char.is_alphanumeric() || matches!(char, '\\' | '=' | '-' | '_' | '@'));
    let mut out = String::new();
    let mut seen_french = false;
    for piece in line.split_inclusive(ends_word) {
        let word = piece.trim_end_matches(ends_word);
        let mark = piece.get(word.len()..).unwrap_or_default();
        let french = !mark.is_empty() && (OLD.contains(&word) || word == "french");
        let repeated =
            french && seen_french && matches!(mark, "," | "]") && (out.ends_with(',') || out.ends_with(", "));
        if repeated {
            out.truncate(out.trim_end_matches([',', ' ']).len());
        } else {
            out.push_str(if french { "french" } else { word });
        }
        seen_french = french || (seen_french && mark != "[");
        out.push_str(mark);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_replaced_where_babel_reads_them() {
        let check = |old: &str, new: Option<&str>| assert_eq!(modernise(old).as_deref(), new, "{old}");
        check("\\usepackage[francais]{babel}\n", Some("\\usepackage[french]{babel}\n"));
        check("\\usepackage[english,frenchb]{babel}", Some("\\usepackage[english,french]{babel}"));
        check("\\usepackage[french,francais]{babel}", Some("\\usepackage[french]{babel}"));
        check("\\usepackage[francais, french]{babel}", Some("\\usepackage[french]{babel}"));
        check("\\documentclass[11pt,francais]{article}", Some("\\documentclass[11pt,french]{article}"));
        check("\\selectlanguage{francais}", Some("\\selectlanguage{french}"));
        check("\\begin{otherlanguage}{francais}", Some("\\begin{otherlanguage}{french}"));
        check("\\usepackage[french]{babel}", None);
        check("le mot francais sans accent", None);
        check("\\usepackage{francaisx} % babel francais", None);
    }
}
