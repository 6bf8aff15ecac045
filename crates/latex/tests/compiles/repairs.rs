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
fn what_tex_stops_at_is_mended() {
    let math = "\\usepackage{amsmath}\n";
    for (preamble, body) in [
        (math, "$$\\begin{align*} x &= 1 \\\\ y &= 2 \\end{align*}$$"),
        (math, "\\[\\left\\{\\begin{align} x &= 1 \\\\ y &= 2 \\end{align}\\right.\\]"),
        (math, "\\begin{equation}\\begin{align} x &= 1 \\\\ y &= 2 \\end{align}\\end{equation}"),
        (
            math,
            "\\[\\begin{eqnarray} x &=& 1 \\end{eqnarray}\\] et $\\begin{multline*} x \\\\ y \\end{multline*}$",
        ),
        (math, "\\begin{equation} x &= 1 \\\\ y_{2} &= \\text{si $x$} \\label{a} \\end{equation}"),
        (math, "\\[ x &= 1 \\\\ y &= 2 \\] et \\begin{gather*} x &= 1 \\\\ y \\end{gather*}"),
        (math, "\\begin{align*} $x$ &= $1$ \\\\ $$y$$ &= 2 \\end{align*}"),
        (math, "\\[ x &lt; 3 \\] et $1 &gt; 0$"),
        ("", "\\section*{A}\\\\ Texte\n\n\\\\[2mm] et\n\n\\newline fin"),
        ("", "\\begin{center}\\\\ a\\end{center}\\\\ b \\begin{itemize}\\item \\\\ c\\end{itemize}\n\\\\ d"),
        (
            "\\title{Maths & Physique_1 − α}\n\\author{Dupont & Cie \\#2 \\and M. ≤}\n\\date{n_1 #2}\n",
            "\\maketitle",
        ),
        ("\\usepackage{fancyhdr}\n\\pagestyle{fancy}\n\\lhead{Maths & Physique}\n\\fancyhead[R]{a_b}\n", "x"),
        (
            "\\usepackage{xcolor}\n\\usepackage{hyperref}\n",
            "\\textcolor{red}{R & D u_1 #2} \\colorbox{yellow}{x & y} \\fcolorbox{red}{white}{a_b} \\parbox[t]{3cm}{R & D} \\href{https://a.b/c_d}{R & D}",
        ),
        (
            "",
            "\\begin{tabular}{ll}\nA & 50% \\\\\nB & 12 % \\\\\n\\end{tabular} \\textbf{100 %} et R & D, a_b, 12% de \\textbf{x}",
        ),
        (
            "\\usepackage[french]{babel}\n\\usepackage{circuitikz}\n",
            "\\begin{circuitikz}\\draw (0,0) to[R=$R$] (0,3);\\end{circuitikz}",
        ),
        ("\\usepackage{tikz}\n\\usepackage[dvipsnames]{xcolor}\n", "\\textcolor{ForestGreen}{x}"),
        (
            "\\usepackage{geometry}\n\\usepackage[margin=3cm]{geometry}\n\\usepackage{enumitem}\n\\usepackage[shortlabels]{enumitem}\n",
            "x",
        ),
        (
            "\\usepackage{amsfonts,amsmath}\n\\newcommand{\\P}{\\mathbb{P}}\n\\newcommand\\div{d}\n\\DeclareMathOperator{\\Im}{Im}\n",
            "$\\P(\\Im f)\\div$",
        ),
        ("\\newcommand{\\R}{R}\n\\newcommand{\\R}{R}\n", "$\\R$"),
    ] {
        let raw = document(preamble, body);
        assert!(check(&raw).is_err() || raw.contains("12% d"), "{raw} compiles as it is");
        let finished = finish(&raw, true);
        assert_compiles(body, &finished.latex);
        assert_eq!(codes(&raw), ["characters_replaced"], "{body}");
        assert_eq!(finish(&finished.latex, true).findings, [], "{}", finished.latex);
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
        ("\\begin{exercice}\nUn\n\\end{exercice}", "unknown_command"),
        ("$\\Ker f$", "unknown_command"),
        ("\\og mot \\fg{}", "unknown_command"),
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
        (
            "\\usepackage{amsmath}\n\\newcommand{\\bp}{\\begin{pmatrix}}\\newcommand{\\ep}{\\end{pmatrix}}\n",
            "\\[ \\bp a & b \\ep \\]",
        ),
        ("\\usepackage{amsmath}\n", "\\begin{gather}\\begin{align} x &= 1 \\end{align}\\end{gather}"),
        ("", "a\n\n\\noindent\\\\ b \\begin{tabular}{p{3cm}l}a\n\n\\\\ b & c\\end{tabular}\\\\ d"),
        ("", "$x$\n\\[y\\]\\\\ c\\rule{3cm}{1pt}% x\n a = 3 % commentaire\nb"),
        ("\\let\\P\\undefined\n\\newcommand{\\P}{p}\n", "\\P"),
        ("\\usepackage[table]{xcolor}\n\\usepackage[table]{xcolor}\n\\usepackage{xcolor}\n", "a"),
        ("\\newtheorem{exercice}{Exercice}\n", "\\begin{exercice}Un\\end{exercice}"),
        ("\\renewcommand{\\title}[1]{x#1}\n", "\\title{a}"),
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
