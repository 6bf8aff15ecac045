//! From the text of a model to a LaTeX document that says what it lacks.

use crate::danger::dangers;
use crate::document::{BEGIN_DOCUMENT, Documents, END_DOCUMENT, after_begin, has_class};
use crate::figures::{self, Figure};
use crate::finding::Finding;
use crate::lines::lines;
use crate::tokens::{Kind, tokens};
use crate::unwrap::{Unwrapped, unwrap};
use crate::{
    babel, characters, close, empty_lines, formulas, lint, listings, lists, packages, pages, preamble,
    repeat, rows, stray,
};

/// Our preamble, for a fragment; the rules of the prompt ask for the same packages.
const PREAMBLE: &str = "\\documentclass[11pt,a4paper]{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\
    \\usepackage[french]{babel}\n\\usepackage[margin=2.5cm]{geometry}\n\\usepackage{amsmath}\n\\usepackage{amssymb}\n";

/// A document ready to be shown, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub latex: String,
    pub findings: Vec<Finding>,
    /// Whose place in the original the answer told; the comments that told it are no longer in the document.
    pub figures: Vec<Figure>,
}

/// Whether `text` ends in a repetition loop: asking for its continuation would give more of the same.
pub fn loops(text: &str) -> bool {
    repeat::second_turn(text).is_some()
}

/// What an answer about one page gives of its text, without a preamble. An answer that was cut is closed, so that
/// the next page can follow it.
pub fn page_body(raw: &str, stopped_by_itself: bool) -> String {
    if stopped_by_itself {
        return body(raw);
    }
    let end = repeat::second_turn(raw).unwrap_or(raw.len());
    body(&close::close(&page_begun(raw.get(..end).unwrap_or_default())))
}

/// A cut answer about one page as the beginning of a document, to which its rest can be joined.
pub fn page_begun(raw: &str) -> String {
    let mut latex = unwrap(raw).latex;
    if !raw.ends_with('\n') {
        latex.truncate(latex.trim_end().len());
    }
    if has_class(&latex) { latex } else { with_preamble(&latex, false) }
}

fn body(raw: &str) -> String {
    let latex = unwrap(raw).latex;
    let inner = match Documents::of(&latex).bodies.first() {
        Some((from, to)) => latex.get(*from..*to).unwrap_or_default(),
        None => {
            let end = lines(&latex).find(|line| line.text.starts_with(END_DOCUMENT));
            latex.get(..end.map_or(latex.len(), |line| line.at)).unwrap_or_default()
        }
    };
    inner.trim().to_owned()
}

/// Puts our preamble around `body`.
pub fn wrap(body: &str) -> String {
    format!("{PREAMBLE}{BEGIN_DOCUMENT}\n\n{}\n\n{END_DOCUMENT}\n", body.trim())
}

/// Cleans, completes and checks. `stopped_by_itself`: the model said that it was done; otherwise the text was cut.
/// Nothing is deleted from the document of an answer that ended by itself.
pub fn finish(raw: &str, stopped_by_itself: bool) -> Finished {
    let mut finishing = assemble(raw, stopped_by_itself);
    while finishing.step() {}
    finishing.finished()
}

/// A document with a beginning and an end, and the steps of [`finish`] that are left, for who has other work between
/// them.
#[derive(Debug)]
pub struct Finishing {
    document: Finished,
    /// The first line in which characters were replaced.
    replaced: Option<u32>,
    steps: usize,
}

/// The first step of [`finish`].
pub fn assemble(raw: &str, stopped_by_itself: bool) -> Finishing {
    let Unwrapped { mut latex, chatter } = unwrap(raw);
    let mut findings = Vec::new();
    if chatter {
        findings.push(Finding::ChatterRemoved);
    }
    // Before any line is counted.
    if let Some(unprinted) = pages::unprinted(&latex) {
        latex = unprinted;
    }
    let mut figures = Vec::new();
    if let Some((better, found)) = figures::take(&latex) {
        (latex, figures) = (better, found);
    }
    let documents = Documents::of(&latex);
    let ends = stopped_by_itself || documents.is_closed;
    if documents.bodies.len() > 1 {
        findings.push(Finding::UncertainSeam);
        latex = merge(&latex, &documents);
    }
    let loops = if ends { None } else { repeat::second_turn(&latex) };
    if let Some(at) = loops {
        latex.truncate(at);
        latex.push('\n');
    } else if !ends && !raw.ends_with('\n') {
        // `unwrap` ends every text with a line end; a line that was cut has to look cut.
        latex.truncate(latex.trim_end().len());
    }
    if !has_class(&latex) {
        findings.push(Finding::PreambleAdded);
        latex = with_preamble(&latex, stopped_by_itself);
    }
    if loops.is_some() {
        let line = u32::try_from(latex.trim_end().lines().count()).unwrap_or(u32::MAX);
        findings.push(Finding::Loop { line });
    }
    if !Documents::of(&latex).is_closed {
        if loops.is_none() {
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
    Finishing { document: Finished { latex, findings, figures }, replaced: None, steps: 0 }
}

/// Our preamble before a text without one. A text that is not `whole` is left open at its end.
fn with_preamble(latex: &str, whole: bool) -> String {
    match after_begin(latex) {
        _ if whole => wrap(&body(latex)),
        Some(begun) => format!("{PREAMBLE}{BEGIN_DOCUMENT}{begun}"),
        None => format!("{PREAMBLE}{BEGIN_DOCUMENT}\n\n{latex}"),
    }
}

/// A repair that makes a longer document is left out: two bytes can become eight, and each later step reads them all.
const REPAIRED_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The better document and the first line that is another one.
type Repair = fn(&str) -> Option<(String, u32)>;
/// What a model is known to write wrongly.
const REPAIRS: [Repair; REPAIRS_LEN] = [
    listings::declare,
    empty_lines::remove,
    lists::fill,
    characters::replace,
    stray::escape,
    formulas::mend,
    preamble::mend,
];
const REPAIRS_LEN: usize = 7;

impl Finishing {
    /// Takes the next step, each of which reads the document a few times; false when none was left.
    pub fn step(&mut self) -> bool {
        let latex = &self.document.latex;
        let findings = &mut self.document.findings;
        match self.steps {
            step @ 0..REPAIRS_LEN => {
                if let Some((better, line)) = REPAIRS.get(step).and_then(|repair| repair(latex))
                    && better.len() <= REPAIRED_BYTES_MAX
                {
                    self.document.latex = better;
                    self.replaced = Some(self.replaced.map_or(line, |first| first.min(line)));
                }
            }
            REPAIRS_LEN => self.load_packages(),
            8 => findings
                .extend(repeat::repetitions(latex).into_iter().map(|line| Finding::Repetition { line })),
            9 => findings.extend(lint::lint(latex)),
            10 => findings.extend(rows::too_long(latex).into_iter().map(|line| Finding::ExtraCells { line })),
            11 => {
                let unknown = characters::unknown(latex).into_iter().chain(listings::unknown(latex));
                findings
                    .extend(unknown.map(|(character, line)| Finding::UnknownCharacter { character, line }));
            }
            12 => {
                // What is incomplete, then what is dangerous, then repairs and the rest. Not sorted: that would add 6 KB
                // to a component.
                let (incomplete, others) = findings.drain(..).partition::<Vec<_>, _>(Finding::is_incomplete);
                *findings = incomplete;
                findings.extend(dangers(latex));
                findings.extend(others);
            }
            _ => return false,
        }
        self.steps += 1;
        true
    }

    pub fn finished(self) -> Finished {
        self.document
    }

    fn load_packages(&mut self) {
        let Finished { latex, findings, .. } = &mut self.document;
        let missing = packages::missing(latex);
        *latex = packages::add(latex, &missing);
        // Each package has got a line before it.
        let is_added = |missing: &&packages::Missing| missing.package != packages::UNKNOWN;
        let added = u32::try_from(missing.iter().filter(is_added).count()).unwrap_or(u32::MAX);
        for finding in findings.iter_mut() {
            if let Finding::Loop { line } = finding {
                *line = line.saturating_add(added);
            }
        }
        let replaced = self.replaced.map(|line| line.saturating_add(added));
        findings.extend(replaced.map(|line| Finding::CharactersReplaced { line }));
        let added = missing.into_iter().map(|packages::Missing { package, needed_by, .. }| match package {
            packages::UNKNOWN => {
                let line = line_of(latex, &needed_by);
                let command =
                    if needed_by.starts_with('\\') { needed_by } else { format!("\\begin{{{needed_by}}}") };
                Finding::UnknownCommand { line, command }
            }
            _ => Finding::PackageAdded { package, needed_by },
        });
        findings.extend(added);
    }
}

/// The first line of the body with this command or environment.
fn line_of(latex: &str, command: &str) -> u32 {
    let kind = command.strip_prefix('\\').map_or(Kind::Begin(command), Kind::Command);
    let body = tokens(latex).into_iter().skip_while(|token| token.kind != Kind::Begin("document"));
    body.filter(|token| token.kind == kind).map(|token| token.line).next().unwrap_or(1)
}

/// Several documents one after the other (one per page, or a second start): LaTeX would stop at the first end.
/// Their bodies become one.
fn merge(latex: &str, documents: &Documents) -> String {
    let part = |from: usize, to: usize| latex.get(from..to).unwrap_or_default();
    let preamble = documents.bodies.first().map_or("", |(from, _)| part(0, *from));
    let bodies: String = documents.bodies.iter().map(|(from, to)| part(*from, *to)).collect();
    let end = if documents.is_closed { END_DOCUMENT } else { "" };
    format!("{preamble}{bodies}{end}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::balance::balance;
    use crate::document::DOCUMENT_CLASS;

    const GOOD: &str = "\\documentclass{article}\n\\usepackage[french]{babel}\n\\usepackage{amsmath}\n\\begin{document}\n\
        \\section*{Exercice 1}\nSoit $x$.\n\\begin{align*}\na &= 1\n\\end{align*}\n\\end{document}\n";

    fn codes(raw: &str, stopped: bool) -> Vec<&'static str> {
        finish(raw, stopped).findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn a_good_document_passes_untouched() {
        assert_eq!(finish(GOOD, true), Finished { latex: GOOD.into(), findings: vec![], figures: vec![] });
        assert_eq!(
            finish(GOOD, false),
            Finished { latex: GOOD.into(), findings: vec![], figures: vec![] },
            "its end is there"
        );
    }

    #[test]
    fn a_repair_that_would_make_a_much_longer_document_is_left_out() {
        let [short, long] = [1_000, 280_000].map(|times| {
            let raw = wrap(&"^α".repeat(times));
            (raw.len(), finish(&raw, true).latex.len())
        });
        assert!(short.1 > 2 * short.0, "{short:?}");
        assert!(long.1 <= REPAIRED_BYTES_MAX, "{long:?}");
    }

    #[test]
    fn each_defect_is_repaired_and_reported() {
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
        check("% \\documentclass{article}\n\\section*{A} $x$".into(), true, &["preamble_added"]);
        check(
            "% \\documentclass{article}\n\\begin{document}\nx\n\\end{document}".into(),
            true,
            &["preamble_added"],
        );
        check(GOOD.replace("Soit", "% \\documentclass{a}\\begin{document}\nSoit"), true, &[]);
        check(GOOD.replace("Soit", "% \\documentclass{a}\\end{document}\nSoit"), true, &[]);
        check(format!("% \\documentclass{{a}}\n% \\begin{{document}}\n{GOOD}"), true, &[]);
    }

    #[test]
    fn a_cut_document_is_never_whole_wherever_it_is_cut() {
        for cut in 0..GOOD.len() - "\\end{document}\n".len() {
            let finished = finish(&GOOD[..cut], false);
            assert!(finished.findings.iter().any(Finding::is_incomplete), "cut at {cut}: {finished:?}");
            assert!(balance(&finished.latex).open.is_empty(), "cut at {cut}: {}", finished.latex);
        }
    }

    #[test]
    fn lines_count_in_the_document_that_is_delivered() {
        let body = "% page 1\n% figure 1 [0, 0, 500, 500]\n\\fbox{Figure : x}\nSoit α.\n\\begin{verbatim}\na\n% page 2\n\
            \\end{verbatim}\n% figure 2 [0, 0, 500, 500]\n\\fbox{Figure : y}\n\\textcolor{red}{x} \\toprule 漢\n\
            \\includegraphics{a.png}\n\\write18{x}\n} fin\n% figure 2 [9, 9]\n";
        let check = |raw: &str, stopped, expected: &[(&str, &str)]| {
            let Finished { latex, findings, .. } = finish(raw, stopped);
            let lines: Vec<&str> = latex.lines().collect();
            for (code, text) in expected {
                let finding = findings.iter().find(|finding| finding.code() == *code);
                let line = finding.and_then(Finding::line).expect(code) as usize;
                assert!(lines[line - 1].contains(text), "{code} on {line}: {latex}");
            }
        };
        let found = [
            ("characters_replaced", "\\alpha"),
            ("unknown_character", "漢"),
            ("missing_file", "\\includegraphics"),
            ("dangerous_command", "\\write18"),
            ("never_opened", "} fin"),
        ];
        check(
            &format!("\\documentclass{{article}}\n\\begin{{document}}\n{body}\\end{{document}}\n"),
            true,
            &found,
        );
        check(body, true, &found);
        let turn = "La même phrase encore une fois.\n";
        let looping = [body, &turn.repeat(60)].concat();
        check(&looping, false, &[("loop", turn.trim()), ("missing_file", "\\includegraphics")]);
        check(
            &format!("\\documentclass{{article}}\n\\begin{{document}}\n{looping}"),
            false,
            &[("loop", turn.trim())],
        );
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_result_always_is_a_document(
            raw in "([a-zé{}$%\\\\\n]|\\\\begin\\{(document|align|a)\\}|\\\\end\\{(document|align|a)\\}|\\\\documentclass\\{article\\}\n|```latex\n|\\\\\\[|\\$\\$){0,40}",
            stopped in any::<bool>(),
        ) {
            let finished = finish(&raw, stopped);
            for part in [DOCUMENT_CLASS, BEGIN_DOCUMENT, END_DOCUMENT] {
                prop_assert!(finished.latex.contains(part), "{}", finished.latex);
            }
        }
    }
}
