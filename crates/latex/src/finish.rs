//! From the text of a model to a LaTeX document that says what it lacks.

use crate::finding::Finding;
use crate::{babel, close, lint, packages, repeat, unwrap};

/// Our preamble, for a fragment; the rules of the prompt ask for the same packages.
const PREAMBLE: &str = "\\documentclass[11pt,a4paper]{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\
    \\usepackage[french]{babel}\n\\usepackage[margin=2.5cm]{geometry}\n\\usepackage{amsmath}\n\\usepackage{amssymb}\n";

/// A document ready to be shown, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub latex: String,
    pub findings: Vec<Finding>,
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
    let mut findings = Vec::new();
    let unwrap::Unwrapped { mut latex, chatter } = unwrap::unwrap(raw);
    if chatter {
        findings.push(Finding::ChatterRemoved);
    }
    if let Some(merged) = merge_documents(&latex) {
        findings.push(Finding::UncertainSeam);
        latex = merged;
    }
    let loop_at = repeat::second_turn(&latex);
    if let Some(at) = loop_at {
        let line = latex.get(..at).unwrap_or_default().lines().count().max(1);
        findings.push(Finding::Loop { line: u32::try_from(line).unwrap_or(u32::MAX) });
        latex.truncate(at);
        latex.push('\n');
    } else if !stopped_by_itself && !raw.ends_with('\n') {
        // `unwrap` ends every text with a line end; a line that was cut has to look cut.
        latex.truncate(latex.trim_end().len());
    }
    let whole = stopped_by_itself && loop_at.is_none();
    if !latex.contains("\\documentclass") {
        findings.push(Finding::PreambleAdded);
        latex = match latex.find("\\begin{document}").and_then(|at| latex.get(at..)) {
            _ if whole => wrap(&body(&latex)),
            Some(document) => format!("{PREAMBLE}{document}"),
            None => format!("{PREAMBLE}\\begin{{document}}\n\n{latex}"),
        };
    }
    if !(latex.contains(unwrap::END_DOCUMENT) && latex.contains("\\begin{document}")) {
        if loop_at.is_none() {
            findings.push(Finding::Cut);
        }
        latex = close::close(&latex);
    } else if !latex.ends_with('\n') {
        latex.push('\n');
    }
    if let Some(modern) = babel::modernise(&latex) {
        findings.push(Finding::BabelModernised);
        latex = modern;
    }
    let missing = packages::missing(&latex);
    latex = packages::add(&latex, &missing);
    findings
        .extend(missing.into_iter().map(|(package, needed_by)| Finding::PackageAdded { package, needed_by }));
    findings.extend(lint::lint(&latex));
    findings.sort_by_key(|finding| !finding.is_incomplete());
    Finished { latex, findings }
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
    use crate::balance;

    const GOOD: &str = "\\documentclass{article}\n\\usepackage[french]{babel}\n\\usepackage{amsmath}\n\\begin{document}\n\
        \\section*{Exercice 1}\nSoit $x$.\n\\begin{align*}\na &= 1\n\\end{align*}\n\\end{document}\n";

    fn codes(raw: &str, stopped: bool) -> Vec<&'static str> {
        finish(raw, stopped).findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn a_good_document_passes_untouched() {
        assert_eq!(finish(GOOD, true), Finished { latex: GOOD.into(), findings: vec![] });
        assert_eq!(
            finish(GOOD, false),
            Finished { latex: GOOD.into(), findings: vec![] },
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
            assert!(finished.findings.iter().any(Finding::is_incomplete), "cut at {cut}: {finished:?}");
            assert!(balance::balance(&finished.latex).open.is_empty(), "cut at {cut}: {}", finished.latex);
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
