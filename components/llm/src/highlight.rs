//! Python as coloured pieces, in one pass. The pieces put together are the text, so a misread piece only has the wrong
//! colour.

/// Longer code, in bytes, is shown without colours, because tens of thousands of elements make a browser slow.
pub const HIGHLIGHT_BYTES_MAX: usize = 50_000;

/// A piece of code and the CSS class that colours it. Plain text has no class.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub class: &'static str,
    pub text: &'a str,
}

const KEYWORDS: &str = "\
    False None True and as assert async await break case class continue def del elif else except \
    finally for from global if import in is lambda match nonlocal not or pass raise return try \
    while with yield";
const BUILTINS: &str = "\
    abs all any bool dict enumerate filter float input int isinstance len list map max min next \
    open print range repr reversed round self set sorted str sum super tuple type zip";

/// Python in pieces.
#[must_use]
pub fn python(code: &str) -> Vec<Token<'_>> {
    if code.len() > HIGHLIGHT_BYTES_MAX {
        return plain(code);
    }
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = code;
    let mut names_next = false;
    let mut plain_from = code;
    while let Some(first) = rest.chars().next() {
        let (class, len) = piece(rest, first, names_next);
        let Some((text, after)) = rest.split_at_checked(len.max(first.len_utf8())) else {
            break;
        };
        if !text.trim().is_empty() {
            names_next = class == "hl-k" && matches!(text, "def" | "class");
        }
        if !class.is_empty() {
            push_plain(&mut tokens, plain_from, rest);
            tokens.push(Token { class, text });
            plain_from = after;
        }
        rest = after;
    }
    push_plain(&mut tokens, plain_from, "");
    tokens
}

/// Code of another language as one plain piece.
#[must_use]
pub fn plain(code: &str) -> Vec<Token<'_>> {
    vec![Token { class: "", text: code }]
}

fn push_plain<'a>(tokens: &mut Vec<Token<'a>>, from: &'a str, until: &str) {
    if let Some(text) = from.get(..from.len() - until.len()).filter(|text| !text.is_empty()) {
        tokens.push(Token { class: "", text });
    }
}

/// The class and length in bytes of the piece that starts here.
fn piece(rest: &str, first: char, names_next: bool) -> (&'static str, usize) {
    match first {
        '#' => ("hl-c", rest.find('\n').unwrap_or(rest.len())),
        '"' | '\'' => ("hl-s", string_len(rest)),
        '@' => {
            let name = word_len(rest.get(1..).unwrap_or_default());
            if name > 0 { ("hl-d", 1 + name) } else { ("", 1) }
        }
        '0'..='9' => (
            "hl-n",
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len()),
        ),
        _ if is_word(first) => {
            let len = word_len(rest);
            let word = rest.get(..len).unwrap_or_default();
            let after = rest.get(len..).unwrap_or_default();
            let is_prefix = word.len() <= 2 && word.chars().all(|c| "rRbBfFuU".contains(c));
            if is_prefix && after.starts_with(['"', '\'']) {
                ("hl-s", len + string_len(after))
            } else if names_next {
                ("hl-f", len)
            } else if contains(KEYWORDS, word) {
                ("hl-k", len)
            } else if contains(BUILTINS, word) {
                ("hl-b", len)
            } else {
                ("", len)
            }
        }
        _ => ("", first.len_utf8()),
    }
}

/// The length of the string literal at the start of `rest`. One without an end ends with its line, or, with triple
/// quotes, with the text.
fn string_len(rest: &str) -> usize {
    let quote = if rest.starts_with('"') { "\"" } else { "'" };
    let triple = quote.repeat(3);
    let (open, is_triple) = if rest.starts_with(&triple) { (triple.as_str(), true) } else { (quote, false) };
    let mut at = open.len();
    while let Some(tail) = rest.get(at..) {
        let Some(next) = tail.chars().next() else {
            break;
        };
        if tail.starts_with(open) {
            return at + open.len();
        }
        match next {
            '\\' => at += 1 + tail.chars().nth(1).map_or(0, char::len_utf8),
            '\n' if !is_triple => return at,
            _ => at += next.len_utf8(),
        }
    }
    rest.len()
}

fn contains(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !is_word(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces as `class(text)`, plain ones as they are.
    fn shown(code: &str) -> String {
        let show = |token: Token<'_>| match token.class.strip_prefix("hl-") {
            Some(class) => format!("{class}({})", token.text),
            None => token.text.to_owned(),
        };
        python(code).into_iter().map(show).collect()
    }

    #[test]
    fn python_is_coloured() {
        for (code, expected) in [
            ("", ""),
            ("def f(x):\n    return x", "k(def) f(f)(x):\n    k(return) x"),
            ("class Été:", "k(class) f(Été):"),
            ("x = 1.5e3 # 'a'", "x = n(1.5e3) c(# 'a')"),
            ("print(f\"{x}\")", "b(print)(s(f\"{x}\"))"),
            ("a = 'it\\'s' + b", "a = s('it\\'s') + b"),
            ("a = 'open\nb", "a = s('open)\nb"),
            ("'''a\n'b'\n''' + c", "s('''a\n'b'\n''') + c"),
            ("\"\"\"never closed\n", "s(\"\"\"never closed\n)"),
            ("@cache\ndef g(): ...", "d(@cache)\nk(def) f(g)(): ..."),
            ("a @ b", "a @ b"),
            ("iffy = notin", "iffy = notin"),
            ("s = '</textarea><script>'", "s = s('</textarea><script>')"),
        ] {
            assert_eq!(shown(code), expected);
        }
    }

    #[test]
    fn long_code_is_one_plain_piece() {
        let code = "x = 1\n".repeat(HIGHLIGHT_BYTES_MAX / 6 + 1);
        assert_eq!(python(&code), plain(&code));
    }

    proptest! {
        #[test]
        fn the_pieces_put_together_are_the_text(code in "[\"'\\\\#@a-f0-9é\n ().]{0,80}|\\PC{0,40}") {
            let whole: String = python(&code).iter().map(|token| token.text).collect();
            prop_assert_eq!(whole, code);
        }
    }
}
