//! Our Markdown beside pandoc's, of the same documents.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::generator::Document;
use crate::words::held;

/// What of the documents is found in their Markdown, as counts: (all, found).
#[derive(Debug, Default)]
pub struct Found {
    pub words: (usize, usize),
    pub formulas: (usize, usize),
    pub items: (usize, usize),
    pub tables: (usize, usize),
    /// Commands that are left in the text, outside of formulas and code.
    pub raw: usize,
    /// Documents that could not be converted.
    pub failed: usize,
}

/// Ours, then pandoc's.
///
/// # Errors
/// When pandoc cannot be run.
pub fn compare(documents: &[Document]) -> Result<(Found, Found)> {
    let mut pandoc = Found::default();
    for document in documents {
        match by_pandoc(&document.latex)? {
            Some(markdown) => look(&document.latex, &markdown, &mut pandoc),
            None => {
                pandoc.failed += 1;
                look(&document.latex, "", &mut pandoc);
            }
        }
    }
    Ok((ours(documents), pandoc))
}

#[must_use]
pub fn ours(documents: &[Document]) -> Found {
    let mut ours = Found::default();
    for document in documents {
        look(&document.latex, &latex::markdown::from_latex(&document.latex, true), &mut ours);
    }
    ours
}

fn by_pandoc(latex: &str) -> Result<Option<String>> {
    let mut child = Command::new("pandoc")
        .args(["--from=latex", "--to=gfm+tex_math_dollars", "--wrap=none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("pandoc is missing: `apt-get install pandoc`")?;
    child.stdin.take().context("it was asked for")?.write_all(latex.as_bytes()).ok();
    let output = child.wait_with_output()?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn look(latex: &str, markdown: &str, found: &mut Found) {
    let body = latex.split("\\begin{document}").nth(1).unwrap_or_default();
    let add = |sum: &mut (usize, usize), (all, there): (usize, usize)| {
        sum.0 += all;
        sum.1 += there;
    };
    add(&mut found.words, held(&visible(body), markdown));
    let dense = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    let there = dense(markdown);
    let formulas = formulas(body);
    let held = formulas.iter().filter(|formula| there.contains(&dense(formula))).count();
    add(&mut found.formulas, (formulas.len(), held));
    let items = ["\\item", "\\question[", "\\choice"].iter().map(|item| body.matches(item).count()).sum();
    add(&mut found.items, (items, markdown.lines().filter(|line| is_item(line)).count().min(items)));
    let tables = body.matches("\\begin{tabular}").count();
    let shown = markdown.lines().filter(|line| is_ruled(line) || line.contains("<table"));
    add(&mut found.tables, (tables, shown.count().min(tables)));
    found.raw += raw(markdown);
}

/// The words that a reader sees: without drawings, code before them, arguments that are no text, and comments.
fn visible(body: &str) -> String {
    let mut out = String::new();
    let mut hidden: Option<String> = None;
    for line in body.lines() {
        if let Some(end) = &hidden {
            if line.contains(end.as_str()) {
                hidden = None;
            }
            continue;
        }
        let drawing =
            ["tikzpicture", "circuitikz"].iter().find(|name| line.contains(&format!("\\begin{{{name}}}")));
        if let Some(name) = drawing {
            hidden = Some(format!("\\end{{{name}}}"));
            continue;
        }
        let code = line.split(" % ").next().unwrap_or_default();
        if !code.starts_with('%') {
            out.push_str(code);
            out.push('\n');
        }
    }
    // Names and lengths.
    let hiding = [
        "begin{tabular}",
        "begin",
        "end",
        "label",
        "chemfig",
        "hspace",
        "vspace",
        "textcolor",
        "colorbox",
        "cmidrule",
        "url",
        "href",
    ];
    for name in hiding {
        let mark = format!("\\{name}{{");
        while let Some(at) = out.find(&mark) {
            let inner = at + mark.len();
            let end = out[inner..].find('}').map_or(out.len(), |end| inner + end + 1);
            out.replace_range(at..end, " ");
        }
    }
    out.split('[')
        .map(
            |piece| {
                if piece.contains(']') { piece.split_once(']').map_or("", |(_, rest)| rest) } else { piece }
            },
        )
        .collect::<Vec<_>>()
        .join(" ")
}

/// Inline formulas without commands of the document's own.
fn formulas(body: &str) -> Vec<String> {
    let lines = body.lines().filter(|line| {
        !line.contains(['%', '#', '|'])
            && !line.contains("$$")
            && !line.contains("text{")
            && line.matches('$').count() % 2 == 0
    });
    let pieces =
        lines.flat_map(|line| line.split('$').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    pieces.filter(|formula| !["\\R", "\\abs", "\\rg"].iter().any(|own| formula.contains(own))).collect()
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>']);
    let rest = line.trim_start_matches(|char: char| char.is_ascii_alphanumeric());
    line.starts_with("- ")
        || line.starts_with("* ")
        || (rest.len() < line.len()
            && line.len() - rest.len() < 5
            && (rest.starts_with(". ") || rest.starts_with(") ")))
}

/// Whether a line is the one below the heads of a table.
fn is_ruled(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>']);
    line.starts_with('|')
        && line.contains("--")
        && line.chars().all(|char| matches!(char, '|' | '-' | ':' | ' '))
}

/// Commands outside of formulas and code.
fn raw(markdown: &str) -> usize {
    let mut count = 0;
    let mut fenced = false;
    let mut display = false;
    for line in markdown.lines() {
        let text = line.trim_start_matches([' ', '>', '-']);
        if text.starts_with("```") {
            fenced = !fenced;
        }
        let dollars = line.matches("$$").count();
        if !fenced && !display && dollars == 0 {
            let outside: String = line.split('`').step_by(2).collect();
            let outside: String = outside.split('$').step_by(2).collect();
            count += outside
                .match_indices('\\')
                .filter(|(at, _)| outside[at + 1..].starts_with(|char: char| char.is_ascii_alphabetic()))
                .count();
        }
        display ^= dollars % 2 == 1;
    }
    count
}
