//! `francais` and `frenchb`, which babel has deprecated, become `french`.

const OLD: [&str; 3] = ["francais", "frenchb", "frenchle"];

/// Rewrites the options of `\documentclass` and of `\usepackage{babel}`, and the names in `\selectlanguage` and
/// its kin; `None` when there was nothing to do.
pub fn modernise(latex: &str) -> Option<String> {
    if !OLD.iter().any(|old| latex.contains(old)) {
        return None;
    }
    let mut changed = false;
    let lines = latex.split_inclusive('\n').map(|line| {
        let code = line.split('%').next().unwrap_or_default();
        let concerns_babel = (code.contains("\\usepackage") && code.contains("babel"))
            || code.contains("\\documentclass")
            || ["\\selectlanguage", "\\foreignlanguage", "{otherlanguage", "\\frenchbsetup"]
                .iter()
                .any(|name| code.contains(name));
        if !concerns_babel {
            return line.to_owned();
        }
        let new = rewrite(line);
        changed |= new != line;
        new
    });
    let text: String = lines.collect();
    changed.then_some(text)
}

/// Replaces whole option words between brackets, braces and commas, and drops a `french` that stands twice.
fn rewrite(line: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut seen_french = false;
    for char in line.chars() {
        if char.is_alphanumeric() || matches!(char, '\\' | '=' | '-' | '_' | '@') {
            word.push(char);
            continue;
        }
        let french = OLD.contains(&word.as_str()) || word == "french";
        let repeated =
            french && seen_french && matches!(char, ',' | ']') && (out.ends_with(',') || out.ends_with(", "));
        if matches!(char, '[') {
            seen_french = false;
        }
        if repeated {
            let kept = out.trim_end_matches([',', ' ']).len();
            out.truncate(kept);
        } else {
            out.push_str(if french { "french" } else { &word });
            seen_french |= french;
        }
        word.clear();
        out.push(char);
    }
    out.push_str(&word);
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
