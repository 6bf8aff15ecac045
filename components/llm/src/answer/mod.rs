//! Splits a model's answer into code and explanation. No other module knows how answers are written.
//!
//! It works line by line, without a regular expression over the whole text: [`fence`] finds code blocks by
//! CommonMark's rules, [`marker`] recognises « Explication : » in its spellings, and [`guess`] finds Python in an
//! answer without fences. Every stage reads each line a bounded number of times, nothing panics, and every line of
//! the result is part of a line of the input. The result is data: the pages escape it.

mod container;
mod fence;
mod guess;
mod language;
mod lines;
mod marker;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tables;
mod unescape;

use fence::Fenced;
use language::Language;
use lines::Lines;
use marker::Match;

/// The code and the explanation of one answer.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The first Python block, else the first untagged block that is no shell session or program output, else lines
    /// that read as Python. Empty when there is none. Never contains a fence.
    pub code: String,
    /// Markdown: what follows the marker, without the block in `code`; without a marker, all prose outside code
    /// blocks. Empty when there is none.
    pub explanation: String,
    /// Every code block in order, also the one in `code`.
    pub blocks: Vec<Block>,
}

/// One code block of an answer.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// The first word of the fence's info string, as written; empty when the block has no tag.
    pub language: String,
    /// The content, without fence and without the opener's indentation.
    pub code: String,
    pub place: Place,
}

/// Where a block is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is [`Answer::code`].
    Code,
    /// It is part of [`Answer::explanation`], fence included, so that a worked example keeps its place.
    Explanation,
    /// In neither; the page shows it apart.
    Elsewhere,
}

/// Reads a model's whole answer.
#[must_use]
pub fn parse(raw: &str) -> Answer {
    parse_lines(&Lines::new(&unescape::normalise(raw)))
}

/// Reads a text that its sender calls code: without its fence if it has one, else whole.
#[must_use]
pub fn parse_code(raw: &str) -> String {
    let text = unescape::normalise(raw);
    let lines = Lines::new(&text);
    let fenced = fence::scan(&lines);
    match choose(&fenced, &lines) {
        Some(chosen) => chosen_code(chosen),
        None => join(lines.iter()),
    }
}

/// Reads a text that its sender calls explanation: without a marker at its start.
#[must_use]
pub fn parse_explanation(raw: &str) -> String {
    let text = unescape::normalise(raw);
    let lines = Lines::new(&text);
    let Some(first) = (0..lines.len()).find(|&at| !lines.get(at).trim().is_empty()) else {
        return String::new();
    };
    match marker::find(lines.get(first), lines.get(first + 1)) {
        Some(marker) => after_marker(&lines, first, marker),
        None => join(lines.iter()),
    }
}

fn parse_lines(lines: &Lines<'_>) -> Answer {
    let fenced = fence::scan(lines);
    if fenced.is_empty() { without_fences(lines) } else { with_fences(lines, &fenced) }
}

fn with_fences(lines: &Lines<'_>, fenced: &[Fenced<'_>]) -> Answer {
    let chosen = choose(fenced, lines);
    let marker = find_marker(lines, fenced, chosen.map(|block| block.lines.end));
    let block = |block: &Fenced<'_>| Block {
        language: block.tag().to_owned(),
        code: join(block.content.iter().copied()),
        place: match marker {
            _ if is_chosen(block, chosen) => Place::Code,
            Some((line, _)) if line <= block.lines.start => Place::Explanation,
            _ => Place::Elsewhere,
        },
    };
    Answer {
        code: chosen.map(chosen_code).unwrap_or_default(),
        explanation: explanation(lines, fenced, chosen, marker),
        blocks: fenced.iter().map(block).collect(),
    }
}

fn without_fences(lines: &Lines<'_>) -> Answer {
    let marker = find_marker(lines, &[], None);
    let code = guess::span(lines, marker.map_or(lines.len(), |(line, _)| line));
    let explanation = match marker {
        Some((line, marker)) => after_marker(lines, line, marker),
        None => join((0..lines.len()).filter(|at| !code.contains(at)).map(|at| lines.get(at))),
    };
    let code = join(code.map(|at| lines.get(at)));
    let blocks = if code.is_empty() {
        Vec::new()
    } else {
        vec![Block { language: String::new(), code: code.clone(), place: Place::Code }]
    };
    Answer { code, explanation, blocks }
}

/// What follows the marker, without the chosen block, which is shown as code; the other blocks keep their places.
/// Without a marker: the prose outside the blocks.
fn explanation(
    lines: &Lines<'_>,
    fenced: &[Fenced<'_>],
    chosen: Option<&Fenced<'_>>,
    marker: Option<(usize, Match<'_>)>,
) -> String {
    let mut text: Vec<&str> = marker.iter().map(|(_, marker)| marker.rest).collect();
    let mut at = marker.map_or(0, |(line, marker)| line + 1 + marker.underline);
    let from = at;
    let mut blocks = fenced.iter().skip_while(|block| block.lines.end <= from).peekable();
    while at < lines.len() {
        let Some(block) = blocks.next_if(|block| block.lines.contains(&at)) else {
            text.push(lines.get(at));
            at += 1;
            continue;
        };
        // The text before an opener on the marker's own line belongs to the marker.
        if marker.is_none_or(|(line, _)| line < block.lines.start) {
            text.extend(block.lead);
        }
        if marker.is_some() && !is_chosen(block, chosen) {
            text.extend(block.without_lead(lines));
        }
        at = block.lines.end;
    }
    join(text.into_iter())
}

/// The rest of the marker's line and the lines below it.
fn after_marker(lines: &Lines<'_>, line: usize, marker: Match<'_>) -> String {
    let below = (line + 1 + marker.underline..lines.len()).map(|at| lines.get(at));
    join(std::iter::once(marker.rest).chain(below))
}

/// The block that is the answer's code; see [`Answer::code`].
fn choose<'b, 'a>(fenced: &'b [Fenced<'a>], lines: &Lines<'a>) -> Option<&'b Fenced<'a>> {
    let solid = || fenced.iter().filter(|block| !block.is_blank());
    let is_python =
        |block: &&Fenced<'_>| matches!(Language::from_tag(block.tag()), Language::Python | Language::Session);
    let is_untagged_program = |block: &&Fenced<'a>| {
        Language::from_tag(block.tag()) == Language::Untagged
            && !language::is_shell_or_output(&block.content, block.announcement(lines))
    };
    let untagged = || solid().filter(is_untagged_program);
    solid()
        .find(is_python)
        .or_else(|| untagged().find(|block| guess::reads_as_python(&block.content)))
        .or_else(|| untagged().next())
}

fn is_chosen(block: &Fenced<'_>, chosen: Option<&Fenced<'_>>) -> bool {
    chosen.is_some_and(|chosen| chosen.lines == block.lines)
}

fn chosen_code(block: &Fenced<'_>) -> String {
    if Language::from_tag(block.tag()) == Language::Session {
        return join(language::session_input(&block.content).into_iter());
    }
    join(block.content.iter().copied())
}

/// The first marker after the chosen code, else the first of all, with its line. Inside a block there is none:
/// `# Explication :` is a comment there.
fn find_marker<'a>(
    lines: &Lines<'a>,
    fenced: &[Fenced<'a>],
    code_end: Option<usize>,
) -> Option<(usize, Match<'a>)> {
    let mut blocks = fenced.iter().peekable();
    let mut before = None;
    let mut at = 0;
    while at < lines.len() {
        let (text, below, next_at) = match blocks.next_if(|block| block.lines.contains(&at)) {
            Some(block) => (block.lead.unwrap_or_default(), "", block.lines.end),
            None => (lines.get(at), lines.get(at + 1), at + 1),
        };
        if let Some(marker) = marker::find(text, below) {
            if code_end.is_none_or(|end| at >= end) {
                return Some((at, marker));
            }
            before = before.or(Some((at, marker)));
        }
        at = next_at;
    }
    before
}

/// The lines as one text, without the blank lines at both ends.
fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let blank = |line: &&str| line.trim().is_empty();
    let lines: Vec<&str> = lines.skip_while(blank).collect();
    let end = lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1);
    lines.get(..end).unwrap_or_default().join("\n")
}
