//! From the text of a model to a LaTeX document that is honest about itself.
//!
//! Everything here is a pure function of text, linear in its length but for bounded factors, and never panics.
//! Whatever a model returns is data: nothing is compiled or run.

pub mod babel;
pub mod balance;
pub mod close;
pub mod join;
pub mod lint;
pub mod packages;
pub mod repeat;
pub mod tokens;
pub mod unwrap;
pub mod warning;

pub use join::{complete_lines, context, join};
pub use warning::Warning;

/// Our preamble, for a fragment; the rules of the prompt ask for the same packages.
const PREAMBLE: &str = "\\documentclass[11pt,a4paper]{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\
    \\usepackage[french]{babel}\n\\usepackage[margin=2.5cm]{geometry}\n\\usepackage{amsmath}\n\\usepackage{amssymb}\n";

/// A document ready to be shown, and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub latex: String,
    pub warnings: Vec<Warning>,
}

/// Whether `text` ends in a repetition loop: then asking for its continuation would buy more of the same.
pub fn loops(text: &str) -> bool {
    repeat::second_turn(text).is_some()
}

/// The document in one page's answer: its body, without a preamble that was not asked for.
pub fn body(raw: &str) -> String {
    let latex = unwrap::unwrap(raw).latex;
    let inner = latex.split_once("\\begin{document}").map_or(latex.as_str(), |(_, body)| body);
    inner.split(unwrap::END_DOCUMENT).next().unwrap_or_default().trim().to_owned()
}

/// Puts our preamble around `body`.
pub fn wrap(body: &str) -> String {
    format!("{PREAMBLE}\\begin{{document}}\n\n{}\n\n{}\n", body.trim(), unwrap::END_DOCUMENT)
}

/// Cleans, completes and checks. `stopped_by_itself`: the model said that it was done; otherwise the text was cut.
pub fn finish(raw: &str, stopped_by_itself: bool) -> Finished {
    let mut warnings = Vec::new();
    let unwrap::Unwrapped { mut latex, chatter } = unwrap::unwrap(raw);
    if chatter {
        warnings.push(Warning::ChatterRemoved);
    }
    if let Some(merged) = merge_documents(&latex) {
        warnings.push(Warning::UncertainSeam);
        latex = merged;
    }
    let loop_at = repeat::second_turn(&latex);
    if let Some(at) = loop_at {
        let line = latex.get(..at).unwrap_or_default().lines().count().max(1);
        warnings.push(Warning::Loop { line: u32::try_from(line).unwrap_or(u32::MAX) });
        latex.truncate(at);
        latex.push('\n');
    } else if !stopped_by_itself && !raw.ends_with('\n') {
        // `unwrap` ends every text with a line end; a line that was cut has to look cut.
        latex.truncate(latex.trim_end().len());
    }
    let whole = stopped_by_itself && loop_at.is_none();
    if !latex.contains("\\documentclass") {
        warnings.push(Warning::PreambleAdded);
        latex = match latex.find("\\begin{document}").and_then(|at| latex.get(at..)) {
            _ if whole => wrap(&body(&latex)),
            Some(document) => format!("{PREAMBLE}{document}"),
            None => format!("{PREAMBLE}\\begin{{document}}\n\n{latex}"),
        };
    }
    if !(latex.contains(unwrap::END_DOCUMENT) && latex.contains("\\begin{document}")) {
        if loop_at.is_none() {
            warnings.push(Warning::Cut);
        }
        latex = close::close(&latex);
    } else if !latex.ends_with('\n') {
        latex.push('\n');
    }
    if let Some(modern) = babel::modernise(&latex) {
        warnings.push(Warning::BabelModernised);
        latex = modern;
    }
    let missing = packages::missing(&latex);
    latex = packages::add(&latex, &missing);
    warnings
        .extend(missing.into_iter().map(|(package, needed_by)| Warning::PackageAdded { package, needed_by }));
    warnings.extend(lint::lint(&latex));
    warnings.sort_by_key(|warning| !warning.is_incomplete());
    Finished { latex, warnings }
}

/// Several documents one after the other (one per page, or a second start): LaTeX would stop at the first end.
/// Their bodies become one.
fn merge_documents(latex: &str) -> Option<String> {
    let (first, mut rest) = latex.split_once(unwrap::END_DOCUMENT)?;
    let mut merged = first.to_owned();
    let mut more = false;
    while let Some((_, body)) = rest.split_once("\\begin{document}") {
        let (body, after) = body.split_once(unwrap::END_DOCUMENT).unwrap_or((body, ""));
        merged.push_str(body);
        rest = after;
        more = true;
    }
    more.then(|| format!("{merged}{}\n", unwrap::END_DOCUMENT))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "\\documentclass{article}\n\\usepackage[french]{babel}\n\\usepackage{amsmath}\n\\begin{document}\n\
        \\section*{Exercice 1}\nSoit $x$.\n\\begin{align*}\na &= 1\n\\end{align*}\n\\end{document}\n";

    fn codes(raw: &str, stopped: bool) -> Vec<&'static str> {
        finish(raw, stopped).warnings.iter().map(Warning::code).collect()
    }

    #[test]
    fn a_good_document_passes_untouched() {
        assert_eq!(finish(GOOD, true), Finished { latex: GOOD.into(), warnings: vec![] });
        assert_eq!(
            finish(GOOD, false),
            Finished { latex: GOOD.into(), warnings: vec![] },
            "its end is there"
        );
    }

    #[test]
    fn each_defect_is_repaired_and_told() {
        let check = |raw: String, stopped: bool, expected: &[&str]| {
            assert_eq!(codes(&raw, stopped), expected, "{raw}");
        };
        check(format!("```latex\n{GOOD}```"), true, &[]);
        check(format!("Voici :\n{GOOD}"), true, &["chatter_removed"]);
        check(GOOD.replace("french", "francais"), true, &["babel_modernised"]);
        check(GOOD.replace("\\usepackage{amsmath}\n", ""), true, &["package_added"]);
        check(GOOD.replace("\\end{document}\n", ""), true, &["cut"]);
        check(GOOD.replace("= 1\n\\end{align*}\n\\end{document}\n", ""), false, &["cut"]);
        check("\\section*{A} $x$".into(), true, &["preamble_added"]);
        check("\\section*{A} $x".into(), false, &["cut", "preamble_added"]);
        check(GOOD.replace("Soit", "} Soit"), true, &["never_opened"]);
        check(format!("{GOOD}{GOOD}"), true, &["uncertain_seam"]);
        let looping = GOOD.replace("\\end{document}\n", &"La même phrase encore une fois.\n".repeat(40));
        check(looping, false, &["loop"]);
        check(String::new(), true, &["preamble_added"]);
    }

    #[test]
    fn a_cut_document_is_never_whole_wherever_it_is_cut() {
        for cut in 0..GOOD.len() - "\\end{document}\n".len() {
            let finished = finish(&GOOD[..cut], false);
            assert!(finished.warnings.iter().any(Warning::is_incomplete), "cut at {cut}: {finished:?}");
            assert!(balance::balance(&finished.latex).open.is_empty(), "cut at {cut}: {}", finished.latex);
        }
    }

    #[test]
    fn every_warning_speaks_both_languages() {
        use web::Lang;
        for raw in [GOOD.replace("french", "francais"), "x}".into(), "{".into(), "\\input{x}".into()] {
            for warning in finish(&raw, false).warnings {
                let text = warning.text();
                assert!(
                    !text.get(Lang::Fr).is_empty() && text.get(Lang::Fr) != text.get(Lang::En),
                    "{warning:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_result_always_is_a_document(
            raw in "([a-zé{}$%\\\\\n]|\\\\begin\\{(document|align|a)\\}|\\\\end\\{(document|align|a)\\}|\\\\documentclass\\{article\\}\n|```latex\n|\\\\\\[|\\$\\$){0,40}",
            stopped in any::<bool>(),
        ) {
            let finished = finish(&raw, stopped);
            prop_assert!(finished.latex.contains("\\documentclass"), "{}", finished.latex);
            prop_assert!(finished.latex.contains("\\end{document}"), "{}", finished.latex);
        }
    }
}
