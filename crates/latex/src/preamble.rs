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
/// What may give them up, or pass options already.
const MEANINGS: &str = "\\if|catcode|PassOptions|undef|\\relax|xcolor=";

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
    let (mut depth, mut has_library, mut defines) = (0_u32, false, None);
    for token in all.iter().take_while(|token| token.at < begin.at) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Command("usepackage" | "documentclass") if depth == 0 => {
                let (own, list) = lists(latex.get(token.end..).unwrap_or_default());
                let before = match known.get(list).and_then(|at| options.get(*at)) {
                    Some(before) => Some(*before),
                    None => (list == "xcolor" && loads_xcolor(&known)).then_some(""),
                };
                if list != "fontenc"
                    && before.is_some_and(|before| !before.contains(own))
                    && !own.contains('%')
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
            Kind::Command("newcommand" | "DeclareMathOperator") if depth == 0 => defines = Some(token),
            Kind::Command(_) => {
                let Some(definition) = defines.take() else { continue };
                let name = latex.get(token.at..token.end).unwrap_or_default();
                if OF_LATEX.split(' ').any(|other| other == name) || known.contains_key(name) {
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
    let is_circuit =
        latex.contains("\\begin{circuitikz}") || text.contains("{circuitikz}") && latex.contains("to[");
    if is_circuit && !has_library && text.contains("french") && !latex.contains("shorthand") {
        edits.replace(begin.at, begin.at, "\\usetikzlibrary{babel}\n".to_owned(), begin.line);
    }
    edits.finish()
}

/// Whether a package loads xcolor, by itself or through tikz.
fn loads_xcolor(known: &BTreeMap<&str, usize>) -> bool {
    LOADED_BY.iter().any(|(package, others)| {
        matches!(*package, "xcolor" | "tikz") && others.split(' ').any(|other| known.contains_key(other))
    })
}
