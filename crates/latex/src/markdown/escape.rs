//! LaTeX's characters as Markdown's: what LaTeX prints, and nothing that Markdown would take as markup.

/// A no-break space.
pub(super) const NBSP: char = '\u{a0}';

/// Text as Markdown that shows just this; `#` too, since Obsidian makes tags of it anywhere.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(char) = chars.next() {
        let next = chars.peek().copied();
        let special = match char {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '~' | '$' | '#' => true,
            // `&lt;` would become a character.
            '&' => next.is_some_and(char::is_alphanumeric),
            // Obsidian's comments and highlights.
            '%' | '=' => next == Some(char) || before == Some(char),
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(char);
        before = Some(char);
    }
    escaped
}

/// Source text as it prints: ligatures, ties, runs of blanks and line ends as one space.
pub(super) fn typeset(source: &str) -> String {
    const LIGATURES: [(&str, &str); 6] =
        [("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("<<", "«"), (">>", "»")];
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(char) = rest.chars().next() {
        if let Some((ligature, printed)) = LIGATURES.iter().find(|(ligature, _)| rest.starts_with(ligature)) {
            text.push_str(printed);
            rest = rest.get(ligature.len()..).unwrap_or_default();
            continue;
        }
        match char {
            '~' => text.push(NBSP),
            '`' => text.push('‘'),
            ' ' | '\t' | '\n' | '\r' if text.ends_with(' ') => {}
            ' ' | '\t' | '\n' | '\r' => text.push(' '),
            other => text.push(other),
        }
        rest = rest.get(char.len_utf8()..).unwrap_or_default();
    }
    text
}

/// A line of a paragraph, so that Markdown does not take its beginning for a list, a heading, a quotation or a rule.
pub(super) fn line_start(line: &str) -> String {
    let digits = line.find(|char: char| !char.is_ascii_digit()).unwrap_or(line.len());
    let (number, after) = line.split_at_checked(digits).unwrap_or(("", line));
    if !number.is_empty() {
        return match after.chars().next() {
            Some('.' | ')') if ends_marker(after) => format!("{number}\\{after}"),
            _ => line.to_owned(),
        };
    }
    let marks = match line.chars().next() {
        Some('-' | '+') => ends_marker(line) || line.starts_with("--"),
        Some('>' | '=' | ':' | '|') => true,
        _ => false,
    };
    if marks { format!("\\{line}") } else { line.to_owned() }
}

fn ends_marker(text: &str) -> bool {
    matches!(text.chars().nth(1), None | Some(' ' | '\t'))
}

/// `text` as code in a sentence, whatever backticks are in it.
pub(super) fn code_span(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return text;
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// `body` as a block of code, with a fence that is longer than any in it.
pub(super) fn code_block(language: &str, body: &str) -> String {
    let fence = "`".repeat((longest_run(body) + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}", body.trim_matches('\n').trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

/// An address for a link, or nothing where it is not one that a reader can safely follow.
pub(super) fn address(raw: &str) -> Option<String> {
    let raw = raw.trim().replace("\\%", "%").replace("\\#", "#").replace("\\_", "_").replace("\\&", "&");
    let lower = raw.to_ascii_lowercase();
    if !["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return None;
    }
    let mut address = String::new();
    for char in raw.chars() {
        match char {
            '(' | ')' | '<' | '>' | '"' | '\'' | '\\' | '`' | '*' | '_' | '[' | ']' | '$' | '|' | '{'
            | '}' => {
                address.push_str(&format!("%{:02X}", u32::from(char)));
            }
            char if char.is_whitespace() || char.is_control() => address.push_str("%20"),
            char => address.push(char),
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_markup_stays_text() {
        let check = |text: &str, expected: &str| assert_eq!(escape(text), expected);
        check("a*b_c `d` [e](f)", "a\\*b\\_c \\`d\\` \\[e\\](f)");
        check("<b> & &lt; a&b #x $", "\\<b> & \\&lt; a\\&b \\#x \\$");
        check("50 % == %%", "50 % \\=\\= \\%\\%");
    }

    #[test]
    fn a_line_does_not_begin_a_block() {
        for (line, expected) in [
            ("1. a", "1\\. a"),
            ("12) a", "12\\) a"),
            ("1.", "1\\."),
            ("3.14 a", "3.14 a"),
            ("2024", "2024"),
            ("- a", "\\- a"),
            ("-a", "-a"),
            ("--- a", "\\--- a"),
            ("+", "\\+"),
            ("> a", "\\> a"),
            ("===", "\\==="),
            (": a", "\\: a"),
            ("a - b", "a - b"),
        ] {
            assert_eq!(line_start(line), expected);
        }
    }

    #[test]
    fn code_keeps_its_backticks() {
        assert_eq!(code_span("a ` b"), "``a ` b``");
        assert_eq!(code_span("`a`"), "`` `a` ``");
        assert_eq!(code_block("c", "\n```\n x\n"), "````c\n```\n x\n````");
    }

    #[test]
    fn only_addresses_of_pages_and_mail_become_links() {
        assert_eq!(address("https://a.fr/x\\%20(y)_z"), Some("https://a.fr/x%20%28y%29%5Fz".into()));
        assert_eq!(address("javascript:alert(1)"), None);
    }
}
