//! Writes a plain LaTeX document from the lines of a PDF: what a careful typist would do without
//! understanding the subject. The result compiles with pdflatex and says that it is simulated.

mod maths;
mod symbols;

use crate::pdf::{Line, Page};

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
const CLOSING: &str = "\\end{document}\n";
const HEADING_CHARACTERS_MAX: usize = 90;

/// A complete document with the given pages, numbered from `first`.
pub(crate) fn document(pages: &[Page], first: usize) -> String {
    let mut text = String::from(OPENING);
    for (offset, page) in pages.iter().enumerate() {
        text.push_str(&format!("\n% --- Page {} ---\n", first + offset));
        write_page(&mut text, page, first + offset);
    }
    text.push('\n');
    text.push_str(CLOSING);
    text
}

fn write_page(text: &mut String, page: &Page, number: usize) {
    let body_size = usual_size(page);
    let mut wrote = false;
    for (at, line) in page.lines.iter().enumerate() {
        let plain = line.plain();
        if at + 1 == page.lines.len() && is_page_number(&plain) {
            continue;
        }
        write_line(text, line, &plain, body_size);
        wrote = true;
    }
    if !wrote {
        // A scan: the real service would read the picture, this one cannot.
        text.push_str(&format!(
            "\n\\textit{{[Page {number} : image sans couche texte. La doublure locale ne lit pas l'écriture \
             manuscrite ; le vrai service la transcrirait.]}}\n"
        ));
    }
}

fn write_line(text: &mut String, line: &Line, plain: &str, body_size: f64) {
    let latex = maths::line(&line.text);
    match heading(plain, line.size, body_size) {
        Some(command) => text.push_str(&format!("\n\\{command}{{{latex}}}\n\n")),
        None if starts_paragraph(plain) || line.gap > 1.8 => text.push_str(&format!("\n{latex}\n")),
        None => join(text, &latex),
    }
}

/// A word cut at the end of the previous line becomes whole again.
fn join(text: &mut String, latex: &str) {
    let cut = text.ends_with("-\n")
        && text.trim_end_matches("-\n").ends_with(char::is_alphabetic)
        && latex.starts_with(char::is_lowercase)
        // « s'annule- / t-elle » keeps its hyphen.
        && !latex.starts_with("t-");
    if cut {
        text.truncate(text.len() - "-\n".len());
    } else if text.ends_with("-\n") {
        text.truncate(text.len() - "\n".len());
    }
    text.push_str(latex);
    text.push('\n');
}

fn heading(plain: &str, size: f64, body_size: f64) -> Option<&'static str> {
    if plain.chars().count() > HEADING_CHARACTERS_MAX || !plain.chars().any(char::is_alphabetic) {
        return None;
    }
    let lower = plain.to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| titled(&lower, word));
    if named(&["exercice", "problème", "partie", "chapitre", "section", "annexe"]) {
        Some("section*")
    } else if named(&["question"]) && plain.chars().count() < 40 {
        Some("subsection*")
    } else if size > 1.15 * body_size && plain.chars().filter(|c| c.is_alphabetic()).count() > 2 {
        Some("section*")
    } else {
        None
    }
}

/// « Exercice 1 », « Exercice II : … », « Exercice. », but not « exercices de la semaine ».
fn titled(lower: &str, word: &str) -> bool {
    let Some(rest) = lower.strip_prefix(word) else { return false };
    if rest.starts_with(char::is_alphabetic) {
        return false;
    }
    let rest = rest.trim_start();
    let Some(first) = rest.split([' ', ':', '.', ')', '-', '–', '—']).next() else { return true };
    let numbered = first.chars().all(|c| c.is_ascii_digit() || "ivx°".contains(c));
    numbered || (first.chars().count() == 1 && first.chars().all(char::is_alphabetic))
}

/// A numbered item or a named question begins a paragraph of its own.
fn starts_paragraph(plain: &str) -> bool {
    let label: String = plain.chars().take_while(|c| !c.is_whitespace()).collect();
    let numbered = label.ends_with(['.', ')']) && label.chars().count() <= 4;
    numbered || label == "•" || label == "–" || plain.to_lowercase().starts_with("question ")
}

fn is_page_number(plain: &str) -> bool {
    plain.chars().count() <= 9 && plain.chars().all(|c| c.is_ascii_digit() || "/ -–".contains(c))
}

/// The size in which most characters are set.
fn usual_size(page: &Page) -> f64 {
    let mut sizes: Vec<(f64, usize)> = Vec::new();
    for line in &page.lines {
        match sizes.iter_mut().find(|(size, _)| (size - line.size).abs() < 0.3) {
            Some((_, characters)) => *characters += line.text.len(),
            None => sizes.push((line.size, line.text.len())),
        }
    }
    sizes.iter().max_by_key(|(_, characters)| *characters).map_or(10.0, |(size, _)| *size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_told_from_sentences() {
        for (plain, expected) in [
            ("Exercice 1 : équations", Some("section*")),
            ("EXERCICE II", Some("section*")),
            ("Partie A", Some("section*")),
            ("Problème", Some("section*")),
            ("Question 3.", Some("subsection*")),
            ("Exercices de la semaine", None),
            ("Partie entière de x", None),
            ("Soit f une fonction.", None),
            ("12", None),
        ] {
            assert_eq!(heading(plain, 10.0, 10.0), expected, "{plain}");
        }
        assert_eq!(heading("Examen d'algèbre", 17.0, 10.0), Some("section*"));
    }

    #[test]
    fn a_page_without_text_says_so() {
        let text = document(&[Page::default()], 4);
        assert!(text.contains("% --- Page 4 ---") && text.contains("sans couche texte"), "{text}");
        assert!(text.contains("\n% Réponse simulée") && text.ends_with("\\end{document}\n"));
    }

    #[test]
    fn a_cut_word_is_joined_and_a_compound_keeps_its_hyphen() {
        let mut text = String::from("une équa-\n");
        join(&mut text, "tion simple");
        assert_eq!(text, "une équation simple\n");
        let mut text = String::from("s'annule-\n");
        join(&mut text, "t-elle ?");
        assert_eq!(text, "s'annule-t-elle ?\n");
    }
}
