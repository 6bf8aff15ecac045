//! Leaves out what a model thinks before it answers, where the server does not separate it: `<think>…</think>` at the
//! start of the text.

const OPENING: &str = "<think>";
const CLOSING: &str = "</think>";

/// Reads a text piece by piece. No `Debug`: it is a user's.
pub struct Thoughts(State);

enum State {
    /// Too little to tell, without blanks before it.
    Start(String),
    /// The end of what was thought, in which the tag may have begun.
    Inside(String),
    Outside,
}

impl Default for Thoughts {
    fn default() -> Self {
        Self(State::Start(String::new()))
    }
}

impl Thoughts {
    /// The part of the next piece that belongs to the answer.
    pub fn push(&mut self, piece: &str) -> String {
        match &mut self.0 {
            State::Outside => piece.to_owned(),
            State::Start(start) => {
                start.push_str(if start.is_empty() { piece.trim_start() } else { piece });
                let start = std::mem::take(start);
                if let Some(rest) = start.strip_prefix(OPENING) {
                    self.0 = State::Inside(String::new());
                    self.push(rest)
                } else if OPENING.starts_with(&start) {
                    self.0 = State::Start(start);
                    String::new()
                } else {
                    self.0 = State::Outside;
                    start
                }
            }
            State::Inside(end) => {
                end.push_str(piece);
                if let Some((_, answer)) = end.split_once(CLOSING) {
                    let answer = answer.trim_start().to_owned();
                    self.0 = State::Outside;
                    return answer;
                }
                let kept = end.char_indices().rev().nth(CLOSING.len()).map_or(0, |(at, _)| at);
                end.drain(..kept);
                String::new()
            }
        }
    }

    /// What was held back at the end of the text.
    #[must_use]
    pub fn finish(self) -> String {
        match self.0 {
            State::Start(start) => start,
            State::Inside(_) | State::Outside => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Thoughts: std::fmt::Debug);

    fn read(text: &str, size: usize) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut thoughts = Thoughts::default();
        let mut answer: String =
            chars.chunks(size).map(|piece| thoughts.push(&piece.iter().collect::<String>())).collect();
        answer.push_str(&thoughts.finish());
        answer.trim_start().to_owned()
    }

    #[test]
    fn only_thoughts_at_the_start_are_left_out_however_the_text_is_cut() {
        for (text, expected) in [
            ("\n<think>\néh… </thin k> bien\n</think>\n\nVoici : <think>", "Voici : <think>"),
            ("Voici <think>a</think>", "Voici <think>a</think>"),
            ("<think>sans fin", ""),
            ("<think></think>x", "x"),
            ("<thi", "<thi"),
            ("  x = 1", "x = 1"),
            ("", ""),
        ] {
            for size in [1, 2, 7, 100] {
                assert_eq!(read(text, size), expected, "{text} by {size}");
            }
        }
    }
}
