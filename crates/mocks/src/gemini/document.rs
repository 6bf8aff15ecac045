//! Writes a plain LaTeX document from the text of a PDF's pages. It says that it is simulated.

use std::fmt::Write as _;

const OPENING: &str = "\
\\documentclass[11pt,a4paper]{article}
% Réponse simulée : écrite par la doublure locale de Gemini d'après la couche texte du PDF.
\\usepackage[utf8]{inputenc}
\\usepackage[T1]{fontenc}
\\usepackage[french]{babel}
\\usepackage{amsmath,amssymb}
\\usepackage[margin=2.5cm]{geometry}

\\begin{document}
";

/// A line that begins so describes a figure, which stands where the real service would look for it.
const FIGURE: &str = "Figure :";
const FIGURE_AREA: &str = "[300, 200, 600, 800]";

/// A complete document with the given pages, numbered from `first`: a section and the paragraphs of each.
pub(super) fn latex(pages: &[String], first: usize) -> String {
    let mut latex = String::from(OPENING);
    for (number, page) in (first..).zip(pages) {
        let _ = write!(latex, "\n\\section*{{Page {number}}}\n\n");
        if page.is_empty() {
            // A scan: the real service reads the picture, this one cannot.
            let _ = writeln!(
                latex,
                "\\textit{{[Page {number} : image sans couche texte. La doublure locale ne lit pas l'écriture \
                 manuscrite ; le vrai service la transcrirait.]}}"
            );
        } else {
            for line in page.lines() {
                let is_figure = line.starts_with(FIGURE);
                if is_figure {
                    let _ = write!(latex, "\n% figure {number} {FIGURE_AREA}\n\\fbox{{");
                }
                line.chars().for_each(|character| push_escaped(&mut latex, character));
                latex.push_str(if is_figure { "}\n\n" } else { "\n" });
            }
        }
    }
    latex.push_str("\n\\end{document}\n");
    latex
}

/// A character that pdflatex cannot set is written as its number.
fn push_escaped(latex: &mut String, character: char) {
    match character {
        '\\' => latex.push_str("\\textbackslash{}"),
        '~' => latex.push_str("\\textasciitilde{}"),
        '^' => latex.push_str("\\textasciicircum{}"),
        '{' | '}' | '$' | '&' | '#' | '%' | '_' => latex.extend(['\\', character]),
        '\u{a0}' | '\u{202f}' => latex.push('~'),
        '−' => latex.push_str("$-$"),
        // A straight double quote is a shorthand in some languages of babel.
        '"' => latex.push_str("''"),
        '\n' | ' '..='~' | '¡'..='ÿ' => latex.push(character),
        _ if "œŒŸ€–—‘’“”„…•".contains(character) => latex.push(character),
        _ => {
            let _ = write!(latex, "[U+{:04X}]", u32::from(character));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_written_so_that_it_compiles() {
        for (text, expected) in [
            ("100 % & #1 d'une_clé", "100 \\% \\& \\#1 d'une\\_clé"),
            ("\\write18{rm} $x^2$", "\\textbackslash{}write18\\{rm\\} \\$x\\textasciicircum{}2\\$"),
            ("« œuvre »\u{a0}: \"là\"", "« œuvre »~: ''là''"),
            ("a\n\nb", "a\n\nb"),
            ("2 − 3", "2 $-$ 3"),
            ("x ∈ A\u{7}", "x [U+2208] A[U+0007]"),
        ] {
            let latex = latex(&[text.to_owned()], 1);
            assert!(latex.contains(&format!("\\section*{{Page 1}}\n\n{expected}\n\n\\end")), "{latex}");
        }
    }

    #[test]
    fn a_line_about_a_figure_becomes_a_box_with_its_place() {
        let latex = latex(&["Soit f.\nFigure : 50 % de f\nConclure.".into()], 2);
        let expected =
            "Soit f.\n\n% figure 2 [300, 200, 600, 800]\n\\fbox{Figure : 50 \\% de f}\n\nConclure.\n";
        assert!(latex.contains(expected), "{latex}");
    }

    #[test]
    fn pages_are_numbered_and_one_without_text_says_so() {
        let latex = latex(&["un".into(), String::new()], 4);
        assert!(
            latex.contains("\\section*{Page 4}\n\nun\n\n\\section*{Page 5}\n\n\\textit{[Page 5 :"),
            "{latex}"
        );
    }
}
