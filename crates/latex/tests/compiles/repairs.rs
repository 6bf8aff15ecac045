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
        "\\begin{itemize}[label=$\\bullet$]\n$x=1$ donc\n\\item Un\n\\end{itemize}",
        "\\begin{enumerate}[label=\\alph*)]\n\\textbf{Un} : a\n\\item Deux\n\\end{enumerate}",
        "\\begin{itemize}\n{\\bf Un} : a\n\\item Deux\n\\end{itemize}",
        "\\begin{itemize}\n\\[ x = 1 \\]\n\\end{itemize}",
        "\\begin{enumerate}\n(a) Un\n\n(b) Deux\n\\end{enumerate}",
        "\\begin{enumerate}\n\\begin{enumerate}\n\\item Un\n\\end{enumerate}\n\\end{enumerate}",
        "\\begin{itemize}\n\\begin{center}\nUn\n\\end{center}\n\\end{itemize}",
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
        ("\\begin{tabular}{ll}\na & \\# & c\n\\end{tabular}\n% & # 1", "extra_cells"),
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
fn what_only_looks_wrong_is_left_alone() {
    for (preamble, body) in [
        ("\\NewDocumentEnvironment{questions}{}{\\par}{\\par}\n", "\\begin{questions} Soit.\\end{questions}"),
        ("\\newtheorem{questions}{Questions}\n", "\\begin{questions}\nSoit un entier.\n\\end{questions}"),
        ("\\def\\itemize{\\par}\\def\\enditemize{\\par}\n", "\\begin{itemize}\nSoit.\n\\end{itemize}"),
        ("", "\\begin{itemize}\n% rien\n\\item[\\textbf{a\nb}] c\n\\end{itemize}"),
        ("", "\\begin{tabular}{ll}a & b \\crcr c & d \\crcr\\end{tabular}"),
        (
            "\\usepackage{longtable}\n",
            "\\begin{longtable}{ll}\naaa & bbb \\kill\nA & B \\endhead\nc & d \\\\\n\\end{longtable}",
        ),
        (
            "\\newcommand{\\fin}{\\rule{0pt}{3ex}\\\\ \\hline}\n",
            "\\begin{tabular}{ll}a & b \\fin c & d \\fin\\end{tabular}",
        ),
        (
            "\\let\\plain\\tabular\\let\\endplain\\endtabular\n\\renewenvironment{tabular}[1]{\\plain{#1l}}{\\endplain}\n",
            "\\begin{tabular}{ll}a & b & c\\end{tabular}",
        ),
        (
            "",
            "\\begin{tabular}{|l|c|}a & \\begin{tabular}{ccc}1&2&3\\\\4&5&6\\end{tabular} \\\\[2pt] \\verb|&| & b\\\\*\n\\end{tabular}",
        ),
        ("", "\\texttt{\\detokenize{\\begin{itemize}}} \\detokenize{\\begin{itemize} Un}"),
        ("", "\\texttt{\\string\\begin{itemize} Un, a\\string_b\\string&c}"),
        ("\\usepackage{url}\n", "\\path|a&b_c#d| et \\url|x&y| et \\path{a&b_c}"),
        (
            "\\usepackage{multicol}\n",
            "\\begin{itemize}\\begin{multicols}{2}\\item a\\item b\\end{multicols}\\end{itemize}",
        ),
        ("\\usepackage{xcolor}\n", "\\begin{itemize}\n{\\color{red}\\item a}\n\\end{itemize}"),
        ("", "\\newcommand{\\n}[2]{#1 & #2}\\begin{tabular}{ll}\\n{a}{b} \\\\ a & b\\end{tabular}"),
        ("\\newcount\\N\n", "\\N=5 \\the\\N"),
        ("\\newdimen\\R\n", "\\R=5pt \\the\\R"),
        ("\\usepackage{tikz}\n", "\\pgfmathsetmacro{\\R}{2}$\\R$"),
        (
            "\\usepackage{tikz}\n",
            "\\begin{tikzpicture}\\foreach \\N in {1,2} {\\draw (\\N,0) circle (1);}\\end{tikzpicture}",
        ),
        ("\\usepackage{amssymb}\n\\usepackage{mafr}\n", "$x\\in\\R$"),
    ] {
        let raw = document(preamble, body);
        assert_compiles(body, &raw);
        let finished = finish(&raw, true);
        assert_eq!((finished.latex.as_str(), codes(&raw)), (raw.as_str(), vec![]), "{body}");
    }
    // Verbatim text between marks of its own, which is not understood, is not repaired either.
    let raw = document("\\usepackage{shortvrb}\\MakeShortVerb{\\|}\n", "|\\begin{itemize} a| et |a & b|.");
    assert_compiles("short verbatim", &finish(&raw, true).latex);
}

#[test]
fn no_real_document_is_taken_for_a_refusal() {
    for (name, latex) in documents() {
        assert!(is_document(&latex), "{name}");
    }
}
