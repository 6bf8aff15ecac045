//! Rows with more cells than their table has columns: TeX stops at the first cell too many.

use crate::groups::argument_after_options;
use crate::modes::listed;
use crate::own::{defines_environment, has_short_verbatim};
use crate::packages::defines;
use crate::tokens::{Kind, Token, tokens};

/// More findings are not listed.
const FINDINGS_MAX: usize = 20;
/// What makes cells or rows that are not seen here, as commands of the document's own do.
const MEANINGS: &str = "catcode|\\newcolumntype{l|\\newcolumntype{c|\\newcolumntype{r|\\csname|\\input|\\halign|\\let\\\\|{\\\\|{\\tabularnewline|\
    {\\cr";

const TABLES: [&str; 4] = ["tabular", "array", "longtable", "cases"];

/// A table that is open.
struct Table<'a> {
    name: &'a str,
    /// `None`: not known.
    columns: Option<usize>,
    cells: usize,
    /// Groups that are open in it.
    depth: usize,
}

/// The line of each table's first row with too many cells.
pub(crate) fn too_long(latex: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let all = tokens(latex);
    if MEANINGS.split('|').any(|meaning| latex.contains(meaning))
        || TABLES.iter().any(|name| defines_environment(latex, name))
        || has_short_verbatim(latex)
        || defines_an_end(&all)
    {
        return found;
    }
    let mut tables: Vec<Table<'_>> = Vec::new();
    let mut in_body = false;
    for (token, end) in all.iter().zip(all.iter().skip(1).map(|next| next.at).chain([latex.len()])) {
        let rest = latex.get(token.end..).unwrap_or_default();
        match token.kind {
            Kind::Begin("document") => in_body = true,
            _ if !in_body => {}
            Kind::Begin(name) => {
                tables.push(Table { name, columns: columns(name, rest), cells: 1, depth: 0 });
            }
            Kind::End(name) => while tables.pop().is_some_and(|table| table.name != name) {},
            _ => {}
        }
        let Some(table) = tables.last_mut() else { continue };
        match token.kind {
            Kind::Open => table.depth += 1,
            Kind::Close => table.depth = table.depth.saturating_sub(1),
            Kind::Command(name) if table.depth == 0 && ends_row(name) => table.cells = 1,
            // Either of two rows may follow, or a cell that spans columns.
            Kind::Command(name) if name.starts_with("if") || name == "multicolumn" => table.columns = None,
            _ => {}
        }
        if table.depth > 0 {
            continue;
        }
        let gap = latex.get(token.end..end).unwrap_or_default();
        for (line, text) in (token.line..).zip(gap.split('\n')) {
            table.cells += text.split('%').next().unwrap_or_default().matches('&').count();
            if table.columns.is_some_and(|columns| table.cells > columns) {
                found.push(line);
                table.columns = None;
            }
        }
    }
    found.truncate(FINDINGS_MAX);
    found
}

fn ends_row(name: &str) -> bool {
    name == "\\" || listed("tabularnewline cr crcr endhead endfirsthead endfoot endlastfoot kill", name)
}

/// Whether a command of the document's own ends rows.
fn defines_an_end(all: &[Token<'_>]) -> bool {
    let (mut depth, mut defining, mut named) = (0_u32, false, false);
    for token in all {
        match token.kind {
            Kind::Open => (depth, named) = (depth + 1, false),
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Command(name) if depth > 0 && defining && ends_row(name) => return true,
            // Behind the command that defines stands the one that is defined, in braces or not.
            Kind::Command(name) if depth == 0 => {
                let defines = defines(name);
                (defining, named) = (defines || named, defines);
            }
            Kind::Begin(_) if depth == 0 => defining = false,
            _ => {}
        }
    }
    false
}

/// How many columns an environment has whose arguments are at the beginning of `rest`; `None`: that is not certain.
pub(crate) fn columns(name: &str, rest: &str) -> Option<usize> {
    match name {
        "cases" => Some(2),
        "tabular" | "array" | "longtable" => {
            let mut letters = argument_after_options(rest)?.bytes().filter(|byte| !b"| ".contains(byte));
            letters.try_fold(0, |count, letter| b"lcr".contains(&letter).then_some(count + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_is_too_long_is_found() {
        let check = |body: &str, lines: &[u32]| {
            let latex = format!("\\title{{a \\\\ b}}\\begin{{document}}\n{body}\n\\end{{document}}");
            assert_eq!(too_long(&latex), lines, "{body}");
        };
        let table =
            |columns: &str, rows: &str| format!("\\begin{{tabular}}{columns}\n{rows}\n\\end{{tabular}}");
        check(&table("{ll}", "a & b \\\\\nc & d & e \\\\\nf & g & h"), &[4]);
        check(&table("{ll}", "a \\& c & b % & d\n\\\\ c & {d & e} \\verb|&| \\url{a&b}"), &[]);
        check(&table("[t]{|l| c|r||}", "a & b & c"), &[]);
        check(&table("[t]{|l| c|r||}", "a & b & c & d"), &[3]);
        check(&table("{*{2}{c}p{1cm}}", "a & b & c & d"), &[]);
        check(&table("{ll}", "a \\\\ \\multicolumn{2}{c}{a}"), &[]);
        check(&table("{lC}", "a & b & c"), &[]);
        check(&table("{ll}", "\\ifx a & b \\else a & b \\fi & c"), &[]);
        check(&table("{ll}", &format!("{} & b", table("{ccc}", "a & b & c"))), &[]);
        check("$\\begin{cases}a & b \\\\ a & b & c\\end{cases}$", &[2]);
        check("\\newcommand{\\nl}{\\\\ \\hline}\\begin{tabular}{l}a \\nl b & c\\end{tabular}", &[]);
        check("\\newcommand{\\nl}{\\hline\\\\}\\begin{tabular}{l}a \\nl b & c\\end{tabular}", &[]);
        check("\\def\\nl{\\relax\\\\}\\begin{tabular}{l}a \\nl b & c\\end{tabular}", &[]);
        check("\\newcommand{\\n}{x}\\textbf{a \\\\ b}\\begin{tabular}{l}b & c\\end{tabular}", &[2]);
        check(
            "\\begin{longtable}{ll}a & b \\kill A & B \\endhead a & b \\\\ a & b & c\\end{longtable}",
            &[2],
        );
        check("\\usepackage{array}$\\begin{cases}a & b & c\\end{cases}$", &[2]);
        check("\\renewenvironment{cases}{}{}$\\begin{cases}a & b & c\\end{cases}$", &[]);
        check("\\MakeShortVerb{\\|}\\begin{tabular}{l}|&|\\end{tabular}", &[]);
        check("\\begin{tabular}{ll}a & \\# & c\\end{tabular} & # 1", &[2]);
        check(
            "\\newcommand{\\n}[2]{#1 & #2}\\begin{tabular}{ll}a & b & c \\\\ \\n{a}{b}\\end{tabular}",
            &[2],
        );
        check(
            "\\newcommand{\\n}[2]{#1 & #2 \\\\}\\begin{tabular}{ll}\\n{a}{b} a & b \\\\ \\end{tabular}",
            &[],
        );
        check("\\newcolumntype{x}{c}\\begin{tabular}{xl}a & b & c\\end{tabular}", &[]);
        check("\\newcolumntype{x}{c}\\begin{tabular}{l}a & b\\end{tabular}", &[2]);
        check("\\newcolumntype{l}{cc}\\begin{tabular}{l}a & b\\end{tabular}", &[]);
    }
}
