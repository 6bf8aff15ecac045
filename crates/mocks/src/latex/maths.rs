//! Turns one line into LaTeX, guessing which of its words are formulas.
//!
//! A word is mathematical when it holds a symbol, a superscript or a subscript; numbers, operators and
//! single letters beside such a word join it. What this gets wrong still compiles.

use super::symbols;
use crate::pdf::Level;

type Glyph = (char, Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Joins a formula beside it, is text otherwise.
    Neutral,
    Maths,
}

const FUNCTIONS: &[&str] =
    &["sin", "cos", "tan", "ln", "log", "exp", "lim", "det", "dim", "ker", "min", "max", "sup", "inf"];
const DIFFERENTIALS: &[&str] = &["dx", "dy", "dt", "du"];

/// One line as LaTeX.
pub(super) fn line(glyphs: &[Glyph]) -> String {
    let words: Vec<&[Glyph]> =
        glyphs.split(|(character, _)| *character == ' ').filter(|word| !word.is_empty()).collect();
    let kinds: Vec<Kind> = words.iter().map(|word| kind(word)).collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if at > 0 {
            out.push(' ');
        }
        match formula_end(&words, &kinds, at) {
            Some(end) => {
                push_formula(&mut out, words.get(at..end).unwrap_or_default());
                at = end;
            }
            None => {
                push_words(&mut out, word);
                at += 1;
            }
        }
    }
    out
}

/// The end of the formula that begins at `start`, if one does.
fn formula_end(words: &[&[Glyph]], kinds: &[Kind], start: usize) -> Option<usize> {
    let run = kinds.get(start..)?.iter().take_while(|kind| **kind != Kind::Text).count();
    let inside = kinds.get(start..start + run)?;
    let equation = words.get(start..start + run)?.iter().any(|word| is_relation(word)) && run >= 3;
    if !equation && !inside.contains(&Kind::Maths) {
        return None;
    }
    // « a », « y » and punctuation at the edge of a formula belong to the sentence.
    let leads = words.get(start).is_some_and(|word| is_small_word(word) || is_punctuation(word));
    if leads
        && kinds.get(start) != Some(&Kind::Maths)
        && !words.get(start + 1).is_some_and(|w| is_relation(w))
    {
        return None;
    }
    let trailing = (0..run)
        .rev()
        .take_while(|at| {
            let word = words.get(start + at);
            inside.get(*at) == Some(&Kind::Neutral)
                && word.is_some_and(|w| is_small_word(w) || is_punctuation(w))
        })
        .count();
    (trailing < run).then(|| start + run - trailing)
}

fn kind(word: &[Glyph]) -> Kind {
    let text: String = word.iter().map(|(character, _)| *character).collect();
    let scripted = word.iter().any(|(_, level)| *level != Level::Base);
    if scripted && !is_ordinal(word) {
        return Kind::Maths;
    }
    if text.chars().any(|character| symbols::maths(character).is_some()) {
        return Kind::Maths;
    }
    let core = text.trim_end_matches(['.', ',', ';', ':']);
    if is_neutral(core) { Kind::Neutral } else { Kind::Text }
}

/// Numbers, operators, and letters that stand alone, as in `f(x)` or `2ab`.
fn is_neutral(core: &str) -> bool {
    if core.is_empty() || FUNCTIONS.contains(&core) || DIFFERENTIALS.contains(&core) {
        return true;
    }
    let lone_letters = core
        .split(|character: char| !character.is_alphabetic())
        .all(|letters| letters.chars().count() <= 1 && letters.is_ascii());
    lone_letters && core.chars().all(|c| c.is_ascii_alphanumeric() || "+-−=<>()[]|/*,.'!\u{338}".contains(c))
}

/// « 1er », « XXe », « 2nd »: letters raised after a number are French, not maths.
fn is_ordinal(word: &[Glyph]) -> bool {
    let raised: String = word.iter().filter(|(_, level)| *level == Level::Super).map(|(c, _)| *c).collect();
    let lowered = word.iter().any(|(_, level)| *level == Level::Sub);
    !lowered
        && ["er", "ère", "re", "e", "ème", "nd", "nde", "o", "os"].contains(&raised.as_str())
        && word
            .iter()
            .take_while(|(_, level)| *level == Level::Base)
            .all(|(c, _)| c.is_ascii_digit() || "IVXLCMnN".contains(*c))
}

fn is_relation(word: &[Glyph]) -> bool {
    matches!(word, [('=' | '<' | '>', _)])
}

fn is_small_word(word: &[Glyph]) -> bool {
    matches!(word, [('a' | 'y' | 'A' | 'Y', _)])
}

fn is_punctuation(word: &[Glyph]) -> bool {
    word.iter().all(|(character, _)| ".,;:!?()[]'/-*".contains(*character))
}

fn push_words(out: &mut String, word: &[Glyph]) {
    let mut rest = word;
    while let Some((_, level)) = rest.first() {
        let (run, after) = rest.split_at(rest.iter().take_while(|(_, next)| next == level).count());
        match level {
            Level::Base => run.iter().for_each(|(character, _)| symbols::push_text(out, *character)),
            Level::Super | Level::Sub => {
                out.push_str(if *level == Level::Super { "\\textsuperscript{" } else { "\\textsubscript{" });
                run.iter().for_each(|(character, _)| symbols::push_text(out, *character));
                out.push('}');
            }
        }
        rest = after;
    }
}

fn push_formula(out: &mut String, words: &[&[Glyph]]) {
    let mut glyphs: Vec<Glyph> = words.join(&(' ', Level::Base));
    let mut tail = String::new();
    while let Some((character @ ('.' | ',' | ';' | ':'), Level::Base)) = glyphs.last().copied() {
        tail.insert(0, character);
        glyphs.pop();
    }
    out.push('$');
    push_maths(out, &glyphs);
    out.push('$');
    out.push_str(&tail);
}

fn push_maths(out: &mut String, glyphs: &[Glyph]) {
    // Which scripts the current base already has: a second one of a kind needs a new (empty) base.
    let (mut raised, mut lowered) = (false, false);
    let mut rest = glyphs;
    while let Some((_, level)) = rest.first().copied() {
        let count = rest.iter().take_while(|(_, next)| *next == level).count();
        let (run, after) = rest.split_at(count);
        let used = match level {
            Level::Base => {
                (raised, lowered) = (false, false);
                push_base(out, run);
                rest = after;
                continue;
            }
            Level::Super => std::mem::replace(&mut raised, true),
            Level::Sub => std::mem::replace(&mut lowered, true),
        };
        if used || out.ends_with('$') {
            out.push_str("{}");
            (raised, lowered) = (level == Level::Super, level == Level::Sub);
        }
        out.push_str(if level == Level::Super { "^{" } else { "_{" });
        push_base(out, run);
        out.push('}');
        rest = after;
    }
}

fn push_base(out: &mut String, run: &[Glyph]) {
    let text: Vec<char> = run.iter().map(|(character, _)| *character).collect();
    let mut at = 0;
    while let Some(&character) = text.get(at) {
        let rest = text.get(at + 1..).unwrap_or_default();
        at += 1 + match (character, rest.first()) {
            ('√', Some(next)) if next.is_ascii_alphanumeric() => push_root(out, rest),
            ('/', Some('∈')) => push_command(out, "\\notin", 1),
            ('\u{338}', Some('=')) => push_command(out, "\\neq", 1),
            _ => push_symbol(out, character, rest),
        };
    }
}

/// A root covers the number, or the one letter, that follows it; the bar itself is not text.
fn push_root(out: &mut String, rest: &[char]) -> usize {
    let digits = rest.iter().take_while(|character| character.is_ascii_digit()).count().max(1);
    let inside: String = rest.iter().take(digits).collect();
    out.push_str(&format!("\\sqrt{{{inside}}}"));
    digits
}

fn push_command(out: &mut String, command: &str, taken: usize) -> usize {
    out.push_str(command);
    out.push(' ');
    taken
}

fn push_symbol(out: &mut String, character: char, rest: &[char]) -> usize {
    if let Some(command) = symbols::maths(character) {
        out.push_str(command);
        if rest.first().is_some_and(char::is_ascii_alphabetic) {
            out.push(' ');
        }
        return 0;
    }
    match character {
        '−' | '–' => out.push('-'),
        // A bare prime after a superscript is an error in TeX.
        '\'' | '’' | '′' => out.push_str("{}'"),
        '{' | '}' | '$' | '&' | '#' | '%' | '_' => out.extend(['\\', character]),
        '\\' => out.push_str("\\backslash "),
        '^' => out.push_str("\\hat{}"),
        '~' => out.push_str("\\sim "),
        ' '..='~' => out.push(character),
        other => {
            out.push_str("\\text{");
            symbols::push_text(out, other);
            out.push('}');
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `^2` raises one character, `_k` lowers one, so that the table stays readable.
    fn glyphs(text: &str) -> Vec<Glyph> {
        let mut out = Vec::new();
        let mut level = Level::Base;
        for character in text.chars() {
            match character {
                '^' => level = Level::Super,
                '_' => level = Level::Sub,
                other => {
                    out.push((other, level));
                    level = Level::Base;
                }
            }
        }
        out
    }

    #[test]
    fn formulas_are_found_and_sentences_are_left_alone() {
        for (drawn, expected) in [
            ("Soit f (x) = x^2 − 3x + 2. Où", "Soit $f (x) = x^{2} - 3x + 2$. Où"),
            ("l'équation αx^2 + βx = 0 dans C.", "l'équation $\\alpha x^{2} + \\beta x = 0$ dans C."),
            ("que √2 /∈ Q ; conclure", "que $\\sqrt{2} \\notin  Q$ ; conclure"),
            ("il y a 3 cas", "il y a 3 cas"),
            ("le 1^e^r mai", "le 1\\textsuperscript{er} mai"),
            ("x^2_k^3", "$x^{2}_{k}{}^{3}$"),
            ("100 % & {a} #1", "100 \\% \\& \\{a\\} \\#1"),
            ("λ ≤ µ \u{338}= ∞.", "$\\lambda \\leq \\mu \\neq  \\infty$."),
            ("数学", "[U+6570][U+5B66]"),
        ] {
            assert_eq!(line(&glyphs(drawn)), expected, "{drawn}");
        }
    }

    #[test]
    fn any_characters_give_balanced_maths() {
        for text in ["^x", "_x", "^^x", "x^a_b^c_d", "$", "√", "√(", "'^2'", "é^2", "\\^2", "{^2}"] {
            let latex = line(&glyphs(text));
            assert_eq!(latex.replace("\\$", "").matches('$').count() % 2, 0, "{text}: {latex}");
        }
    }
}
