//! Loads the packages whose commands and environments a document uses without loading them.

use std::collections::BTreeMap;

use crate::groups::{OPTIONS_BYTES_MAX, argument, argument_after_options};
use crate::modes::listed;
use crate::own::defines_environment;
use crate::provided::{LOADED_BY, PROVIDED};
use crate::tokens::{Kind, Token, tokens};

/// In place of a package: none gives the commands with certainty.
pub(crate) const UNKNOWN: &str = "?";

/// A package to load.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub package: &'static str,
    /// The first thing that needs it.
    pub needed_by: String,
    /// Where it is to be loaded: before its first use in the preamble, or at the end of the preamble.
    at: usize,
}

/// One type for all: a set of names would be another 2 KB of a component.
type Names<'a> = BTreeMap<&'a str, usize>;

/// What a document loads, defines and uses.
#[derive(Debug, Default)]
struct Uses<'a> {
    loaded: Names<'a>,
    own: Names<'a>,
    /// The first use of each command (with its backslash) and environment, and where a package would have to be loaded
    /// for it.
    first: Names<'a>,
    end_of_preamble: Option<usize>,
}

/// The packages to add, in the order in which they are loaded at one place.
pub(crate) fn missing(latex: &str) -> Vec<Missing> {
    let Uses { mut loaded, own, first, end_of_preamble } = uses(latex);
    let Some(end) = end_of_preamble else { return Vec::new() };
    let mut found = Vec::new();
    // Another class may define environments.
    let is_plain_class =
        ["article", "report", "book", "scrartcl"].iter().any(|class| loaded.contains_key(class));
    // The names of what this defines are not known.
    let may_define = ["csname", "namedef", "csvlist"].iter().any(|mark| latex.contains(mark));
    for (packages, commands, environments) in PROVIDED {
        let Some(package) = packages.split(' ').next() else { continue };
        if packages.split(' ').any(|package| loaded.contains_key(package)) {
            continue;
        }
        if may_define && package == UNKNOWN {
            continue;
        }
        // Loading it would clash with what the document defines itself.
        let mut names = commands.split_whitespace().chain(environments.split_whitespace());
        if package != UNKNOWN && names.any(|name| own.contains_key(name)) {
            continue;
        }
        let is_own = |name: &str| package == UNKNOWN && own.contains_key(name);
        let commands =
            commands.split_whitespace().filter(|name| !is_own(name)).map(|name| format!("\\{name}"));
        let environments = environments
            .split_whitespace()
            .filter(|name| {
                package != UNKNOWN
                    || is_plain_class
                        && !is_own(name)
                        && first.contains_key(name)
                        && !defines_environment(latex, name)
            })
            .map(str::to_owned);
        let needs = commands.chain(environments).filter_map(|name| Some((*first.get(name.as_str())?, name)));
        if let Some((at, needed_by)) = needs.min() {
            // amsthm changes what `\newtheorem` does: none may stand before it.
            let package = if package == "np" { "numprint" } else { package };
            let theorem = first.get("\\newtheorem").filter(|_| package == "amsthm");
            let at = theorem.map_or(at, |theorem| at.min(*theorem));
            found.push(Missing { package, needed_by, at: at.min(end) });
            if package != UNKNOWN {
                loaded.insert(package, 0);
                imply(&mut loaded);
            }
        }
    }
    found
}

/// Loads `packages`.
pub(crate) fn add(latex: &str, packages: &[Missing]) -> String {
    // Not sorted: that would add 6 KB to a component.
    let mut places: Vec<&Missing> = Vec::new();
    for missing in packages.iter().filter(|missing| missing.package != UNKNOWN) {
        let at = places.iter().take_while(|other| other.at <= missing.at).count();
        places.insert(at, missing);
    }
    let mut added = String::with_capacity(latex.len() + 32 * packages.len());
    let mut from = 0;
    for missing in places {
        added.push_str(latex.get(from..missing.at).unwrap_or_default());
        if !(added.is_empty() || added.ends_with('\n')) {
            added.push('\n');
        }
        added.push_str(&format!("\\usepackage{{{}}}", missing.package));
        // Its option of this name would clash where the package is loaded without it.
        added.push_str(if missing.needed_by == "\\np" {
            "\\providecommand*\\np{\\numprint}\n"
        } else {
            "\n"
        });
        from = missing.at;
    }
    added.push_str(latex.get(from..).unwrap_or_default());
    added
}

fn uses(latex: &str) -> Uses<'_> {
    let all = tokens(latex);
    let mut uses = Uses::default();
    let mut depth = 0_usize;
    // Where the preamble's next line begins that is outside of every group.
    let mut line = 0;
    for (index, token) in all.iter().enumerate() {
        if depth == 0 && uses.end_of_preamble.is_none() {
            line = start_of_line(latex, token.at, line);
        }
        // Whatever stands in a group of the preamble is read later.
        let at = if depth == 0 && uses.end_of_preamble.is_none() { line } else { usize::MAX };
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Begin("document") => uses.end_of_preamble = uses.end_of_preamble.or(Some(line)),
            Kind::Begin(name) => {
                uses.first.entry(name).or_insert(at);
                if let Some(feature) = feature(name, latex.get(token.end..).unwrap_or_default()) {
                    uses.first.entry(feature).or_insert(at);
                }
            }
            Kind::Command(name) => {
                uses.command(latex, name, all.get(index..).unwrap_or_default());
                let written = latex.get(token.at..=token.at + name.len()).unwrap_or_default();
                uses.first.entry(written).or_insert(at);
                if name == "pagestyle"
                    && argument(latex.get(token.end..).unwrap_or_default()) == Some("fancy")
                {
                    uses.first.entry("\\pagestyle{fancy}").or_insert(at);
                }
            }
            _ => {}
        }
    }
    imply(&mut uses.loaded);
    uses
}

/// What an environment of LaTeX itself does only with a package, named by the mark of it.
fn feature(name: &str, rest: &str) -> Option<&'static str> {
    let near = rest.get(..rest.floor_char_boundary(OPTIONS_BYTES_MAX)).unwrap_or_default();
    let near = near.lines().next().unwrap_or_default();
    let options = near.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_default();
    match name {
        "enumerate" | "itemize" | "description" if options.contains('=') => Some("[label=…]"),
        "enumerate" => (!options.is_empty()).then_some("[1.]"),
        "figure" | "table" => (options == "H").then_some("[H]"),
        "tabular" | "array" => {
            (near.starts_with(['{', '[']) && (near.contains(">{") || near.contains("<{"))).then_some(">{…}")
        }
        _ => None,
    }
}

/// The start of the line of `at`, if nothing but blanks stands before it in the line; else `at` itself.
fn start_of_line(latex: &str, at: usize, not_before: usize) -> usize {
    let before = latex.get(not_before..at).unwrap_or_default();
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    if before.ends_with('\n')
        || at == 0
        || before.get(..before.len() - blanks).is_some_and(|rest| rest.ends_with('\n'))
    {
        at - blanks
    } else {
        at
    }
}

fn imply(loaded: &mut Names<'_>) {
    for (package, others) in LOADED_BY {
        if others.split(' ').any(|other| loaded.contains_key(other)) {
            loaded.insert(package, 0);
        }
    }
}

impl<'a> Uses<'a> {
    fn command(&mut self, latex: &'a str, name: &'a str, from: &[Token<'a>]) {
        let Some(token) = from.first() else { return };
        let rest = latex.get(token.end..).unwrap_or_default();
        match name {
            "usepackage"
            | "RequirePackage"
            | "RequirePackageWithOptions"
            | "documentclass"
            | "LoadClass"
            | "tcbuselibrary" => {
                // Options count too: `[most]` of tcolorbox loads tikz.
                let (options, list) = lists(rest);
                let names = [options, list].into_iter().flat_map(|list| list.split([',', '\n']));
                for name in names {
                    let name = name.split('%').next().unwrap_or_default().trim();
                    self.loaded.insert(name.strip_prefix("main=").unwrap_or(name), 0);
                }
            }
            "newenvironment"
            | "renewenvironment"
            | "NewDocumentEnvironment"
            | "newtheorem"
            | "newtcolorbox"
            | "lstnewenvironment"
            | "newtcbtheorem" => {
                if let Some(name) = argument(rest.strip_prefix('*').unwrap_or(rest)) {
                    self.own.insert(name.trim(), 0);
                }
            }
            "declaretheorem" => {
                let names = argument_after_options(rest).unwrap_or_default().split(',');
                self.own.extend(names.map(|name| (name.trim(), 0)));
            }
            _ if defines(name) => {
                for token in from.iter().skip(1).take(2) {
                    if let Kind::Command(name) = token.kind {
                        self.own.insert(name, 0);
                        break;
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a command gives the next one its meaning.
pub(crate) fn defines(name: &str) -> bool {
    name.ends_with("def")
        || name.contains("ommand")
        || name.starts_with("DeclareMath")
        || name.starts_with("DeclarePaired")
        // Of tikz: `\pgfmathsetmacro`.
        || name.ends_with("macro")
        || listed(
            " let newlength newsavebox newcounter newrobustcmd newcount newdimen newtoks foreach ",
            name,
        )
}

/// The options in brackets and the list in braces behind a command, over several lines.
pub(crate) fn lists(text: &str) -> (&str, &str) {
    let near = text.get(..text.floor_char_boundary(OPTIONS_BYTES_MAX)).unwrap_or(text);
    let mut rest = skip_blanks(near);
    let mut options = "";
    if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        options = inside;
        rest = skip_blanks(after);
    }
    let list = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(list, _)| list);
    (options, list)
}

/// Blanks, line ends and comments.
fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('%') {
        rest = rest.split_once('\n').map_or("", |(_, next)| next).trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(latex: &str) -> Vec<&'static str> {
        missing(latex).into_iter().map(|missing| missing.package).collect()
    }

    #[test]
    fn what_lacks_a_package_is_found_once() {
        let check = |preamble: &str, body: &str, expected: &[&str]| {
            assert_eq!(found(&format!("{preamble}\\begin{{document}}{body}")), expected, "{preamble} {body}");
        };
        check("", r"\begin{align}\mathbb{R}\end{align}\begin{cases}\end{cases}", &["amsmath", "amssymb"]);
        check(r"\usepackage{amsmath,amssymb}", r"\begin{align}\mathbb{R}\end{align}", &[]);
        check(r"\usepackage[fleqn]{mathtools}", r"\dfrac12", &[]);
        check("\\usepackage[\n  fleqn\n]{\n  amsmath, % x\n  amssymb\n}", r"\dfrac12 \mathbb{R}", &[]);
        check(r"\documentclass{amsart}", r"\dfrac12 \mathbb{R}", &[]);
        check(r"\newcommand{\num}[1]{#1}", r"\num{3}", &[]);
        check(r"\newenvironment{proof}{}{}", r"\begin{proof}\end{proof}", &[]);
        check(r"\usepackage{amsfonts}\newcommand{\R}{\mathbb{R}}", r"\leqslant", &["amssymb"]);
        check(r"\usepackage{tkz-tab}", r"\begin{tikzpicture}\color{red}\rotatebox{9}{a}", &[]);
        check(r"\usepackage{tcolorbox}", r"\begin{tikzpicture}", &["tikz"]);
        check(r"\usepackage[most]{tcolorbox}", r"\begin{tikzpicture}", &[]);
        check("", "% \\mathbb\n\\verb|\\dfrac|", &[]);
        check(
            "",
            "\\begin{enumerate}[label=\\alph*)]\\begin{figure}[H]\\begin{tabular}{>{a}c}",
            &["array", "enumitem", "float"],
        );
        check("", "plain", &[]);
        check(r"\documentclass{article}", r"\begin{theorem}", &["?"]);
        check(r"\documentclass{article}\usepackage{exercises}", r"\begin{exercise}", &[]);
        check(r"\documentclass{article}\declaretheorem[name=T]{theorem, lemma}", r"\begin{lemma}", &[]);
        check(r"\usepackage[english,main=french]{babel}", r"\og a \fg", &[]);
    }

    #[test]
    fn packages_are_loaded_before_their_first_use() {
        let check = |preamble: &str, expected: &str| {
            let latex = format!("\\documentclass{{article}}\n{preamble}\\begin{{document}}\n");
            let added = add(&latex, &missing(&latex));
            assert_eq!(added, format!("\\documentclass{{article}}\n{expected}\\begin{{document}}\n"));
        };
        check("\\newcommand{\\R}{\\mathbb{R}}\n", "\\newcommand{\\R}{\\mathbb{R}}\n\\usepackage{amssymb}\n");
        check(
            "\\title{a}\n  \\geometry{\n margin=1cm}\n\\date{}\n",
            "\\title{a}\n\\usepackage{geometry}\n  \\geometry{\n margin=1cm}\n\\date{}\n",
        );
        check("\\def\\x{\n} \\lstset{}\n", "\\def\\x{\n} \n\\usepackage{listings}\n\\lstset{}\n");
        check(
            "\\definecolor{a}{rgb}{1,0,0}\\DeclareMathOperator{\\rg}{rg}\n",
            "\\usepackage{xcolor}\n\\definecolor{a}{rgb}{1,0,0}\n\\usepackage{amsmath}\n\\DeclareMathOperator{\\rg}{rg}\n",
        );
    }
}
