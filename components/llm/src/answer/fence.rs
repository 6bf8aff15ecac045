//! Fenced code blocks by `CommonMark`'s rules, and two mistakes that models make and `CommonMark` forgives not.
//!
//! The rules: three or more backticks or tildes, indented by at most three columns (counted from the list
//! item or block quote around them); any text after them is the info string, which for backticks holds no
//! backtick; the block ends at a fence of the same character, at least as long, with nothing after it, or
//! at the end of the text, so that an answer that was cut still yields its code; the content loses the
//! opener's indentation. The two mistakes: an opener at the end of a sentence (`Voici : ` and then a fence
//! with a Python tag), and content of a list item's block that is not indented with its item.

use std::ops::Range;

use super::language::Language;
use super::lines::Lines;
use super::marker;

/// `CommonMark`: a fence has at least this many characters.
const FENCE_LEN_MIN: usize = 3;
/// `CommonMark`: with four columns of indentation a line is indented code, not a fence.
const FENCE_INDENT_MAX: usize = 3;
/// `CommonMark`: tabs count as spaces up to the next multiple of this.
const TAB_COLUMNS: usize = 4;

/// One block: where it stands and what it holds.
#[derive(Debug)]
pub(super) struct Fenced<'a> {
    /// From the opener to the closer, both included.
    pub(super) lines: Range<usize>,
    /// The sentence before an opener that stands at the end of its line.
    pub(super) lead: Option<&'a str>,
    /// The opener's line without [`Self::lead`].
    opener: &'a str,
    /// What follows the opener on its line, trimmed.
    info: &'a str,
    /// The lines between the fences, without the opener's indentation.
    pub(super) content: Vec<&'a str>,
}

impl<'a> Fenced<'a> {
    /// The info string's first word without the decorations of R Markdown and Pandoc.
    pub(super) fn tag(&self) -> &'a str {
        let bare = self.info.trim_start_matches(['{', '.', ' ']);
        bare.split([' ', '\t', ',', ':', '{', '}', '=', ';']).next().unwrap_or_default()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.content.iter().all(|line| line.trim().is_empty())
    }

    /// The block as it stands in the text, fences included.
    pub(super) fn without_lead(&self, lines: &Lines<'a>) -> Vec<&'a str> {
        std::iter::once(self.opener).chain(self.lines.clone().skip(1).map(|at| lines.get(at))).collect()
    }
}

/// Every fenced block of the text, in order.
pub(super) fn scan<'a>(lines: &Lines<'a>) -> Vec<Fenced<'a>> {
    let mut blocks = Vec::new();
    let mut item = 0;
    let mut at = 0;
    while at < lines.len() {
        let line = lines.get(at);
        item = list_item_column(line, item);
        match Opener::of(line, item) {
            Some(opener) => {
                let block = opener.block(at, line, lines);
                at = block.lines.end;
                blocks.push(block);
            }
            None => at += 1,
        }
    }
    blocks
}

#[derive(Debug)]
struct Opener<'a> {
    quotes: usize,
    /// Columns from the line's start to the fence.
    indent: usize,
    /// Columns from the line's start to the content of the list item around it.
    container: usize,
    character: char,
    len: usize,
    lead: Option<&'a str>,
    fence: &'a str,
    info: &'a str,
}

impl<'a> Opener<'a> {
    fn of(line: &'a str, item: usize) -> Option<Self> {
        let (quotes, quoted) = strip_quotes(line, usize::MAX);
        let (own_item, text) = strip_list_marker(quoted);
        let container = if own_item > 0 { own_item } else { item };
        let indent = columns(text) + own_item;
        let text = text.trim_start_matches([' ', '\t']);
        if indent <= container + FENCE_INDENT_MAX
            && let Some((character, len, info)) = fence_run(text)
            && !(character == '`' && info.contains('`'))
        {
            return Some(Self { quotes, indent, container, character, len, lead: None, fence: line, info });
        }
        Self::at_end_of_sentence(line, item)
    }

    /// After a marker any fence opens a block; after other words only one that names Python, because
    /// backticks in prose are common.
    fn at_end_of_sentence(line: &'a str, item: usize) -> Option<Self> {
        let marked = marker::find(line, "").filter(|found| fence_run(found.rest).is_some());
        let at = marked.map_or_else(|| line.find("```"), |found| line.rfind(found.rest))?;
        let (lead, fence) = line.split_at_checked(at)?;
        let (character, len, info) = fence_run(fence)?;
        let inline = character == '`' && (info.contains('`') || lead.contains('`'));
        let tagged = matches!(Language::of(info), Language::Python | Language::Session);
        let opens = marked.is_some() || (tagged && !lead.trim().is_empty());
        (opens && !inline).then_some(Self {
            quotes: 0,
            indent: 0,
            container: item,
            character,
            len,
            lead: Some(lead),
            fence,
            info,
        })
    }

    fn block(self, start: usize, line: &'a str, lines: &Lines<'a>) -> Fenced<'a> {
        let mut content = Vec::new();
        let mut end = start + 1;
        while end < lines.len() {
            let (quotes, text) = strip_quotes(lines.get(end), self.quotes);
            if quotes < self.quotes {
                break;
            }
            end += 1;
            if self.is_closed_by(text) {
                break;
            }
            content.push(strip_indent(text, self.indent));
        }
        debug_assert!(line.ends_with(self.fence), "the fence is the end of its line");
        Fenced { lines: start..end, lead: self.lead, opener: self.fence, info: self.info, content }
    }

    fn is_closed_by(&self, text: &str) -> bool {
        columns(text) <= self.container + FENCE_INDENT_MAX
            && fence_run(text.trim_start_matches([' ', '\t'])).is_some_and(|(character, len, info)| {
                character == self.character && len >= self.len && info.is_empty()
            })
    }
}

/// A run of fence characters at the start of `text`: the character, how many, and what follows, trimmed.
fn fence_run(text: &str) -> Option<(char, usize, &str)> {
    let character = text.chars().next().filter(|first| matches!(first, '`' | '~'))?;
    let rest = text.trim_start_matches(character);
    let len = text.len() - rest.len();
    (len >= FENCE_LEN_MIN).then_some((character, len, rest.trim()))
}

/// Takes up to `most` block quote markers off; says how many there were.
fn strip_quotes(line: &str, most: usize) -> (usize, &str) {
    let mut text = line;
    let mut depth = 0;
    while depth < most
        && columns(text) <= FENCE_INDENT_MAX
        && let Some(rest) = text.trim_start_matches([' ', '\t']).strip_prefix('>')
    {
        text = rest.strip_prefix(' ').unwrap_or(rest);
        depth += 1;
    }
    (depth, text)
}

/// Takes a list marker off; says in which column the item's content starts, or 0 without a marker.
fn strip_list_marker(text: &str) -> (usize, &str) {
    let bare = text.trim_start_matches([' ', '\t']);
    let digits = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = if digits.len() < bare.len() && bare.len() - digits.len() <= 9 {
        digits.strip_prefix(['.', ')'])
    } else {
        bare.strip_prefix(['-', '*', '+'])
    };
    match after.and_then(|after| after.strip_prefix(' ')) {
        Some(content) => (columns(text) + bare.len() - content.len(), content),
        None => (0, text),
    }
}

/// The column in which the content of the list item in force starts, after this line; 0 outside lists.
fn list_item_column(line: &str, before: usize) -> usize {
    let (item, _) = strip_list_marker(line);
    match item {
        0 if line.trim().is_empty() || columns(line) > 0 => before,
        column => column,
    }
}

fn columns(text: &str) -> usize {
    let mut columns = 0;
    for character in text.chars() {
        match character {
            ' ' => columns += 1,
            '\t' => columns += TAB_COLUMNS - columns % TAB_COLUMNS,
            _ => break,
        }
    }
    columns
}

/// Takes at most `indent` columns of blanks off; a tab that goes beyond them stays.
fn strip_indent(line: &str, indent: usize) -> &str {
    let mut columns = 0;
    let mut rest = line;
    while let Some((blank, after)) =
        rest.split_at_checked(1).filter(|(blank, _)| matches!(*blank, " " | "\t"))
    {
        columns += if blank == " " { 1 } else { TAB_COLUMNS - columns % TAB_COLUMNS };
        if columns > indent {
            break;
        }
        rest = after;
    }
    rest
}
