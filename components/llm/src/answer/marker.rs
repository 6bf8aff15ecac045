//! Recognises the line that opens the explanation: « Explication : » in the spellings that models use.
//!
//! At the start of a line, after list, quote, heading, emphasis and emoji decoration: the word in French or
//! English, in upper or lower case, then a few words (`détaillée`, `du code`), then a colon. A heading or a bold
//! title needs no colon. Any Unicode blank counts as a blank.

/// A recognised marker line.
#[derive(Clone, Copy)]
pub(super) struct Match<'a> {
    /// The text after the marker on its line.
    pub(super) rest: &'a str,
    /// How many lines below it only underline it as a heading: 0 or 1.
    pub(super) underline: usize,
}

/// Words between « Explication » and its colon, at most. A line with more is a sentence.
const QUALIFIERS_MAX: usize = 8;
/// What may precede the word.
const LEADS: &str =
    "voici l|voici une|voici|brève|courte|petite|une|l|here is the|detailed|brief|short|code|step-by-step";
const WORDS: [&str; 4] = ["explications", "explication", "explanations", "explanation"];

/// The marker on this line, if there is one. `below` is the next line, which may underline a heading. Two markers in a
/// row count as one.
pub(super) fn find<'a>(line: &'a str, below: &str) -> Option<Match<'a>> {
    let mut found = find_first(line, below)?;
    while let Some(again) = find_first(found.rest, "") {
        found = again;
    }
    Some(found)
}

fn find_first<'a>(line: &'a str, below: &str) -> Option<Match<'a>> {
    let (decoration, after) = Decoration::strip(line);
    let after = strip_word(after)?;
    let underline = usize::from(is_underline(below));
    let title = decoration.heading || decoration.strong || underline == 1;
    let rest = end_of_title(after, title, &decoration)?;
    let rest = rest.trim_matches(is_blank);
    let rest = if decoration.heading { rest.trim_end_matches('#').trim_end_matches(is_blank) } else { rest };
    Some(Match { rest, underline: if rest.is_empty() { underline } else { 0 } })
}

#[derive(Default)]
struct Decoration {
    heading: bool,
    strong: bool,
    /// How many emphasis characters were opened, and so how many may close.
    emphasis: usize,
    tags: usize,
}

impl Decoration {
    fn strip(line: &str) -> (Self, &str) {
        let mut seen = Self::default();
        let mut text = line;
        loop {
            // Lengths are compared, because a comparison of texts would read the rest of the line for each piece.
            let before = text.len();
            text = text.trim_start_matches(is_blank);
            text = seen.strip_one(text);
            if text.len() == before {
                return (seen, text);
            }
        }
    }

    fn strip_one<'a>(&mut self, text: &'a str) -> &'a str {
        let Some(first) = text.chars().next() else {
            return text;
        };
        let rest = text.strip_prefix(first).unwrap_or_default();
        match first {
            '#' => {
                self.heading = true;
                rest.trim_start_matches('#')
            }
            '>' => rest,
            '*' | '-' | '+' if rest.starts_with(is_blank) => rest,
            '*' | '_' => {
                let rest = text.trim_start_matches(first);
                let run = text.len() - rest.len();
                self.strong |= run >= 2;
                self.emphasis += run;
                rest
            }
            '<' => self.strip_tag(text, rest),
            '0'..='9' => {
                let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
                rest.strip_prefix(['.', ')']).unwrap_or(if is_symbol(rest.chars().next()) {
                    rest
                } else {
                    text
                })
            }
            _ if is_symbol(Some(first)) => rest,
            _ => text,
        }
    }

    fn strip_tag<'a>(&mut self, text: &'a str, after: &'a str) -> &'a str {
        let Some((tag, rest)) = after.split_once('>') else {
            return text;
        };
        match tag.to_ascii_lowercase().as_str() {
            "strong" | "b" => self.strong = true,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = true,
            "em" | "i" | "u" | "p" | "span" | "div" => {}
            _ => return text,
        }
        self.tags += 1;
        rest
    }

    /// Removes what closes this decoration at the start of `text`. Returns whether anything was closed, and the rest.
    fn close<'a>(&self, text: &'a str) -> (bool, &'a str) {
        let mut rest = text;
        for _ in 0..self.emphasis {
            rest = rest.strip_prefix(['*', '_']).unwrap_or(rest);
        }
        for _ in 0..self.tags {
            if let Some((_, after)) = rest.strip_prefix("</").and_then(|tag| tag.split_once('>')) {
                rest = after;
            }
        }
        (rest.len() < text.len(), rest)
    }
}

/// The text after the word, which one of [`LEADS`] may precede; `None` when the line starts otherwise.
fn strip_word(text: &str) -> Option<&str> {
    let lead = LEADS
        .split('|')
        .find_map(|lead| strip_ignoring_case(text, lead).filter(|rest| rest.starts_with(ends_a_lead)));
    let text = lead.map_or(text, |rest| rest.trim_start_matches(ends_a_lead));
    let rest = WORDS.iter().find_map(|word| strip_ignoring_case(text, word))?;
    (!rest.starts_with(char::is_alphanumeric)).then_some(rest)
}

/// `text` after `word`. Upper and lower case are equal, and combining marks after a letter are skipped.
fn strip_ignoring_case<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text;
    for expected in word.chars() {
        let first = rest.chars().next()?;
        let same = if is_blank(expected) { is_blank(first) } else { first.to_lowercase().eq([expected]) };
        if !same {
            return None;
        }
        rest = rest.strip_prefix(first)?.trim_start_matches(is_combining);
    }
    Some(rest)
}

/// What follows the title; `after_word` is the text after « Explication ». The title ends at a colon, where its emphasis
/// closes, or, for a heading, at the end of the line.
fn end_of_title<'a>(after_word: &'a str, title: bool, decoration: &Decoration) -> Option<&'a str> {
    let mut rest = after_word;
    let mut words = 0;
    let mut closed = false;
    loop {
        rest = rest.trim_start_matches(is_blank);
        let Some(first) = rest.chars().next() else {
            return title.then_some("");
        };
        let after = rest.strip_prefix(first)?;
        if is_colon(first) {
            return Some(if closed { after } else { decoration.close(after.trim_start_matches(is_blank)).1 });
        }
        if !closed {
            let (closes, after) = decoration.close(rest);
            if closes {
                closed = true;
                rest = after;
                continue;
            }
        }
        if closed && !rest.starts_with(|c: char| is_blank(c) || is_colon(c)) {
            // `**Explication** le code …`, perhaps with a dash between.
            return decoration.strong.then(|| rest.trim_start_matches(['-', '–', '—']));
        }
        let belongs =
            first.is_alphanumeric() || "'’`-()/,&".contains(first) || (decoration.heading && first == '#');
        if !belongs {
            return None;
        }
        rest =
            rest.trim_start_matches(|c: char| !is_blank(c) && !is_colon(c) && !matches!(c, '*' | '_' | '<'));
        if rest.len() == after_word.len() {
            return None;
        }
        words += 1;
        if words > QUALIFIERS_MAX {
            return None;
        }
    }
}

fn is_blank(c: char) -> bool {
    // Unicode does not count zero-width characters as blanks, but a reader does not see them.
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：' | '﹕' | '꞉')
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Emoji and other pictures, with the invisible characters that shape them.
fn is_symbol(c: Option<char>) -> bool {
    c.is_some_and(|c| !c.is_ascii() && !c.is_alphanumeric() && !matches!(c, '«' | '»' | '“' | '”' | '’'))
}

fn ends_a_lead(c: char) -> bool {
    is_blank(c) || matches!(c, '\'' | '’')
}

fn is_underline(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && (line.trim_matches('=').is_empty() || line.trim_matches('-').is_empty())
}
