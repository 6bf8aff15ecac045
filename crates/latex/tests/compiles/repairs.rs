//! Lists without an item, rows that are too long, and commands of packages that are not loaded.

use latex::{Finding, finish, is_document};

use crate::corpus::documents;
use crate::tex::{assert_compiles, check};

fn document(preamble: &str, body: &str) -> String {
    format!(
        "\\documentclass{{article}}\n\\usepackage[utf8]{{inputenc}}\n\\usepackage[T1]{{fontenc}}\n{preamble}\\begin{{document}}\n\
         {body}\n\\end{{document}}\n"
    )
}

fn codes(latex: &str) -> Vec<&'static str> {
    finish(latex, true).findings.iter().map(Finding::code).collect()
}

#[test]
fn a_list_without_an_item_compiles() {
    for list in [
        "\\begin{itemize}\n\\end{itemize}",
        "\\begin{enumerate}\\end{enumerate}",
        "\\begin{description}\n% rien\n\n\\end{description}",
        "\\begin{itemize}[label=--]\n\\end{itemize}",
        "\\begin{itemize}\nTexte oublié.\n\\item Un\n\\end{itemize}",
        "\\begin{enumerate}\n\\item Un\n\\begin{enumerate}\n\\end{enumerate}\n\\item Deux\n\\end{enumerate}",
    ] {
        let raw = document("\\usepackage{enumitem}\n", list);
        assert!(check(&raw).is_err(), "{list} compiles as it is");
        let finished = finish(&raw, true);
        assert_compiles(list, &finished.latex);
        assert_eq!(codes(&raw), ["characters_replaced"], "{list}");
        assert!(finished.latex.contains("Texte oublié.") == list.contains("Texte oublié."));
    }
}

#[test]
fn the_packages_of_french_numbers_and_prices_are_added() {
    for (preamble, body, codes_expected) in [
        ("", "\\np{12345,6} et \\numprint{7}", &["package_added"][..]),
        ("\\usepackage{numprint}\n", "\\np{12345,6}", &["package_added"]),
        ("", "\\EUR{12} et \\euro{}", &["package_added"]),
        ("\\usepackage[np]{numprint}\n", "\\np{12345,6}", &[]),
        ("\\newcommand{\\np}[1]{#1}\n", "\\np{12345,6}", &[]),
    ] {
        let raw = document(preamble, body);
        let finished = finish(&raw, true);
        assert_compiles(body, &finished.latex);
        assert_eq!(codes(&raw), codes_expected, "{preamble}{body}");
    }
}

#[test]
fn what_cannot_be_repaired_is_said() {
    for (body, code) in [
        ("\\begin{tabular}{|l|c|}\na & b \\\\\nc & d & e \\\\\n\\end{tabular}", "extra_cells"),
        ("$\\begin{array}{l}a & b\\end{array}$", "extra_cells"),
        ("Soit $x\\in\\R$.", "unknown_command"),
        ("$\\abs{x}$ et $\\vect{AB}$", "unknown_command"),
    ] {
        let raw = document("", body);
        let finished = finish(&raw, true);
        assert!(check(&finished.latex).is_err(), "{body} compiles");
        let finding = finished.findings.first().unwrap();
        assert_eq!((finding.code(), finding.line().is_some()), (code, true), "{body}");
    }
}

#[test]
fn no_real_document_is_taken_for_a_refusal() {
    for (name, latex) in documents() {
        assert!(is_document(&latex), "{name}");
    }
}
