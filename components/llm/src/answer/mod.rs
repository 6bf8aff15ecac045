//! From a model's free text to code and explanation: the one place that knows what answers look like.
//!
//! A line scanner, never a regular expression over the whole text: [`fence`] finds code blocks by
//! `CommonMark`'s rules, [`marker`] recognises « Explication : » in its many spellings, [`guess`] is the
//! last resort when the model forgot its fences. Every stage reads each line a bounded number of times
//! ([`lines::Lines`] counts it), nothing panics, and every line that comes out is a piece of a line that
//! went in. What comes out is data: escaping is the page's business.

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

/// Code and explanation, as found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The answer's code: the first Python block, else the first untagged block that is no shell session
    /// or program output, else lines that read as Python. Empty when there is none. Never holds a fence.
    pub code: String,
    /// Markdown. What follows the « Explication : » marker, without the chosen block; without a marker, all
    /// prose outside code blocks. Empty when there is none.
    pub explanation: String,
    /// Every code block in order, the chosen one included.
    pub blocks: Vec<Block>,
}

/// One code block of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The first word of the fence's info string, as written; empty when the block has no tag.
    pub language: String,
    /// The content, without fence and without the opener's indentation.
    pub code: String,
    /// Where the block ended up.
    pub place: Place,
}

/// Where a block is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is [`Answer::code`].
    Code,
    /// It is still in [`Answer::explanation`], fence included, so that a worked example keeps its place.
    Explanation,
    /// In neither: a page that wants to lose nothing shows it apart.
    Elsewhere,
}

/// Reads a model's whole answer.
#[must_use]
pub fn parse(raw: &str) -> Answer {
    read(raw).0
}

/// Reads a text that its sender already calls code: its fence goes if it has one, else it is taken whole.
#[must_use]
pub fn parse_code(raw: &str) -> String {
    let text = unescape::normalise(raw);
    let lines = Lines::of(&text);
    let fenced = fence::scan(&lines);
    match choose(&fenced, &lines) {
        Some(chosen) => chosen_code(chosen),
        None => join(lines.iter()),
    }
}

/// Reads a text that its sender already calls explanation: only a leading marker goes.
#[must_use]
pub fn parse_explanation(raw: &str) -> String {
    let text = unescape::normalise(raw);
    let lines = Lines::of(&text);
    let Some(first) = (0..lines.len()).find(|&at| !lines.get(at).trim().is_empty()) else {
        return String::new();
    };
    match marker::find(lines.get(first), lines.get(first + 1)) {
        Some(found) => join(
            std::iter::once(found.rest)
                .chain((first + 1 + found.underline..lines.len()).map(|at| lines.get(at))),
        ),
        None => join(lines.iter()),
    }
}

/// [`parse`], and how many bytes of lines were read on the way: what the linearity test bounds.
fn read(raw: &str) -> (Answer, usize) {
    let text = unescape::normalise(raw);
    let lines = Lines::of(&text);
    let fenced = fence::scan(&lines);
    let answer = if fenced.is_empty() { without_fences(&lines) } else { with_fences(&lines, &fenced) };
    (answer, lines.bytes_read())
}

fn with_fences(lines: &Lines<'_>, fenced: &[Fenced<'_>]) -> Answer {
    let chosen = choose(fenced, lines);
    let marker = find_marker(lines, fenced, chosen.map(|block| block.lines.end));
    let mut explanation: Vec<&str> = Vec::new();
    let mut at = marker.map_or(0, |found| found.line);
    if let Some(found) = marker {
        explanation.push(found.rest);
        at += 1 + found.underline;
    }
    let from = at;
    let mut blocks = fenced.iter().skip_while(|block| block.lines.end <= from).peekable();
    while at < lines.len() {
        match blocks.next_if(|block| block.lines.contains(&at)) {
            // The chosen block is shown as code; the others stay where the explanation needs them.
            Some(block) => {
                if marker.is_none_or(|found| found.line < block.lines.start) {
                    explanation.extend(block.lead);
                }
                if marker.is_some() && !is(chosen, block) {
                    explanation.extend(block.without_lead(lines));
                }
                at = block.lines.end;
            }
            None => {
                explanation.push(lines.get(at));
                at += 1;
            }
        }
    }
    Answer {
        code: chosen.map(chosen_code).unwrap_or_default(),
        explanation: join(explanation.into_iter()),
        blocks: fenced
            .iter()
            .map(|block| Block {
                language: block.tag().to_owned(),
                code: join(block.content.iter().copied()),
                place: match marker {
                    _ if is(chosen, block) => Place::Code,
                    Some(found) if found.line <= block.lines.start => Place::Explanation,
                    _ => Place::Elsewhere,
                },
            })
            .collect(),
    }
}

fn without_fences(lines: &Lines<'_>) -> Answer {
    let marker = find_marker(lines, &[], None);
    let code = guess::span(lines, marker.map_or(lines.len(), |found| found.line));
    let explanation = match marker {
        Some(found) => join(
            std::iter::once(found.rest)
                .chain((found.line + 1 + found.underline..lines.len()).map(|at| lines.get(at))),
        ),
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

/// The block that is the answer's code; see [`Answer::code`].
fn choose<'b, 'a>(fenced: &'b [Fenced<'a>], lines: &Lines<'_>) -> Option<&'b Fenced<'a>> {
    let solid = || fenced.iter().filter(|block| !block.is_blank());
    solid().find(|block| matches!(Language::of(block.tag()), Language::Python | Language::Session)).or_else(
        || {
            let untagged = || {
                solid().filter(|block| {
                    Language::of(block.tag()) == Language::Untagged
                        && !language::is_shell_or_output(block, lines)
                })
            };
            untagged().find(|block| guess::reads_as_python(&block.content)).or_else(|| untagged().next())
        },
    )
}

fn is(chosen: Option<&Fenced<'_>>, block: &Fenced<'_>) -> bool {
    chosen.is_some_and(|chosen| chosen.lines == block.lines)
}

fn chosen_code(block: &Fenced<'_>) -> String {
    if Language::of(block.tag()) == Language::Session {
        return join(language::session_input(&block.content).into_iter());
    }
    join(block.content.iter().copied())
}

#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    line: usize,
    rest: &'a str,
    underline: usize,
}

/// The first marker after the chosen code, else the first anywhere; never inside a block, where
/// `# Explication :` is a comment.
fn find_marker<'a>(lines: &Lines<'a>, fenced: &[Fenced<'a>], code_end: Option<usize>) -> Option<Found<'a>> {
    let mut blocks = fenced.iter().peekable();
    let mut before = None;
    let mut at = 0;
    while at < lines.len() {
        let (text, below, next_at) = match blocks.next_if(|block| block.lines.contains(&at)) {
            Some(block) => (block.lead.unwrap_or_default(), "", block.lines.end),
            None => (lines.get(at), lines.get(at + 1), at + 1),
        };
        if let Some(found) = marker::find(text, below) {
            let found = Found { line: at, rest: found.rest, underline: found.underline };
            if code_end.is_none_or(|end| at >= end) {
                return Some(found);
            }
            before = before.or(Some(found));
        }
        at = next_at;
    }
    before
}

/// Lines to text, without the blank lines around it.
fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let blank = |line: &&str| line.trim().is_empty();
    let lines: Vec<&str> = lines.skip_while(blank).collect();
    let end = lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1);
    lines.get(..end).unwrap_or_default().join("\n")
}
