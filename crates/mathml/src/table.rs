//! Environments of rows and cells: aligned equations, cases, matrices. Each row and each cell is read once.

use crate::{Reader, fence};

/// What is drawn around an environment, and the class by which a style sheet aligns its columns.
const ENVIRONMENTS: [(&str, &str, &str, &str); 16] = [
    ("aligned", "aligned", "", ""),
    ("align", "aligned", "", ""),
    ("align*", "aligned", "", ""),
    ("split", "aligned", "", ""),
    ("eqnarray*", "aligned", "", ""),
    ("gathered", "", "", ""),
    ("gather", "", "", ""),
    ("gather*", "", "", ""),
    ("cases", "cases", "{", ""),
    ("matrix", "", "", ""),
    ("pmatrix", "", "(", ")"),
    ("bmatrix", "", "[", "]"),
    ("Bmatrix", "", "{", "}"),
    ("vmatrix", "", "|", "|"),
    ("Vmatrix", "", "‖", "‖"),
    ("array", "", "", ""),
];

impl Reader<'_> {
    /// What follows `\begin`, up to its `\end`.
    pub(super) fn environment(&mut self) -> Option<String> {
        let name = self.verbatim()?;
        let (_, class, open, close) = ENVIRONMENTS.iter().find(|(known, ..)| *known == name)?;
        if name == "array" {
            // Its columns.
            self.verbatim()?;
        }
        self.deeper()?;
        let mut rows = String::new();
        loop {
            let (row, is_last) = self.table_row(name)?;
            // The line end before `\end` begins no row.
            if !(is_last && row == "<mtd></mtd>") {
                rows.push_str(&format!("<mtr>{row}</mtr>"));
            }
            if is_last {
                break;
            }
        }
        self.depth -= 1;
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let table = format!("<mtable{class}>{rows}</mtable>");
        Some(format!("<mrow>{}{table}{}</mrow>", fence(open), fence(close)))
    }

    /// The cells of a row, and whether the environment ends with it.
    fn table_row(&mut self, name: &str) -> Option<(String, bool)> {
        let mut cells = String::new();
        let mut cell = String::new();
        loop {
            self.rest = self.rest.trim_start();
            let ended = if let Some(rest) = self.rest.strip_prefix('&') {
                self.rest = rest;
                None
            } else if let Some(rest) = self.rest.strip_prefix("\\\\") {
                // `\\[2pt]`: a distance.
                self.rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                    Some((_, after)) => after,
                    None => rest,
                };
                Some(false)
            } else if let Some(rest) = self.rest.strip_prefix("\\end{") {
                self.rest = rest.strip_prefix(name)?.strip_prefix('}')?;
                Some(true)
            } else if let Some(rest) = self.rest.strip_prefix("\\hline") {
                self.rest = rest;
                continue;
            } else if self.rest.is_empty() {
                return None;
            } else {
                cell.push_str(&self.scripted()?);
                continue;
            };
            cells.push_str(&format!("<mtd>{cell}</mtd>"));
            cell.clear();
            if let Some(is_last) = ended {
                return Some((cells, is_last));
            }
        }
    }
}
