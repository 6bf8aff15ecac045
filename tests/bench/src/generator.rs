//! Makes documents: exams and courses in French and English, put together from templates and features. The document of
//! a number is always the same.

use crate::features::{ENGLISH_WORDS, FEATURES, FORMULAS, FRENCH_WORDS, Feature};
use crate::random::Random;

/// A document that compiles.
#[derive(Debug, Clone)]
pub struct Document {
    pub name: String,
    pub latex: String,
}

const FEATURES_MIN: usize = 4;
const FEATURES_MORE: usize = 7;

/// The first `count` documents.
#[must_use]
pub fn documents(count: usize) -> Vec<Document> {
    (0..count).map(document).collect()
}

fn document(number: usize) -> Document {
    let mut random = Random::seeded(number as u64);
    let french = number % 3 != 2;
    let class = number % 5;
    // Each feature comes in its turn, and others by chance.
    let mut chosen = vec![number % FEATURES.len()];
    for _ in 0..FEATURES_MIN + random.below(FEATURES_MORE) {
        let feature = random.below(FEATURES.len());
        if !chosen.contains(&feature) {
            chosen.push(feature);
        }
    }
    let features: Vec<&Feature> = chosen.iter().map(|index| &FEATURES[*index]).collect();
    let mut latex = preamble(class, french, &mut chosen);
    latex.push_str("\\begin{document}\n\n");
    latex.push_str(&body(class, french, &features, &mut random));
    latex.push_str("\n\\end{document}\n");
    Document { name: format!("{}-{number:03}", if french { "fr" } else { "en" }), latex }
}

fn preamble(class: usize, french: bool, chosen: &mut [usize]) -> String {
    chosen.sort_unstable();
    let mut latex = String::new();
    if class == 3 {
        latex.push_str("% !TeX program = pdflatex\n\\PassOptionsToPackage{dvipsnames}{xcolor}\n");
    }
    latex.push_str(match class {
        1 => "\\documentclass[12pt,addpoints]{exam}\n",
        2 => "\\documentclass[11pt]{scrartcl}\n",
        4 => "\\documentclass[\n  11pt,\n  a4paper\n]{report}\n",
        _ => "\\documentclass[11pt,a4paper]{article}\n",
    });
    latex.push_str("\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n");
    latex.push_str(if french { "\\usepackage[french]{babel}\n" } else { "\\usepackage[english]{babel}\n" });
    latex.push_str("\\usepackage[margin=2.5cm]{geometry}\n\\usepackage{amsmath}\n");
    let features = || chosen.iter().map(|index| &FEATURES[*index]);
    let mut loaded = vec!["amsmath"];
    if features().any(|feature| feature.name == "accents") && french {
        loaded.push("eurosym");
        latex.push_str("\\usepackage{eurosym}\n");
    }
    // In the order of the table, hyperref last.
    let names: Vec<&str> = features().flat_map(|feature| feature.packages.split_whitespace()).collect();
    let (late, early): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| *name == "hyperref");
    for package in early.into_iter().chain(late) {
        if !loaded.contains(&package) {
            loaded.push(package);
            let (options, name) = match package.split_once(']') {
                Some((options, name)) => (format!("{options}]"), name),
                None => (if package == "ulem" { "[normalem]".to_owned() } else { String::new() }, package),
            };
            latex.push_str(&format!("\\usepackage{options}{{{name}}}\n"));
        }
    }
    for feature in features() {
        latex.push_str(feature.preamble);
    }
    latex
}

fn body(class: usize, french: bool, features: &[&Feature], random: &mut Random) -> String {
    let mut body = String::new();
    if class == 4 {
        body.push_str(if french { "\\chapter{Révisions}\n\n" } else { "\\chapter{Revision}\n\n" });
    }
    if class == 1 {
        body.push_str("\\begin{questions}\n\n");
    }
    for (number, feature) in (1..).zip(features) {
        let word = if french { "Exercice" } else { "Exercise" };
        if class == 1 {
            body.push_str(&format!("\\question[{}] {word} {number}.\n\n", 1 + random.below(5)));
        } else if random.below(2) == 0 {
            body.push_str(&format!("\\section*{{{word} {number}}}\n\n"));
        }
        let text = if french { feature.french } else { feature.english };
        body.push_str(&filled(text, french, random));
        body.push_str("\n\n");
    }
    if class == 1 {
        body.push_str("\\end{questions}\n");
    }
    body
}

/// The text with its placeholders filled.
fn filled(text: &str, french: bool, random: &mut Random) -> String {
    let mut pieces = text.split('@');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (mark, rest) = piece.split_at(piece.len().min(1));
        match mark {
            "n" => out.push_str(&(2 + random.below(97)).to_string()),
            "w" => {
                let words = if french { FRENCH_WORDS } else { ENGLISH_WORDS };
                out.push_str(words[random.below(words.len())]);
            }
            "f" => {
                let formula = FORMULAS[random.below(FORMULAS.len())];
                out.push_str(&filled(formula, french, random));
            }
            other => {
                out.push('@');
                out.push_str(other);
            }
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_are_the_same_each_time_and_all_different() {
        let (one, two) = (documents(60), documents(60));
        assert!(one.iter().zip(&two).all(|(one, two)| one.latex == two.latex));
        let different: std::collections::BTreeSet<&str> = one.iter().map(|one| one.latex.as_str()).collect();
        assert_eq!(different.len(), 60);
        assert!(one.iter().all(|one| !one.latex.contains('@')));
    }
}
