//! The spaces and apostrophes of every sentence that a user reads. Sentences are written with plain spaces and straight
//! or typographic apostrophes; this module, and no template or script, sets the characters that print. A part that
//! others wrote, such as the name of a file, stays as it is: [`verbatim`] marks it.
//!
//! Rules: « Lexique des règles typographiques en usage à l’Imprimerie nationale », and the BIPM's SI brochure (§5.4.3)
//! for the space between a number and its unit.

use std::fmt::{self, Write};

use crate::Lang;

const NO_BREAK_SPACE: &str = "\u{a0}";
const NARROW_NO_BREAK_SPACE: &str = "\u{202f}";
const UNITS: [&str; 7] = ["%", "s", "min", "h", "Mo", "MB", "px"];

/// Around a verbatim part: two of Unicode's noncharacters, which no text has (Unicode 17.0, §23.7).
const VERBATIM_START: char = '\u{fdd0}';
const VERBATIM_END: char = '\u{fdd1}';

/// A part of a sentence that the sentence does not change: a name, a command, a message of another program.
#[must_use]
pub fn verbatim(part: &str) -> String {
    let part = part.replace([VERBATIM_START, VERBATIM_END], "");
    format!("{VERBATIM_START}{part}{VERBATIM_END}")
}

/// Writes `text` with its no-break spaces and typographic apostrophes. Linear in the length of the text.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(out: &mut impl Write, text: &str, lang: Lang) -> fmt::Result {
    let mut is_verbatim = false;
    let mut written = 0;
    for (at, found) in text.match_indices([' ', '\'', VERBATIM_START, VERBATIM_END]) {
        let Some((head, tail)) = text.split_at_checked(at) else { continue };
        let rest = tail.get(found.len()..).unwrap_or_default();
        let before =
            || head.trim_end_matches([VERBATIM_START, VERBATIM_END]).chars().next_back().unwrap_or(' ');
        let after = rest.chars().next().unwrap_or(' ');
        let set = match found {
            " " | "'" if is_verbatim => found,
            " " => space(before(), after, rest, lang),
            "'" if before().is_alphanumeric() && after.is_alphanumeric() => "’",
            "'" => found,
            mark => {
                is_verbatim = mark.starts_with(VERBATIM_START);
                ""
            }
        };
        if set != found {
            out.write_str(head.get(written..).unwrap_or_default())?;
            out.write_str(set)?;
            written = at + found.len();
        }
    }
    out.write_str(text.get(written..).unwrap_or_default())
}

fn space(before: char, after: char, rest: &str, lang: Lang) -> &'static str {
    let french = lang == Lang::Fr;
    match (before, after) {
        (_, ';' | '!' | '?') if french => NARROW_NO_BREAK_SPACE,
        ('«', _) | (_, ':' | '»') if french => NO_BREAK_SPACE,
        ('0'..='9', '0'..='9') if french => NARROW_NO_BREAK_SPACE,
        // A script puts a number where `{…}` stands.
        ('0'..='9' | '}', _) if starts_with_unit(rest) => NO_BREAK_SPACE,
        _ => " ",
    }
}

fn starts_with_unit(rest: &str) -> bool {
    let end = rest.find(|character: char| !character.is_alphabetic() && character != '%');
    rest.get(..end.unwrap_or(rest.len())).is_some_and(|word| UNITS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lang: Lang, text: &str, expected: &str) {
        let mut written = String::new();
        write(&mut written, text, lang).unwrap();
        assert_eq!(written, expected, "{text}");
    }

    #[test]
    fn french_has_no_break_spaces_where_its_typography_asks_for_one() {
        for (text, expected) in [
            ("Déjà inscrit ?", "Déjà inscrit\u{202f}?"),
            ("Bravo ! Fini ; merci.", "Bravo\u{202f}! Fini\u{202f}; merci."),
            ("Pages : « 3 »", "Pages\u{a0}: «\u{a0}3\u{a0}»"),
            ("8 000 caractères, 50 Mo, 30 s.", "8\u{202f}000 caractères, 50\u{a0}Mo, 30\u{a0}s."),
            ("0 % en 5 min", "0\u{a0}% en 5\u{a0}min"),
            ("Terminé : {s} s", "Terminé\u{a0}: {s}\u{a0}s"),
            ("3 secondes, 2 sur 3", "3 secondes, 2 sur 3"),
            ("l'aide d’aujourd'hui", "l’aide d’aujourd’hui"),
            ("'a' reste", "'a' reste"),
            ("", ""),
            (" ", " "),
        ] {
            check(Lang::Fr, text, expected);
        }
    }

    #[test]
    fn english_has_them_before_units_only() {
        check(Lang::En, "Don't ask : 30 s ?", "Don’t ask : 30\u{a0}s ?");
        check(Lang::En, "50 MB, 8,000 characters", "50\u{a0}MB, 8,000 characters");
    }

    #[test]
    fn a_verbatim_part_stays_as_it_is() {
        let name = "l'été ; a ? b : 1 000 % .pdf";
        check(
            Lang::Fr,
            &format!("Lire « {} » ?", verbatim(name)),
            &format!("Lire «\u{a0}{name}\u{a0}»\u{202f}?"),
        );
        check(Lang::En, &format!("Read “{}”", verbatim(name)), &format!("Read “{name}”"));
        check(Lang::Fr, &format!("{} : non", verbatim("")), "\u{a0}: non");
        check(Lang::Fr, &format!("{} s", verbatim("3")), "3\u{a0}s");
    }

    #[test]
    fn a_text_that_is_set_stays_as_it_is() {
        let text = "Déjà\u{202f}? 5\u{a0}s";
        check(Lang::Fr, text, text);
    }
}
