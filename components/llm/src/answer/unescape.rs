//! Undoes what the mapping of a Make.com scenario may have done to the text: line ends, JSON or HTML escapes.

use std::borrow::Cow;

/// The text with `\n` line ends, without a byte order mark, unescaped at most once.
///
/// Escapes are undone only in a text without a real line end. In a text of several lines they belong to the program:
/// `print("a\n")` keeps its backslash.
pub(super) fn normalise(raw: &str) -> Cow<'_, str> {
    let text = raw.strip_prefix('\u{feff}').unwrap_or(raw);
    if text.contains('\r') {
        return Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    if text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let unescaped = json(text);
    let lines = unescaped.as_deref().unwrap_or(text);
    match html(lines).or_else(|| unescaped.clone()) {
        Some(text) if text.contains('\r') => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        Some(text) => Cow::Owned(text),
        None => Cow::Borrowed(text),
    }
}

/// The value of `text` as the content of a JSON string whose quotes are missing, if it is one.
fn json(text: &str) -> Option<String> {
    if !text.contains("\\n") {
        return None;
    }
    let strict = serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
    // A fence is never on the same line as its content, so with a fence these are escapes.
    strict.or_else(|| text.contains("```").then(|| lenient(text)))
}

fn lenient(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => {}
            Some(escaped @ ('"' | '\\' | '/')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// `text` with the usual HTML entities replaced, if it contains one and no markup.
fn html(text: &str) -> Option<String> {
    const ENTITIES: [(&str, char); 7] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&#x27;", '\''),
        ("&nbsp;", '\u{a0}'),
        ("&amp;", '&'),
    ];
    let escaped = ENTITIES.iter().any(|(entity, _)| text.contains(entity));
    if !escaped || text.contains(['<', '>']) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at_checked(at)?;
        out.push_str(before);
        match ENTITIES.iter().find_map(|(name, character)| Some((entity.strip_prefix(name)?, *character))) {
            Some((after, character)) => {
                out.push(character);
                rest = after;
            }
            None => {
                out.push('&');
                rest = entity.strip_prefix('&').unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    Some(out)
}
