//! Which package each command and environment comes from, as far as transcribed courses use them.

use std::collections::BTreeSet;

use crate::tokens::{Kind, argument, tokens};

/// What is needed, and the packages any of which gives it; the first is the one to add.
type Row = (&'static [&'static str], &'static [&'static str]);

const COMMANDS: &[Row] = &[
    (
        &[
            "text",
            "dfrac",
            "tfrac",
            "binom",
            "eqref",
            "intertext",
            "iint",
            "iiint",
            "operatorname",
            "substack",
            "DeclareMathOperator",
            "xrightarrow",
            "xleftarrow",
            "boldsymbol",
            "implies",
            "iff",
            "overset",
            "underset",
        ],
        &["amsmath", "mathtools", "unicode-math"],
    ),
    (&["mathbb", "mathfrak"], &["amssymb", "amsfonts", "dsfont", "unicode-math"]),
    (
        &[
            "leqslant",
            "geqslant",
            "varnothing",
            "blacksquare",
            "square",
            "nmid",
            "nexists",
            "complement",
            "subsetneq",
            "lesssim",
            "gtrsim",
            "therefore",
            "because",
            "curvearrowright",
        ],
        &["amssymb", "unicode-math"],
    ),
    (&["coloneqq", "eqqcolon", "DeclarePairedDelimiter"], &["mathtools"]),
    (&["includegraphics"], &["graphicx", "graphics"]),
    (&["href"], &["hyperref"]),
    (&["url"], &["hyperref", "url"]),
    (&["toprule", "midrule", "bottomrule"], &["booktabs"]),
    (&["multirow"], &["multirow"]),
    (&["SI", "si", "qty", "num", "unit"], &["siunitx"]),
    (&["tikz"], &["tikz", "pgfplots", "tkz-tab", "circuitikz"]),
    (&["textcolor", "color", "definecolor", "colorbox"], &["xcolor", "color", "tikz", "pgfplots"]),
    (&["cancel", "bcancel", "xcancel"], &["cancel"]),
    (&["llbracket", "rrbracket"], &["stmaryrd"]),
    (&["mathscr"], &["mathrsfs", "unicode-math"]),
    (&["euro"], &["eurosym", "textcomp"]),
    (&["bm"], &["bm"]),
    (&["ce"], &["mhchem"]),
    (&["ding"], &["pifont"]),
    (&["geometry"], &["geometry"]),
    (&["lstset", "lstinline"], &["listings"]),
    (&["tkzTabInit", "tkzTabLine", "tkzTabVar"], &["tkz-tab"]),
];

const ENVIRONMENTS: &[Row] = &[
    (
        &[
            "align",
            "align*",
            "gather",
            "gather*",
            "multline",
            "multline*",
            "cases",
            "pmatrix",
            "bmatrix",
            "vmatrix",
            "Vmatrix",
            "matrix",
            "split",
            "aligned",
            "alignat",
            "alignat*",
            "equation*",
            "gathered",
            "smallmatrix",
        ],
        &["amsmath", "mathtools"],
    ),
    (&["proof"], &["amsthm"]),
    (&["tikzpicture"], &["tikz", "pgfplots", "tkz-tab", "circuitikz"]),
    (&["axis"], &["pgfplots"]),
    (&["tabularx"], &["tabularx"]),
    (&["longtable"], &["longtable"]),
    (&["lstlisting"], &["listings"]),
    (&["multicols"], &["multicol"]),
    (&["wrapfigure"], &["wrapfig"]),
];

const CLASSES_WITH_MATHS: [&str; 3] = ["amsart", "amsbook", "beamer"];

/// The packages to add, each with the first thing that needs it.
pub fn missing(latex: &str) -> Vec<(&'static str, String)> {
    let all = tokens(latex);
    let rest = |at: usize| latex.get(at..).unwrap_or_default();
    let mut loaded: BTreeSet<&str> = BTreeSet::new();
    let mut own: BTreeSet<&str> = BTreeSet::new();
    for (index, token) in all.iter().enumerate() {
        match token.kind {
            Kind::Command("usepackage" | "RequirePackage" | "documentclass") => {
                let text = rest(token.at);
                let list =
                    text.find('{').and_then(|at| text.get(at..)).and_then(argument).unwrap_or_default();
                loaded.extend(list.split(',').map(str::trim));
            }
            Kind::Command(
                "newcommand"
                | "renewcommand"
                | "providecommand"
                | "def"
                | "DeclareMathOperator"
                | "newenvironment",
            ) => {
                let next = all.iter().skip(index + 1).take(2).find_map(|token| match token.kind {
                    Kind::Command(name) => Some(name),
                    _ => None,
                });
                own.extend(next);
            }
            _ => {}
        }
    }
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for token in &all {
        let (table, name, shown) = match token.kind {
            Kind::Command(name) => (COMMANDS, name, format!("\\{name}")),
            Kind::Begin(name) => (ENVIRONMENTS, name, name.to_owned()),
            _ => continue,
        };
        for (_, packages) in table.iter().filter(|(names, _)| names.contains(&name) && !own.contains(name)) {
            let given = packages.iter().any(|package| loaded.contains(package))
                || (packages.iter().any(|package| package.starts_with("ams"))
                    && CLASSES_WITH_MATHS.iter().any(|class| loaded.contains(class)));
            if let (false, Some(package)) = (given, packages.first()) {
                loaded.insert(package);
                found.push((package, shown.clone()));
            }
        }
    }
    found
}

/// Loads `packages` at the end of the preamble.
pub fn add(latex: &str, packages: &[(&'static str, String)]) -> String {
    let lines: String = packages.iter().map(|(package, _)| format!("\\usepackage{{{package}}}\n")).collect();
    match latex.find("\\begin{document}").and_then(|at| latex.split_at_checked(at)) {
        Some((preamble, body)) => format!("{preamble}{lines}{body}"),
        None => latex.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_a_package_is_found_once() {
        let check = |latex: &str, expected: &[&str]| {
            let found: Vec<&str> = missing(latex).into_iter().map(|(package, _)| package).collect();
            assert_eq!(found, expected, "{latex}");
        };
        check(r"\begin{align}\mathbb{R}\end{align}\begin{cases}\end{cases}", &["amsmath", "amssymb"]);
        check(r"\usepackage{amsmath,amssymb}\begin{align}\mathbb{R}\end{align}", &[]);
        check(r"\usepackage[fleqn]{mathtools}\dfrac12", &[]);
        check(r"\documentclass{amsart}\dfrac12 \mathbb{R}", &[]);
        check(r"\newcommand{\num}[1]{#1}\num{3}", &[]);
        check(r"\usepackage{amsfonts}\newcommand{\R}{\mathbb{R}}\leqslant", &["amssymb"]);
        check("% \\mathbb\n\\verb|\\dfrac|", &[]);
        check("plain", &[]);
    }

    #[test]
    fn packages_go_to_the_end_of_the_preamble() {
        let added = add("\\documentclass{article}\n\\begin{document}\n", &[("amsmath", String::new())]);
        assert_eq!(added, "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n");
    }
}
