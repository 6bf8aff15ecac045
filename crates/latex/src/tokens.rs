//! LaTeX as commands, environments, braces and dollars. What stands in comments, `\verb`, addresses and verbatim
//! environments is skipped.

use crate::groups::argument;
use crate::verbatim::Verbatim;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// Without its backslash: a word, or one other character.
    Command(&'a str),
    Begin(&'a str),
    End(&'a str),
    Open,
    Close,
    Dollar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub kind: Kind<'a>,
    /// Offset of its first byte.
    pub at: usize,
    /// Offset after its last byte; after the braces of `\begin{…}` and `\url{…}`, after the closing mark of
    /// `\verb|…|`.
    pub end: usize,
    /// Counted from 1.
    pub line: u32,
}

/// `\verb|…|` with more bytes than this is not one; without a limit, many that are never closed take quadratic time.
const VERB_BYTES_MAX: usize = 400;
/// Reads `source` once, in linear time.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let verbatim = Verbatim::of(source);
    let mut tokenizer =
        Tokenizer { source, at: 0, line: 1, tokens: Vec::new(), verbatim, open_condition: false };
    while tokenizer.step() {}
    tokenizer.tokens
}

/// Offsets of the text in verbatim environments, in order.
pub(crate) fn verbatim_spans(latex: &str) -> Vec<(usize, usize)> {
    let names = Verbatim::of(latex);
    let all = tokens(latex);
    let ends = all.iter().skip(1).map(|next| next.at).chain([latex.len()]);
    all.iter()
        .zip(ends)
        .filter(|(token, _)| matches!(token.kind, Kind::Begin(name) if names.contains(name)))
        .map(|(token, end)| (token.end, end))
        .collect()
}

struct Tokenizer<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    tokens: Vec<Token<'a>>,
    verbatim: Verbatim<'a>,
    /// An `\iffalse` has no end that is certain: no further one is looked for.
    open_condition: bool,
}

impl<'a> Tokenizer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Moves on over the next `bytes`, counting lines; stays on a character border.
    fn skip(&mut self, bytes: usize) {
        let passed = self.rest().get(..bytes).unwrap_or(self.rest());
        self.line = self.line.saturating_add(
            u32::try_from(passed.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX),
        );
        self.at += passed.len();
    }

    /// Adds a token of `bytes` bytes and moves on over it.
    fn emit(&mut self, kind: Kind<'a>, bytes: usize) {
        let (at, line) = (self.at, self.line);
        self.skip(bytes);
        self.tokens.push(Token { kind, at, end: self.at, line });
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        // Bytes, not characters: this reads every byte of a document, in several passes.
        let special = |byte| matches!(byte, b'\\' | b'{' | b'}' | b'$' | b'%');
        let Some(next) = rest.bytes().position(special) else { return false };
        self.skip(next);
        let rest = self.rest();
        match rest.as_bytes().first() {
            Some(b'%') => self.skip(rest.find('\n').map_or(rest.len(), |end| end + 1)),
            Some(b'\\') => self.command(),
            Some(b'{') => self.emit(Kind::Open, 1),
            Some(b'}') => self.emit(Kind::Close, 1),
            _ => self.emit(Kind::Dollar, 1),
        }
        true
    }

    fn follows_a_name(&self) -> bool {
        self.tokens.last().is_some_and(|last| {
            last.end == self.at && matches!(last.kind, Kind::Command(name) if name.starts_with("if"))
        })
    }

    fn command(&mut self) {
        let after = self.rest().get(1..).unwrap_or_default();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let length = if letters > 0 { letters } else { after.chars().next().map_or(0, char::len_utf8) };
        let name = after.get(..length).unwrap_or_default();
        let tail = after.get(length..).unwrap_or_default();
        match name {
            "begin" | "end" => {
                let Some(environment) = argument(tail) else {
                    return self.emit(Kind::Command(name), 1 + length);
                };
                let through = tail.find('}').map_or(0, |end| end + 1);
                let begins = name == "begin";
                let kind = if begins { Kind::Begin(environment) } else { Kind::End(environment) };
                self.emit(kind, 1 + length + through);
                if begins && self.verbatim.contains(environment) {
                    let end = format!("\\end{{{environment}}}");
                    self.skip(self.rest().find(&end).unwrap_or(self.rest().len()));
                }
            }
            // What it names is printed, not done.
            "string" => {
                let letters = tail
                    .strip_prefix('\\')
                    .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_alphabetic).count());
                let bytes = if letters > 0 {
                    letters + 1
                } else {
                    usize::from(tail.starts_with(['&', '#', '_', '^', '$', '{', '}']))
                };
                self.emit(Kind::Command(name), 1 + length + bytes);
            }
            "verb" | "Verb" | "lstinline" | "mintinline" => {
                self.emit(Kind::Command(name), 1 + length + marked(name, tail).unwrap_or(0));
            }
            // Not what gives a condition this value.
            "iffalse" if !self.open_condition && !self.follows_a_name() => {
                let hidden = hidden(tail);
                self.open_condition = hidden.is_none();
                self.emit(Kind::Command(name), 1 + length + hidden.unwrap_or(0));
            }
            // `%` and `#` in an address are itself; the token reaches to the address's brace.
            "url" | "href" | "nolinkurl" | "path" if argument(tail).is_some() => {
                let through = tail.find('}').map_or(0, |end| end + 1);
                self.emit(Kind::Command(name), 1 + length + through);
            }
            "url" | "path" | "detokenize" if tail.starts_with(['|', '{']) => {
                self.emit(Kind::Command(name), 1 + length + marked(name, tail).unwrap_or(0));
            }
            _ => self.emit(Kind::Command(name), 1 + length),
        }
    }
}

/// The length of what TeX does not read behind `\iffalse`, up to its `\else` or `\fi`. `None`: that is not certain, as in
/// `\let\ifdraft\iffalse`.
fn hidden(tail: &str) -> Option<usize> {
    if tail.trim_start().starts_with('}') {
        return None;
    }
    let (mut at, mut depth) = (0, 0_u32);
    loop {
        let rest = tail.get(at..)?;
        let next = rest.find(['\\', '%'])?;
        let after = rest.get(next + 1..)?;
        if rest.get(next..)?.starts_with('%') {
            at += next + 1 + after.find('\n')?;
            continue;
        }
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        match after.get(..letters)? {
            "else" | "fi" if depth == 0 => return Some(at + next),
            "fi" => depth -= 1,
            "begin" | "end" if argument(after.get(letters..)?) == Some("document") => return None,
            "iff" | "ifthenelse" => {}
            name if name.starts_with("if") => depth += 1,
            _ => {}
        }
        // Of a command that is one character, that too.
        at += next + 1 + if letters > 0 { letters } else { after.chars().next()?.len_utf8() };
    }
}

/// The length of what stands behind `\\verb` and its like, up to the closing mark; `None` if it is never closed.
fn marked(command: &str, tail: &str) -> Option<usize> {
    let listing = !matches!(command, "verb" | "Verb");
    let mut text = tail.strip_prefix('*').unwrap_or(tail);
    if listing && let Some(options) = text.strip_prefix('[') {
        let near = options.get(..options.floor_char_boundary(VERB_BYTES_MAX))?;
        // By bytes: each of many that are never closed is searched to the limit.
        let end = near.bytes().position(|byte| matches!(byte, b']' | b'\n'))?;
        text = options.get(end..)?.strip_prefix(']')?;
    }
    if command == "mintinline" {
        text = text.get(argument(text)?.len() + 2..)?;
    }
    let mut chars = text.chars();
    let mark = chars.next().filter(|mark| *mark != '\n')?;
    // `\lstinline{…}` is allowed too.
    let closing = if listing && mark == '{' { '}' } else { mark };
    let inner = chars.as_str();
    let near = inner.get(..inner.floor_char_boundary(VERB_BYTES_MAX)).unwrap_or(inner);
    // By bytes, and once: each of many that are never closed is searched to the limit.
    let line = near.split('\n').next()?;
    let mut end = line.find(closing);
    if end.is_some() && closing == '}' {
        // Braces inside belong to it where they match.
        let mut depth = 0_u32;
        let matching = line.bytes().position(|byte| {
            depth += u32::from(byte == b'{');
            let closes = byte == b'}' && depth == 0;
            depth -= u32::from(byte == b'}' && depth > 0);
            closes
        });
        end = matching.or(end);
    }
    Some(tail.len() - inner.len() + end? + closing.len_utf8())
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
        check(
            r"\lstinline[language=C]{a % $} $ \mintinline[x]{c}|{| }",
            &[r"\lstinline", "$", r"\mintinline", "}"],
        );
        check(
            "\\newenvironment{comment}{}{}\\begin{comment}$\\end{comment}",
            &[r"\newenvironment", "{", "}", "{", "}", "{", "}", "+comment", "$", "-comment"],
        );
        check(
            "\\DefineVerbatimEnvironment{code}{Verbatim}{}\\begin{code}\n{\\end{code}",
            &[r"\DefineVerbatimEnvironment", "{", "}", "{", "}", "{", "}", "+code", "-code"],
        );
        check(
            "\\newminted[py]{python}{}\\newminted{c}{}\\begin{py}\n{\\end{py}\\begin{ccode*}\n{\\end{ccode*}",
            &[
                r"\newminted",
                "{",
                "}",
                "{",
                "}",
                r"\newminted",
                "{",
                "}",
                "{",
                "}",
                "+py",
                "-py",
                "+ccode*",
                "-ccode*",
            ],
        );
        check(
            r"\mintinline{c}{f() { a{0} = 1; }} } \lstinline{a{} $",
            &[r"\mintinline", "}", r"\lstinline", "$"],
        );
        check(
            r"\iffalse { \ifx \fi \iff $ \{ \\fi % \fi",
            &[r"\iffalse", "{", r"\ifx", r"\fi", r"\iff", "$", r"\{", r"\\"],
        );
        check("\\iffalse { \\ifx \\fi \\\\fi % \\fi\n \\fi}", &[r"\iffalse", r"\fi", "}"]);
        check(r"\iffalse { \else $ \fi", &[r"\iffalse", r"\else", "$", r"\fi"]);
        check(r"\def\x{\iffalse} $ \fi", &[r"\def", r"\x", "{", r"\iffalse", "}", "$", r"\fi"]);
        check(
            r"\let\ifx\iffalse \begin{document} \fi",
            &[r"\let", r"\ifx", r"\iffalse", "+document", r"\fi"],
        );
        check(r"\path|{a| $\path{$a}$ \url|$| \path (a)", &[r"\path", "$", r"\path", "$", r"\url", r"\path"]);
        check(
            r"\detokenize{\begin{a} $ {}} { \string\begin{a} \string$ \string\{",
            &[r"\detokenize", "{", r"\string", "{", "}", r"\string", r"\string", r"\{"],
        );
        check(r"\string{ \string} {", &[r"\string", r"\string", "{"]);
        check(r"\begin {x} \begin", &["+x", r"\begin"]);
        check(r"{\url{a%20b#c}} \href{a%b}{c} \url", &["{", r"\url", "}", r"\href", "{", "}", r"\url"]);
        check("\\", &["\\"]);
    }

    #[test]
    fn a_token_ends_where_the_next_text_begins() {
        let check = |source: &str, expected: &[&str]| {
            let tokens = tokens(source);
            let spans: Vec<&str> = tokens.iter().map(|token| &source[token.at..token.end]).collect();
            assert_eq!(spans, expected, "{source}");
        };
        check(r"a \frac12 \é{x}", &[r"\frac", r"\é", "{", "}"]);
        check(r"\begin {x}\item\end{x}$", &[r"\begin {x}", r"\item", r"\end{x}", "$"]);
        check(r"\verb|{$%| \verb*+a+ \verb|a", &[r"\verb|{$%|", r"\verb*+a+", r"\verb"]);
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
            prop_assert!(tokens.iter().all(|token| token.at < token.end));
            prop_assert!(tokens.windows(2).all(|pair| pair[0].end <= pair[1].at));
        }
    }
}
