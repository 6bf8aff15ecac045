//! LaTeX as far as balance and commands need it: what stands in comments, `\verb` and verbatim environments is
//! not looked at.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Without its backslash: a word, or one other character.
    Command(&'a str),
    Begin(&'a str),
    End(&'a str),
    Open,
    Close,
    Dollar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind<'a>,
    /// Offset of its first byte.
    pub at: usize,
    /// Counted from 1.
    pub line: u32,
}

const VERBATIM: [&str; 6] = ["verbatim", "verbatim*", "Verbatim", "lstlisting", "minted", "comment"];

/// Reads `source` once, in linear time.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut reader = Reader { source, at: 0, line: 1, tokens: Vec::new() };
    while reader.step() {}
    reader.tokens
}

/// The argument in braces at the start of `text`, blanks before it allowed: its content.
pub fn argument(text: &str) -> Option<&str> {
    let inner = text.trim_start_matches([' ', '\t', '\n']).strip_prefix('{')?;
    let (content, _) = inner.split_once('}')?;
    (!content.contains(['{', '\n'])).then_some(content)
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    tokens: Vec<Token<'a>>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Moves on over the next `bytes`, counting lines; stays on a character border.
    fn skip(&mut self, bytes: usize) {
        let passed = self.rest().get(..bytes).unwrap_or(self.rest());
        self.line = self.line.saturating_add(u32::try_from(passed.matches('\n').count()).unwrap_or(u32::MAX));
        self.at += passed.len();
    }

    fn emit(&mut self, kind: Kind<'a>) {
        self.tokens.push(Token { kind, at: self.at, line: self.line });
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(next) = rest.find(['\\', '{', '}', '$', '%']) else { return false };
        self.skip(next);
        let rest = self.rest();
        match rest.as_bytes().first() {
            Some(b'%') => self.skip(rest.find('\n').map_or(rest.len(), |end| end + 1)),
            Some(b'\\') => self.command(),
            Some(b'{') => self.single(Kind::Open),
            Some(b'}') => self.single(Kind::Close),
            _ => self.single(Kind::Dollar),
        }
        true
    }

    fn single(&mut self, kind: Kind<'a>) {
        self.emit(kind);
        self.skip(1);
    }

    fn command(&mut self) {
        let after = self.rest().get(1..).unwrap_or_default();
        let letters = after.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(after.len());
        let length = if letters > 0 { letters } else { after.chars().next().map_or(0, char::len_utf8) };
        let name = after.get(..length).unwrap_or_default();
        let tail = after.get(length..).unwrap_or_default();
        match name {
            "begin" | "end" => {
                let Some(environment) = argument(tail) else {
                    self.emit(Kind::Command(name));
                    return self.skip(1 + length);
                };
                let through = tail.find('}').map_or(0, |end| end + 1);
                self.emit(if name == "begin" { Kind::Begin(environment) } else { Kind::End(environment) });
                self.skip(1 + length + through);
                if name == "begin" && VERBATIM.contains(&environment) {
                    let end = format!("\\end{{{environment}}}");
                    self.skip(self.rest().find(&end).unwrap_or(self.rest().len()));
                }
            }
            "verb" | "lstinline" => {
                let tail = tail.strip_prefix('*').unwrap_or(tail);
                let line = tail.split('\n').next().unwrap_or_default();
                let mut chars = line.chars();
                let closing = chars.next().and_then(|mark| {
                    let body = chars.as_str();
                    body.find(mark).map(|end| end + 2 * mark.len_utf8())
                });
                self.emit(Kind::Command(name));
                let start = self.rest().len() - tail.len();
                self.skip(start + closing.unwrap_or(0));
            }
            _ => {
                self.emit(Kind::Command(name));
                self.skip(1 + length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(source: &str) -> Vec<String> {
        tokens(source)
            .iter()
            .map(|token| match token.kind {
                Kind::Command(name) => format!("\\{name}"),
                Kind::Begin(name) => format!("+{name}"),
                Kind::End(name) => format!("-{name}"),
                Kind::Open => "{".into(),
                Kind::Close => "}".into(),
                Kind::Dollar => "$".into(),
            })
            .collect()
    }

    #[test]
    fn reads_commands_environments_and_groups() {
        let check = |source: &str, expected: &[&str]| assert_eq!(shown(source), expected, "{source}");
        check(r"\frac{1}{2} $x$", &[r"\frac", "{", "}", "{", "}", "$", "$"]);
        check(r"\begin{align*}a\\\end{align*}", &["+align*", r"\\", "-align*"]);
        check(r"\{ \} \$ \% \é", &[r"\{", r"\}", r"\$", r"\%", r"\é"]);
        check("a % {$\n}", &["}"]);
        check(r"\verb|{$%| }", &[r"\verb", "}"]);
        check("\\begin{verbatim}\n{ $ \\x\n\\end{verbatim}", &["+verbatim", "-verbatim"]);
        check(r"\begin {x} \begin", &["+x", r"\begin"]);
        check("\\", &["\\"]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines: Vec<u32> = tokens("{\n% x\n}\n\\begin{verbatim}\n\n\\end{verbatim}$")
            .iter()
            .map(|token| token.line)
            .collect();
        assert_eq!(lines, [1, 3, 4, 6, 6]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_offsets_rise(source in "([a-zé{}$%\\\\\n|]|\\\\begin\\{[a-z]{0,2}\\}|\\\\verb|\\\\end\\{verbatim\\}|\\\\begin\\{verbatim\\}){0,40}") {
            let tokens = tokens(&source);
            prop_assert!(tokens.windows(2).all(|pair| pair[0].at < pair[1].at));
        }
    }
}
