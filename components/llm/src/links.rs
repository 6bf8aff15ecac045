//! Web addresses that stand in a text without Markdown's brackets (GitHub Flavored Markdown §6.9, `http(s)` only).

const SCHEMES: [&str; 2] = ["http://", "https://"];

/// Whether the address is absolute and `http(s)`, so neither `javascript:` nor an address of this site.
pub(crate) fn is_web_address(address: &str) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// The first bare address with the texts before and after it. Reads no further than the address, so that callers who
/// continue after it read everything once.
pub(crate) fn next(text: &str) -> Option<(&str, &str, &str)> {
    let is_scheme = |at: &usize| {
        SCHEMES.iter().any(|scheme| text.get(*at..).is_some_and(|rest| rest.starts_with(scheme)))
    };
    let start = text.match_indices("http").map(|(at, _)| at).find(is_scheme)?;
    let (before, from) = text.split_at(start);
    let end = from.find(|c: char| c.is_whitespace() || "<>\"«»`".contains(c)).unwrap_or(from.len());
    let mut address = from.get(..end)?;
    let opened = address.matches('(').count();
    let mut closed = address.matches(')').count();
    // Punctuation at the end belongs to the sentence; so does a bracket that the address does not open.
    while let Some(last) = address.chars().next_back() {
        let is_unopened = last == ')' && closed > opened;
        if !(is_unopened || ".,;:!?'*_~…’”".contains(last)) {
            break;
        }
        closed -= usize::from(is_unopened);
        address = address.get(..address.len() - last.len_utf8())?;
    }
    let has_host = SCHEMES.iter().any(|scheme| address.len() > scheme.len() && address.starts_with(scheme));
    has_host.then(|| (before, address, from.get(address.len()..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_ends_before_the_punctuation_of_its_sentence() {
        for (text, expected) in [
            ("voir https://a.example/b.", Some(("voir ", "https://a.example/b", "."))),
            ("(http://a.example)", Some(("(", "http://a.example", ")"))),
            ("https://a.example/x_(y) !", Some(("", "https://a.example/x_(y)", " !"))),
            ("https://a.example?", Some(("", "https://a.example", "?"))),
            ("http://é.example/ü", Some(("", "http://é.example/ü", ""))),
            ("https://", None),
            ("ftp://a.example javascript:x //a", None),
            ("", None),
        ] {
            assert_eq!(next(text), expected, "{text}");
        }
    }
}
