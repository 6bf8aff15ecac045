//! Style sheets and scripts without what only a reader of the source needs, made when the component is compiled: no
//! indentation, no empty lines, no lines that are a comment. Everything else stays as it is, so no parser is needed.

#![expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which reports an index out of range"
)]

/// The length of [`compact`]'s result.
#[must_use]
pub const fn compact_len(source: &[u8]) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < source.len() {
        let line = Line::at(source, at);
        length += line.kept();
        at = line.next;
    }
    length
}

/// [`compact_into`], for a constant. `N` is [`compact_len`] of the same.
#[must_use]
pub const fn compact<const N: usize>(source: &[u8]) -> [u8; N] {
    let mut compacted = [0; N];
    compact_into(source, &mut compacted);
    compacted
}

/// The lines of `source` that say something, each without the blanks around it; `compacted` has [`compact_len`] bytes.
/// Source files have no text over several lines in which a blank at the start of a line, or `//` there, would count.
pub(crate) const fn compact_into(source: &[u8], compacted: &mut [u8]) {
    let (mut length, mut at) = (0, 0);
    while at < source.len() {
        let line = Line::at(source, at);
        let mut offset = 0;
        while offset + 1 < line.kept() {
            compacted[length + offset] = source[line.from + offset];
            offset += 1;
        }
        length += line.kept();
        if line.kept() > 0 {
            compacted[length - 1] = b'\n';
        }
        at = line.next;
    }
}

/// A line without the blanks around it; empty when it is a comment.
struct Line {
    from: usize,
    to: usize,
    next: usize,
}

impl Line {
    const fn at(source: &[u8], start: usize) -> Self {
        let mut end = start;
        while end < source.len() && source[end] != b'\n' {
            end += 1;
        }
        let (mut from, mut to) = (start, end);
        while from < to && source[from] == b' ' {
            from += 1;
        }
        while to > from && source[to - 1] == b' ' {
            to -= 1;
        }
        let is_long = to - from >= 2;
        let is_line_comment = is_long && source[from] == b'/' && source[from + 1] == b'/';
        let opens = is_long && source[from] == b'/' && source[from + 1] == b'*';
        let closes = is_long && source[to - 2] == b'*' && source[to - 1] == b'/';
        if is_line_comment || opens && closes {
            to = from;
        }
        Self { from, to, next: end + 1 }
    }

    /// How many bytes it takes, with its line end.
    const fn kept(&self) -> usize {
        if self.from == self.to { 0 } else { self.to - self.from + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_the_rest_stays() {
        const SOURCE: &[u8] = b"/* a */\n.x {\n  color: red; /* why */\n\n}\n// b\n  // c\nlet u = \"//d\";  \n/* e */ f()\n  end";
        const COMPACTED: [u8; compact_len(SOURCE)] = compact(SOURCE);
        let expected = ".x {\ncolor: red; /* why */\n}\nlet u = \"//d\";\n/* e */ f()\nend\n";
        assert_eq!(std::str::from_utf8(&COMPACTED), Ok(expected));
    }
}
