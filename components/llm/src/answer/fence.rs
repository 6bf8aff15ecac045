//! Fenced code blocks by CommonMark's rules, and two mistakes of models that CommonMark does not accept.
//!
//! The rules: three or more backticks or tildes, indented by at most three columns (counted from the list
//! item or block quote around them); the text after them is the info string, which for backticks holds no
//! backtick; the block ends at a fence of the same character, at least as long, with nothing after it, or
//! at the end of the text, so that an answer that was cut still yields its code; the content loses the
//! opener's indentation. The two mistakes: an opener at the end of a sentence (`Voici : ` and then a fence
//! with a Python tag), and content of a list item's block that is not indented with its item.

use std::ops::Range;

use super::container::{
    INDENT_MAX, columns, list_item_column, strip_indent, strip_list_marker, strip_quotes,
};
use super::language::Language;
use super::lines::Lines;
use super::marker;

/// CommonMark: a fence has at least this many characters.
const FENCE_LEN_MIN: usize = 3;

/// One block: its place and its content.
pub(super) struct Fenced<'a> {
    /// From the opener to the closer, both included.
    pub(super) lines: Range<usize>,
    /// The text before an opener that is at the end of its line.
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

    /// The text that announces the block: what is before the opener on its line, else the line above, else, when that
    /// is blank, the one above it.
    pub(super) fn announcement(&self, lines: &Lines<'a>) -> &'a str {
        let above = |distance| self.lines.start.checked_sub(distance).map_or("", |at| lines.get(at));
        self.lead.unwrap_or_else(|| {
            Some(above(1)).filter(|line| !line.trim().is_empty()).unwrap_or_else(|| above(2))
        })
    }

    /// The block as it is in the text, fences included.
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
        match Opener::parse(line, item) {
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
    fn parse(line: &'a str, item: usize) -> Option<Self> {
        let (quotes, quoted) = strip_quotes(line, usize::MAX);
        let (own_item, text) = strip_list_marker(quoted);
        let container = if own_item > 0 { own_item } else { item };
        let indent = columns(text) + own_item;
        let text = text.trim_start_matches([' ', '\t']);
        if indent <= container + INDENT_MAX
            && let Some((character, len, info)) = fence_run(text)
            && !(character == '`' && info.contains('`'))
        {
            return Some(Self { quotes, indent, container, character, len, lead: None, fence: line, info });
        }
        Self::at_end_of_sentence(line, item)
    }

    /// After a marker any fence opens a block. After other words only one with a Python tag does, because prose often
    /// contains backticks.
    fn at_end_of_sentence(line: &'a str, item: usize) -> Option<Self> {
        let marked = marker::find(line, "").filter(|found| fence_run(found.rest).is_some());
        let at = marked.map_or_else(|| line.find("```"), |found| line.rfind(found.rest))?;
        let (lead, fence) = line.split_at_checked(at)?;
        let (character, len, info) = fence_run(fence)?;
        let inline = character == '`' && (info.contains('`') || lead.contains('`'));
        let tagged = matches!(Language::from_tag(info), Language::Python | Language::Session);
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
        columns(text) <= self.container + INDENT_MAX
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
