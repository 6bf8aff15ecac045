//! PDF tokens, one byte at a time.
//!
//! Owns the lexical rules of ISO 32000-1 §7.2–7.3 as far as counting pages needs them: names with their `#xx`
//! escapes, integers, keywords, dictionary and array brackets; strings and comments are skipped as a whole,
//! so that nothing inside them is taken for structure. What the tokens mean is not known here.

/// The names and words that are looked for are shorter; the rest of a longer one is dropped.
const WORD_BYTES_MAX: usize = 48;

/// No `Debug`: it shows the user's document.
#[derive(Clone, Copy)]
pub enum Token<'a> {
    /// Without its slash, `#xx` decoded.
    Name(&'a [u8]),
    /// A non-negative integer; larger ones saturate.
    Integer(u64),
    /// `obj`, `R`, `stream`, `trailer`, a real number, …
    Word(&'a [u8]),
    DictOpen,
    DictClose,
    ArrayOpen,
    ArrayClose,
    /// A whole string, literal or hexadecimal.
    Text,
    /// The comment `%%EOF`.
    EndOfFile,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    Name,
    Word,
    Comment,
    Text {
        depth: u32,
        escaped: bool,
    },
    LessThan,
    GreaterThan,
    Hex,
}

#[derive(Default)]
pub struct Lexer {
    state: State,
    word: Vec<u8>,
}

impl Lexer {
    /// Takes one byte and emits the tokens that it completes: none, one, or two.
    pub fn push(&mut self, byte: u8, emit: &mut impl FnMut(Token<'_>)) {
        match self.state {
            State::Between => self.begin(byte, emit),
            State::Name | State::Word if is_regular(byte) => self.keep(byte),
            State::Name => {
                emit(Token::Name(&decode_name(&self.word)));
                self.begin(byte, emit);
            }
            State::Word => {
                emit(word_token(&self.word));
                self.begin(byte, emit);
            }
            State::Comment if matches!(byte, b'\r' | b'\n') => {
                if self.word.starts_with(b"%EOF") {
                    emit(Token::EndOfFile);
                }
                self.state = State::Between;
            }
            State::Comment => self.keep(byte),
            State::Text { escaped: true, depth } => self.state = State::Text { depth, escaped: false },
            State::Text { depth, escaped: false } => match byte {
                b'\\' => self.state = State::Text { depth, escaped: true },
                b'(' => self.state = State::Text { depth: depth.saturating_add(1), escaped: false },
                b')' if depth <= 1 => {
                    self.state = State::Between;
                    emit(Token::Text);
                }
                b')' => self.state = State::Text { depth: depth - 1, escaped: false },
                _ => {}
            },
            State::LessThan if byte == b'<' => {
                self.state = State::Between;
                emit(Token::DictOpen);
            }
            State::LessThan | State::Hex => {
                self.state = State::Hex;
                if byte == b'>' {
                    self.state = State::Between;
                    emit(Token::Text);
                }
            }
            State::GreaterThan if byte == b'>' => {
                self.state = State::Between;
                emit(Token::DictClose);
            }
            State::GreaterThan => self.begin(byte, emit),
        }
    }

    /// The end of the input also ends a name, a word or a last comment.
    pub fn finish(&mut self, emit: &mut impl FnMut(Token<'_>)) {
        self.push(b'\n', emit);
        self.state = State::Between;
    }

    fn begin(&mut self, byte: u8, emit: &mut impl FnMut(Token<'_>)) {
        self.word.clear();
        self.state = match byte {
            b'/' => State::Name,
            b'%' => State::Comment,
            b'(' => State::Text { depth: 1, escaped: false },
            b'<' => State::LessThan,
            b'>' => State::GreaterThan,
            b'[' => {
                emit(Token::ArrayOpen);
                State::Between
            }
            b']' => {
                emit(Token::ArrayClose);
                State::Between
            }
            byte if is_regular(byte) => {
                self.word.push(byte);
                State::Word
            }
            _ => State::Between,
        };
    }

    fn keep(&mut self, byte: u8) {
        if self.word.len() < WORD_BYTES_MAX {
            self.word.push(byte);
        }
    }
}

/// Neither white space nor a delimiter (ISO 32000-1, tables 1 and 2).
fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | b'\t'
            | b'\n'
            | 0x0c
            | b'\r'
            | b' '
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

fn word_token(word: &[u8]) -> Token<'_> {
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return Token::Word(word);
    }
    Token::Integer(
        word.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))),
    )
}

fn decode_name(raw: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let mut decoded = [byte];
        rest = match rest {
            [b'#', high, low, tail @ ..] if hex::decode_to_slice([*high, *low], &mut decoded).is_ok() => tail,
            _ => after,
        };
        name.extend(decoded);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: &[u8]) -> Vec<String> {
        let mut lexer = Lexer::default();
        let mut seen = Vec::new();
        let mut emit = |token: Token<'_>| {
            seen.push(match token {
                Token::Name(name) => format!("/{}", String::from_utf8_lossy(name)),
                Token::Integer(number) => number.to_string(),
                Token::Word(word) => String::from_utf8_lossy(word).into_owned(),
                Token::DictOpen => "<<".into(),
                Token::DictClose => ">>".into(),
                Token::ArrayOpen => "[".into(),
                Token::ArrayClose => "]".into(),
                Token::Text => "text".into(),
                Token::EndOfFile => "eof".into(),
            });
        };
        for byte in input {
            lexer.push(*byte, &mut emit);
        }
        lexer.finish(&mut emit);
        seen
    }

    #[test]
    fn reads_dictionaries_names_numbers_and_references() {
        let check =
            |input: &str, expected: &[&str]| assert_eq!(tokens(input.as_bytes()), expected, "{input}");
        check(
            "12 0 obj<</Type/Page/Parent 3 0 R>>",
            &["12", "0", "obj", "<<", "/Type", "/Page", "/Parent", "3", "0", "R", ">>"],
        );
        check("[/FlateDecode null 1.5 -2]", &["[", "/FlateDecode", "null", "1.5", "-2", "]"]);
        check("/P#61ge /A#", &["/Page", "/A#"]);
        check("/#4a#4A #6x /#x6 /#6", &["/JJ", "#6x", "/#x6", "/#6"]);
        check("99999999999999999999999", &[&u64::MAX.to_string()]);
    }

    #[test]
    fn what_is_inside_strings_and_comments_is_not_structure() {
        let check =
            |input: &str, expected: &[&str]| assert_eq!(tokens(input.as_bytes()), expected, "{input}");
        check(r"(a (nested) \) /Type /Page) /X", &["text", "/X"]);
        check("<2F50> /X", &["text", "/X"]);
        check("% /Type /Page\n/X", &["/X"]);
        check("%%EOF", &["eof"]);
        check("%%EOF\r\n%more", &["eof"]);
    }
}
