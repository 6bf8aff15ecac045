//! Rows with more cells than their table has columns: TeX stops at the first cell too many.

use crate::groups::argument_after_options;
use crate::tokens::{Kind, tokens};

/// More findings are not listed.
const FINDINGS_MAX: usize = 20;
/// What makes cells or rows that are not seen here, as commands of the document's own do.
const MEANINGS: &str =
    "catcode|\\newcolumntype|\\csname|\\input|\\halign|\\let\\\\|{\\\\|{\\tabularnewline|{\\cr|& #|&#";

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
    if MEANINGS.split('|').any(|meaning| latex.contains(meaning)) {
        return found;
    }
    let all = tokens(latex);
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
            Kind::Command("\\" | "tabularnewline" | "cr") if table.depth == 0 => {
                table.cells = 1;
            }
            // Either of two rows may follow, or a cell that spans columns.
            Kind::Command(name) if name.starts_with("if") || name == "multicolumn" => table.columns = None,
            _ => {}
        }
        if table.depth > 0 {
            continue;
        }
        let from = if matches!(token.kind, Kind::Begin(_)) { end } else { token.end };
        let gap = latex.get(from..end).unwrap_or_default();
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

/// How many columns an environment has whose arguments are at the beginning of `rest`; `None`: that is not certain.
fn columns(name: &str, rest: &str) -> Option<usize> {
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
        check("\\newcolumntype{x}{c}\\begin{tabular}{l}a & b\\end{tabular}", &[]);
    }
}
