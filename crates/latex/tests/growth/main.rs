//! The work grows with the length of the input, not with the square of it, whatever is nested in it or repeated.
//!
//! Counted are the instructions of the crate as WebAssembly, which include those of the standard library.

mod guest;
mod nesting;

use guest::Guest;
use nesting::NESTED;

/// Bytes of the smaller input: enough that what every call costs does not matter.
const BYTES: usize = 4 * 1024;
/// Four times the input costs four times the work, with n log n a little more, with n² sixteen times.
const RATIO_MAX: u64 = 6;

/// Compares `work` on the input that `make` builds from a number of repetitions with its work on four times as much.
fn check(name: &str, make: impl Fn(usize) -> String, work: impl Fn(&str) -> u64) {
    check_from(BYTES, name, make, work);
}

/// The same from so many bytes on: what is quick for each byte only shows in a longer input.
fn check_from(bytes: usize, name: &str, make: impl Fn(usize) -> String, work: impl Fn(&str) -> u64) {
    let mut times = 16;
    while make(times).len() < bytes {
        times *= 2;
    }
    let (one, four) = (work(&make(times)), work(&make(4 * times)));
    assert!(four <= RATIO_MAX * one, "{name}: {one} instructions for n, {four} for 4n");
}

/// Definitions that are nested, or that name each other.
const DEFINITIONS: [(&str, &str); 5] = [
    ("\\newcommand{\\a}{$\\a$", "}"),
    ("\\newcommand{\\a}{\\b}$\\a$", ""),
    ("\\newtheorem{a}{", "}"),
    ("\\newcolumntype{a}{>{", "}c}"),
    ("\\newcolumntype{a}{*{1}{", "}}"),
];

/// What stands before, what is repeated, what stands after.
const REPEATED: [(&str, &str, &str); 14] = [
    ("\\begin{tabular}{", ">{$}", "c}a\\end{tabular}"),
    ("\\begin{tabular}{", "[a", "c}a\\end{tabular}"),
    ("\\begin{tabular}{", "*{1}{", "c}a\\end{tabular}"),
    ("\\begin{tabular}{c}", "\\multicolumn{2}{c}{a}&", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "\\multirow{2}{*}{$|a|$}\\\\\n", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "% & a\n\\hline\n", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "\\multicolumn{1}{c}{", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "&", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "a & $b$", "\\end{tabular}"),
    ("\\begin{tabular}{c}", "$\\(", "\\end{tabular}"),
    ("\\begin{enumerate}", "x}\\item ", "\\end{enumerate}"),
    ("$", "\\label{", "$"),
    ("\\title{a}", "\\maketitle ", ""),
    ("\\begin{tcolorbox}", "[title=a]", "\\end{tcolorbox}"),
];

/// What is repeated in an answer.
const PIECES: [&str; 89] = [
    "\\title{a",
    "\\newcommand{\\a}{}",
    "\\newcommand{\\c}{}\n",
    "\\begin{array}{",
    "\\usepackage[a]{b}",
    "\\usepackage{a,b}",
    "\\[a & b\\]",
    "\\[\\begin{align}",
    "\\[\\begin{align}\\end{align}\\]",
    "\n\n\\\\",
    "\\textcolor{a}{3% de }",
    "\\detokenize{",
    "\\path|",
    "\\begin{itemize}{\\bf ",
    "\\begin{itemize}[{",
    "α",
    "u_n ",
    "# ",
    "% page 1\n",
    "\\begin{document}",
    "\\end{document}",
    "\\documentclass",
    "\\end{document}\\begin{document}",
    "```\n",
    "\\usepackage{babel}francais,",
    "x\n",
    "a \\b{c} $d$\n",
    "{",
    "{$}",
    "}",
    "$\\(",
    "\\($",
    "{$",
    "$\\text{",
    "\\(\\text{\\)",
    "\\(}",
    "\\(\\]",
    "\\[\\)",
    "\\begin{a}",
    "\\begin{a}\\end{b}",
    "\\begin{tabular}{",
    "\\def",
    "\\begin{",
    "\\begin{a",
    "\\verb|",
    "\\url{",
    "\\begin{verbatim}",
    "\\begin \n",
    "\\usepackage",
    "\\usepackage[",
    "\\usepackage[\n",
    "\\documentclass{",
    "\\newcommand",
    "\\includegraphics[",
    "\\includegraphics{",
    "\\input",
    "[illisible]",
    "% \n",
    "\\begin{a}{",
    "\\lstinline[",
    "% \\documentclass{a}\n",
    "\\begin{algorithmic}\n",
    "\\If{a}\n",
    "\\begin{enumerate}\n",
    "\\begin{tikzpicture}\n",
    "\\left(",
    "\\left(\\]",
    "\\write18{a}\n",
    "\\file_input:n",
    "\\includegraphics{../a}",
    "\\begin{comment}\\input\n",
    "^^",
    "Voici la suite :\n",
    "\\begin{itemize}a ",
    "\\begin{itemize}\\end{itemize}",
    "\\begin{itemize}[",
    "\\begin{pycode}",
    "\\iffalse ",
    "\\iffalse\\fi ",
    "\\iffalse}",
    "\\begin{tabular}{c}a&b\\\\",
    "\\R ",
    "\\np{1}",
    "\\newminted[",
    "\\lstinline{",
    "\\begin{cases}a&b ",
    "\\newcommand{\\a}{\\\\}",
    "{itemize}",
    "\\tabular ",
];

fn nested(opens: &str, closes: &str, times: usize) -> String {
    format!("{}mot{}", opens.repeat(times), closes.repeat(times))
}

#[test]
fn markdown_of_what_is_nested() {
    let guest = Guest::load();
    for (opens, closes) in NESTED.into_iter().chain(DEFINITIONS) {
        let work = |latex: &str| guest.instructions("markdown", &[latex], None);
        check(&format!("{opens}…{closes}"), |times| nested(opens, closes, times), work);
    }
    let joined = |times| {
        format!("\\begin{{tabular}}{{c}}{}\\end{{tabular}}", nested("\\multicolumn{1}{c}{", "}", times))
    };
    check("joined cells", joined, |latex| guest.instructions("markdown", &[latex], None));
}

#[test]
fn markdown_of_what_is_repeated() {
    let guest = Guest::load();
    let work = |latex: &str| guest.instructions("markdown", &[latex], None);
    for (before, piece, after) in REPEATED {
        check(piece, |times| format!("{before}{}{after}", piece.repeat(times)), work);
    }
    let title = |times| format!("\\title{{{}}}{}", "a".repeat(times), "\\maketitle ".repeat(times));
    check("a long title", title, work);
}

#[test]
fn finishing_an_answer() {
    let guest = Guest::load();
    let whole = |raw: &str| guest.instructions("finish", &[raw], Some(true));
    let cut = |raw: &str| guest.instructions("finish", &[raw], Some(false));
    for piece in PIECES {
        check(piece, |times| piece.repeat(times), cut);
        let (begin, end) = ("\\documentclass{article}\n\\begin{document}\n", "\n\\end{document}");
        check(
            &format!("{piece} in a document"),
            |times| format!("{begin}{}{end}", piece.repeat(times)),
            whole,
        );
        let begin = "\\documentclass{article}\n";
        let end = "\n\\begin{document}\nx\n\\end{document}";
        check(
            &format!("{piece} in a preamble"),
            |times| format!("{begin}{}{end}", piece.repeat(times)),
            whole,
        );
    }
    for (opens, closes) in NESTED.into_iter().chain(DEFINITIONS) {
        // With a line end, so that no size is taken for half a line, nor for a loop at the end.
        check(&format!("{opens}…{closes}"), |times| nested(opens, closes, times) + "\nfin\n", cut);
    }
    let inside = |times: usize| {
        "\\begin{algorithmic}\n".repeat(times)
            + &"\\If{a}\n".repeat(times)
            + &"\\begin{itemize}\n".repeat(times)
    };
    check("lists and algorithms without an end", inside, cut);
    let unclosed = |times: usize| "\\begin{a}{".repeat(times) + &"\\end{b}\\]$".repeat(times) + "\nfin\n";
    check("closings without an opening", unclosed, cut);
    check_from(64 * 1024, "environments on one line", |times| "\\begin{a}".repeat(times) + "\nfin\n", cut);
}

#[test]
fn joining_two_answers() {
    let guest = Guest::load();
    let work = |text: &str| guest.instructions("join", &[text, text], Some(false));
    for piece in PIECES.into_iter().chain(["même ligne\n", "\\documentclass{article}\nx\n"]) {
        check(piece, |times| piece.repeat(times), work);
    }
    let numbered = |times: usize| (0..times).map(|line| format!("ligne {line}\n")).collect::<String>();
    check("different lines", numbered, work);
}

#[test]
fn a_character_that_is_replaced_costs_no_more_than_its_command() {
    let guest = Guest::load();
    let cost = |unit: &str| guest.instructions("finish", &[&(unit.repeat(1000) + "\nfin\n")], Some(true));
    // The last of the table of symbols.
    let (character, command) = (cost("ω "), cost("$\\omega$ "));
    assert!(character < command, "{character} instructions, {command} for the same as a command");
}

#[test]
fn what_is_never_closed_costs_no_more_than_some_commands() {
    let guest = Guest::load();
    // As long as what is looked ahead, and longer.
    let cost = |piece: &str| {
        guest.instructions("finish", &[&(piece.repeat(8 * 1024 / piece.len()) + "\nfin\n")], Some(true))
    };
    let command = cost("\\textbf{");
    for piece in ["\\lstinline{", "\\lstinline[", "\\mintinline{c}{"] {
        let unclosed = cost(piece);
        assert!(unclosed < 8 * command, "{piece}: {unclosed} instructions, {command} for a command");
    }
}
