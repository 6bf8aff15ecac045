//! Which package each command and environment comes from, as far as transcribed courses use them.

use std::collections::BTreeSet;

use crate::tokens::{Kind, Token, argument_after_options, tokens};

const CLASSES_WITH_MATHS: [&str; 3] = ["amsart", "amsbook", "beamer"];

/// The packages to add, each with the first thing that needs it.
pub(crate) fn missing(latex: &str) -> Vec<(&'static str, String)> {
    let all = tokens(latex);
    let (mut loaded, own) = preamble(latex, &all);
    if CLASSES_WITH_MATHS.iter().any(|class| loaded.contains(class)) {
        loaded.extend(["amsmath", "amssymb", "amsfonts", "amsthm"]);
    }
    let mut found = Vec::new();
    for token in &all {
        let (packages, name, mark) = match token.kind {
            Kind::Command(name) => (of_command(name), name, "\\"),
            Kind::Begin(name) => (of_environment(name), name, ""),
            _ => continue,
        };
        if own.contains(name) || packages.iter().any(|package| loaded.contains(package)) {
            continue;
        }
        if let Some(package) = packages.first() {
            loaded.insert(package);
            found.push((*package, format!("{mark}{name}")));
        }
    }
    found
}

/// The class and the packages that are loaded, and the commands and environments that the document defines.
fn preamble<'a>(latex: &'a str, tokens: &[Token<'a>]) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let mut loaded = BTreeSet::new();
    let mut own = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Command("usepackage" | "RequirePackage" | "documentclass") => {
                let rest = latex.get(token.end..).unwrap_or_default();
                let list = argument_after_options(rest).unwrap_or_default();
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
                own.extend(tokens.iter().skip(index + 1).take(2).find_map(|token| match token.kind {
                    Kind::Command(name) => Some(name),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (loaded, own)
}

/// Loads `packages` at the end of the preamble.
pub(crate) fn add(latex: &str, packages: &[(&'static str, String)]) -> String {
    let lines: String = packages.iter().map(|(package, _)| format!("\\usepackage{{{package}}}\n")).collect();
    match latex.find("\\begin{document}").and_then(|at| latex.split_at_checked(at)) {
        Some((preamble, body)) => format!("{preamble}{lines}{body}"),
        None => latex.to_owned(),
    }
}

/// The packages any of which gives a command; the first one is the one to add.
fn of_command(name: &str) -> &'static [&'static str] {
    match name {
        "text"
        | "dfrac"
        | "tfrac"
        | "binom"
        | "eqref"
        | "intertext"
        | "iint"
        | "iiint"
        | "operatorname"
        | "substack"
        | "DeclareMathOperator"
        | "xrightarrow"
        | "xleftarrow"
        | "boldsymbol"
        | "implies"
        | "iff"
        | "overset"
        | "underset" => &["amsmath", "mathtools", "unicode-math"],
        "mathbb" | "mathfrak" => &["amssymb", "amsfonts", "dsfont", "unicode-math"],
        "leqslant" | "geqslant" | "varnothing" | "blacksquare" | "square" | "nmid" | "nexists"
        | "complement" | "subsetneq" | "lesssim" | "gtrsim" | "therefore" | "because" | "curvearrowright" => {
            &["amssymb", "unicode-math"]
        }
        "coloneqq" | "eqqcolon" | "DeclarePairedDelimiter" => &["mathtools"],
        "includegraphics" => &["graphicx", "graphics"],
        "href" => &["hyperref"],
        "url" => &["hyperref", "url"],
        "toprule" | "midrule" | "bottomrule" => &["booktabs"],
        "multirow" => &["multirow"],
        "SI" | "si" | "qty" | "num" | "unit" => &["siunitx"],
        "tikz" => &["tikz", "pgfplots", "tkz-tab", "circuitikz"],
        "textcolor" | "color" | "definecolor" | "colorbox" => &["xcolor", "color", "tikz", "pgfplots"],
        "cancel" | "bcancel" | "xcancel" => &["cancel"],
        "llbracket" | "rrbracket" => &["stmaryrd"],
        "mathscr" => &["mathrsfs", "unicode-math"],
        "euro" => &["eurosym", "textcomp"],
        "bm" => &["bm"],
        "ce" => &["mhchem"],
        "ding" => &["pifont"],
        "geometry" => &["geometry"],
        "lstset" | "lstinline" => &["listings"],
        "tkzTabInit" | "tkzTabLine" | "tkzTabVar" => &["tkz-tab"],
        _ => &[],
    }
}

/// The same for an environment.
fn of_environment(name: &str) -> &'static [&'static str] {
    match name {
        "align" | "align*" | "gather" | "gather*" | "multline" | "multline*" | "cases" | "pmatrix"
        | "bmatrix" | "vmatrix" | "Vmatrix" | "matrix" | "split" | "aligned" | "alignat" | "alignat*"
        | "equation*" | "gathered" | "smallmatrix" => &["amsmath", "mathtools"],
        "proof" => &["amsthm"],
        "tikzpicture" => &["tikz", "pgfplots", "tkz-tab", "circuitikz"],
        "axis" => &["pgfplots"],
        "tabularx" => &["tabularx"],
        "longtable" => &["longtable"],
        "lstlisting" => &["listings"],
        "multicols" => &["multicol"],
        "wrapfigure" => &["wrapfig"],
        _ => &[],
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
