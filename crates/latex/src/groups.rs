//! Arguments in braces and options in brackets, read from the start of a text.

/// `[…]` with more bytes than this is text, for the same reason.
pub(crate) const OPTIONS_BYTES_MAX: usize = 2000;

/// The argument in braces at the start of `text`, blanks before it allowed: its content.
pub(crate) fn argument(text: &str) -> Option<&str> {
    let inner = text.trim_start_matches([' ', '\t', '\n']).strip_prefix('{')?;
    // The first of the three ends the search: a repeated `\begin{` must not search to the end each time.
    let (content, rest) = inner.split_at_checked(inner.find(['{', '}', '\n'])?)?;
    rest.starts_with('}').then_some(content)
}

/// The argument behind a star and options: the content of the braces in `*[…]{…}`.
pub(crate) fn argument_after_options(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('*').unwrap_or(text);
    while let Some(options) = rest.trim_start_matches([' ', '\t', '\n']).strip_prefix('[') {
        let near = options.get(..options.floor_char_boundary(OPTIONS_BYTES_MAX))?;
        rest = options.get(near.find(']')? + 1..)?;
    }
    argument(rest)
}
