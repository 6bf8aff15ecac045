//! Preambles at which TeX stops: options for a package that is loaded already, a command that exists already, and a
//! circuit beside French punctuation.

use std::collections::BTreeMap;

use crate::edits::Edits;
use crate::packages::lists;
use crate::provided::LOADED_BY;
use crate::tokens::{Kind, tokens};

/// Commands of LaTeX itself that documents define.
const OF_LATEX: &str = "\\a \\b \\c \\d \\u \\v \\r \\t \\i \\j \\H \\S \\P \\L \\O \\l \\o \\vec \\Re \\Im \\div \\det \\dim \\deg \\Pr \\gcd \\exp \\ln \
    \\ker \\sup \\inf \\min \\max \\arg \\hom \\to \\in \\sp";
const ACCENTS: &str = "\\b \\c \\d \\u \\v \\r \\t \\H";
/// What pdflatex writes with them: these letters would be lost.
const LETTERS: [(&str, &str); 11] = [
    ("\\c", "çÇşŞţŢ"),
    ("\\v", "čČďěĚňŇřŘšŠťžŽ"),
    ("\\u", "ăĂĕğĞŏŭ"),
    ("\\r", "åÅůŮ"),
    ("\\H", "őŐűŰ"),
    ("\\i", "îïìíı"),
    ("\\l", "ł"),
    ("\\L", "Ł"),
    ("\\O", "Ø"),
    ("\\S", "§"),
    ("\\P", "¶"),
];
/// What may give them up, or pass options already.
const MEANINGS: &str = "\\if|catcode|PassOptions|undef|\\relax|xcolor=";

/// Longer options are not compared: each of one is with each of the other.
const CLASH_BYTES_MAX: usize = 300;

/// The document with a preamble that TeX reads, and the line of the first change; `None` when there is nothing to change.
pub(crate) fn mend(latex: &str) -> Option<(String, u32)> {
    let all = tokens(latex);
    let begin = all.iter().find(|token| token.kind == Kind::Begin("document"))?;
    let text = latex.get(..begin.at)?;
    if MEANINGS.split('|').any(|mark| text.contains(mark)) {
        return None;
    }
    let mut edits = Edits::new(latex);
    // Options have to be known before the class.
    let place = edits.place(0);
    let mut passed = String::new();
    // Packages and commands; of a package, where its options end.
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut options: Vec<&str> = Vec::new();
    let (mut depth, mut has_library, mut has_babel, mut defines) = (0_u32, false, false, None);
    for token in all.iter().take_while(|token| token.at < begin.at) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            // A class and a package may have one name.
            Kind::Command("documentclass") if depth == 0 => {
                let (_, class) = lists(latex.get(token.end..).unwrap_or_default());
                known.entry(class.trim()).or_insert(usize::MAX);
            }
            Kind::Command("usepackage" | "RequirePackage") if depth == 0 => {
                let (own, list) = lists(latex.get(token.end..).unwrap_or_default());
                has_babel |= list.contains("babel");
                let before = match known.get(list).and_then(|at| options.get(*at)) {
                    Some(before) => Some(*before),
                    None => (list == "xcolor" && loads_xcolor(&known)).then_some(""),
                };
                if !list.is_empty()
                    && list != "fontenc"
                    && before.is_some_and(|before| clashes(before, own))
                    && !own.contains(['%', '\\'])
                    && own.matches('{').count() == own.matches('}').count()
                {
                    passed.push_str(&format!("\\PassOptionsToPackage{{{own}}}{{{list}}}\n"));
                }
                for name in list.split(',') {
                    known.entry(name.trim()).or_insert(options.len());
                }
                options.push(own);
            }
            Kind::Command("usetikzlibrary") => {
                has_library |= lists(latex.get(token.end..).unwrap_or_default()).1.contains("babel");
            }
            Kind::Command("newcommand" | "DeclareMathOperator") if depth == 0 => {
                // Behind `\\let\\x` or `\\expandafter` it defines something else.
                let before = latex.get(..token.at).unwrap_or_default().trim_end_matches([' ', '\t']);
                defines = (before.is_empty() || before.ends_with(['\n', '}'])).then_some(token);
            }
            Kind::Command(_) => {
                let Some(definition) = defines.take() else { continue };
                let gap = latex.get(definition.end..token.at).unwrap_or_default().trim();
                let behind = latex.get(token.end..).unwrap_or_default();
                // The name may go on with what is a letter to packages.
                if !["", "*", "{", "*{"].contains(&gap) || behind.starts_with(['@', ':', '_']) {
                    continue;
                }
                let name = latex.get(token.at..token.end).unwrap_or_default();
                // Looked at once for each of these names: the whole document is read for it.
                if known.contains_key(name) || is_of_latex(name) && !is_needed(name, latex, text, &known) {
                    let forgets = format!("\\let{name}\\undefined");
                    edits.replace(definition.at, definition.at, forgets, definition.line);
                }
                known.insert(name, 0);
            }
            _ => {}
        }
    }
    if !passed.is_empty() {
        edits.insert_at(place, &passed, 1);
    }
    let loads_circuits =
        known.contains_key("circuitikz") || all.iter().any(|token| token.kind == Kind::Begin("circuitikz"));
    // Not a path of tikz alone.
    let is_circuit = loads_circuits
        && behind(latex, "to[")
            .any(|part| !["bend", "out", "in=", "loop"].iter().any(|word| part.starts_with(word)));
    let is_french = has_babel && behind(text, "french").any(|rest| !rest.starts_with("spacing"));
    if is_circuit && !has_library && is_french && !latex.contains("shorthand") {
        edits.replace(begin.at, begin.at, "\\usetikzlibrary{babel}\n".to_owned(), begin.line);
    }
    edits.finish()
}

fn is_of_latex(name: &str) -> bool {
    OF_LATEX.split(' ').any(|other| other == name)
}

/// Whether a command of LaTeX is used without its name: by letters of the document, or by hyperref, which declares accents
/// where it is loaded.
fn is_needed(name: &str, latex: &str, preamble: &str, known: &BTreeMap<&str, usize>) -> bool {
    let letters = LETTERS.iter().find(|(command, _)| *command == name).map_or("", |(_, letters)| letters);
    latex.contains(|char| letters.contains(char))
        || ACCENTS.split(' ').any(|accent| accent == name)
            && preamble.contains("hyperref")
            && !known.contains_key("hyperref")
}

/// What stands behind each `mark`.
fn behind<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark).map(move |(at, _)| text.get(at + mark.len()..).unwrap_or_default())
}

/// Whether a package that is loaded with the options `before` refuses those of `own`: their order says nothing.
fn clashes(before: &str, own: &str) -> bool {
    let is_known = |option: &str| before.split(',').any(|other| other.trim() == option.trim());
    before.len().max(own.len()) <= CLASH_BYTES_MAX
        && own.split(',').any(|option| !option.trim().is_empty() && !is_known(option))
}

/// Whether a package loads xcolor, by itself or through tikz.
fn loads_xcolor(known: &BTreeMap<&str, usize>) -> bool {
    LOADED_BY.iter().any(|(package, others)| {
        matches!(*package, "xcolor" | "tikz") && others.split(' ').any(|other| known.contains_key(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preamble_becomes_one_that_tex_reads() {
        let check = |preamble: &str, body: &str, expected: Option<&str>| {
            let latex = |preamble: &str| format!("{preamble}\\begin{{document}}{body}\\end{{document}}");
            assert_eq!(
                mend(&latex(preamble)).map(|(latex, _)| latex),
                expected.map(latex),
                "{preamble} {body}"
            );
        };
        let twice = "\\newcommand{\\R}{a}\\newcommand{\\R}{b}";
        let forgets = "\\newcommand{\\R}{a}\\let\\R\\undefined\\newcommand{\\R}{b}";
        check(twice, "", Some(forgets));
        check("\\newcommand{\\c}{c}", "x", Some("\\let\\c\\undefined\\newcommand{\\c}{c}"));
        check("\\newcommand{\\c}{c}", "Ça", None);
        check("\\newcommand{\\d}{d}\\usepackage{hyperref}", "", None);
        check(
            "\\usepackage{hyperref}\\newcommand{\\d}{d}",
            "",
            Some("\\usepackage{hyperref}\\let\\d\\undefined\\newcommand{\\d}{d}"),
        );
        let options = "\\usepackage{a}\\usepackage[b, c]{a}";
        check(options, "", Some(&format!("\\PassOptionsToPackage{{b, c}}{{a}}\n{options}")));
        let french = "\\usepackage[french]{babel}\\usepackage{circuitikz}";
        let circuit = "\\begin{circuitikz}\\draw (0,0) to[R] (1,0);\\end{circuitikz}";
        check(french, circuit, Some(&format!("{french}\\usetikzlibrary{{babel}}\n")));
        check("\\usepackage{circuitikz}\\frenchspacing", circuit, None);
        check("\\usepackage[french]{babel}", &format!("\\begin{{verbatim}}{circuit}\\end{{verbatim}}"), None);
        check(french, "\\draw (0,0) to[bend left] (1,0);", None);
        for preamble in [
            "\\expandafter\\newcommand\\csname a\\endcsname{}\n\\expandafter\\newcommand\\csname b\\endcsname{}",
            "\\let\\nc\\newcommand\n\\let\\dmo=\\DeclareMathOperator\n\\let\\rnc\\renewcommand\n",
            "\\newcommand{\\a@b}{}\\newcommand{\\R}{}\\newcommand{\\R@x}{}",
            "\\usepackage[b,c]{a}\\usepackage[c, b]{a}",
            "\\usepackage[b={[c]}]{a}\\usepackage[d={[e]}]{f}",
            "\\documentclass{standalone}\\usepackage[a]{standalone}",
            "\\RequirePackage[table]{xcolor}\\usepackage{tikz}\\usepackage[table]{xcolor}",
        ] {
            check(preamble, "", None);
        }
    }
}
