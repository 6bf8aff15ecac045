//! Puts together again what a PDF's fonts took apart: ligatures, accents drawn as glyphs of their own,
//! and the T1 codes that bitmap fonts leave without a name.

use unicode_normalization::UnicodeNormalization as _;

use crate::pdf::Level;

type Glyph = (char, Level);

/// Repairs one line and trims its blanks.
pub(crate) fn line(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out: Vec<Glyph> = Vec::with_capacity(glyphs.len());
    let mut at = 0;
    while let Some(&(character, level)) = glyphs.get(at) {
        let next = glyphs.get(at + 1).map(|(next, _)| *next);
        at += 1;
        if let Some(letters) = ligature(character, next) {
            out.extend(letters.chars().map(|letter| (letter, level)));
        } else if let Some(composed) = combining(character).zip(next).and_then(compose) {
            out.push((composed, level));
            at += 1;
        } else if character.is_whitespace() {
            if out.last().is_some_and(|(last, _)| *last != ' ') {
                out.push((' ', Level::Base));
            }
        } else if !character.is_control() {
            out.push((lone(character, next), level));
        }
    }
    while out.last().is_some_and(|(last, _)| *last == ' ') {
        out.pop();
    }
    out
}

/// Ligature characters, and the T1 codes 27 to 31 as PDF readers mistake them.
fn ligature(character: char, next: Option<char>) -> Option<&'static str> {
    Some(match character {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{2d9}' => "ff",
        '\u{2dd}' => "fi",
        '\u{2db}' => "fl",
        '\u{2da}' => "ffi",
        '\u{2dc}' if !next.is_some_and(|next| "anoANO".contains(next)) => "ffl",
        _ => return None,
    })
}

/// The combining form of an accent that stands alone.
fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' => '\u{300}',
        '\u{b4}' => '\u{301}',
        '\u{2c6}' => '\u{302}',
        '\u{2dc}' => '\u{303}',
        '\u{a8}' => '\u{308}',
        '\u{b8}' => '\u{327}',
        _ => return None,
    })
}

/// Accent and letter as one character, when Unicode has it.
fn compose((accent, letter): (char, char)) -> Option<char> {
    let letter = if letter == 'ı' { 'i' } else { letter };
    let mut composed = [letter, accent].into_iter().nfc();
    match (composed.next(), composed.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn lone(character: char, next: Option<char>) -> char {
    match character {
        // T1 puts œ where Latin-1 has the division sign.
        '÷' if next.is_some_and(char::is_alphabetic) => 'œ',
        '≪' => '«',
        '≫' => '»',
        '\u{a0}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> String {
        let glyphs: Vec<_> = text.chars().map(|character| (character, Level::Base)).collect();
        line(&glyphs).into_iter().map(|(character, _)| character).collect()
    }

    #[test]
    fn accents_and_ligatures_come_back() {
        for (drawn, meant) in [
            ("alg`ebre lin´eaire d´e¸cu na¨ıf O`u", "algèbre linéaire déçu naïf Où"),
            ("dé˝nie e˚cacement sou˜er", "définie efficacement souffler"),
            ("ÉLÈVE ÷uvre ﬁn ﬂot", "ÉLÈVE œuvre fin flot"),
            ("≪ l’´el`eve ≫", "« l’élève »"),
            ("6 ÷ 2", "6 ÷ 2"),
            ("  deux   espaces ", "deux espaces"),
            ("", ""),
        ] {
            assert_eq!(repaired(drawn), meant);
        }
    }
}
