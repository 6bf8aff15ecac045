//! Sentences for the user, and durations in them. Each is written in both languages at the same place, so that neither can be missing.

use std::borrow::Cow;
use std::fmt;

use crate::{Lang, typography};

impl Lang {
    /// The text in this language. Templates call it, so that both languages are written side by side.
    #[must_use]
    pub const fn pick<'a>(&self, fr: &'a str, en: &'a str) -> Phrase<'a> {
        let text = match self {
            Self::Fr => fr,
            Self::En => en,
        };
        Phrase { text, lang: *self }
    }
}

/// A text in its language. Displaying it sets its no-break spaces and apostrophes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase<'a> {
    text: &'a str,
    lang: Lang,
}

impl fmt::Display for Phrase<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        typography::write(formatter, self.text, self.lang)
    }
}

/// `45 s`, `20 min` or `3 h 20 min`, rounded up to whole minutes beyond one. The same in both languages.
#[must_use]
pub fn duration(seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes / 60, minutes % 60) {
        (..60, _, _) => format!("{seconds} s"),
        (_, 0, minutes) => format!("{minutes} min"),
        (_, hours, 0) => format!("{hours} h"),
        (_, hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// The digits of a number in threes: `10 000` and `10,000`.
#[must_use]
pub fn grouped(number: usize, lang: Lang) -> String {
    let separator = if lang == Lang::Fr { ' ' } else { ',' };
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A sentence for the user, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    fr: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Text {
    /// A fixed sentence.
    #[must_use]
    pub const fn new(fr: &'static str, en: &'static str) -> Self {
        Self { fr: Cow::Borrowed(fr), en: Cow::Borrowed(en) }
    }

    /// A sentence with values in it. What others wrote goes in as [`verbatim`](crate::verbatim).
    #[must_use]
    pub fn owned(fr: String, en: String) -> Self {
        Self { fr: Cow::Owned(fr), en: Cow::Owned(en) }
    }

    /// This sentence and then another one.
    #[must_use]
    pub fn followed_by(&self, other: &Self) -> Self {
        Self::owned(format!("{} {}", self.fr, other.fr), format!("{} {}", self.en, other.en))
    }

    /// The sentence in `lang`, with its no-break spaces and apostrophes.
    #[must_use]
    pub fn get(&self, lang: Lang) -> String {
        lang.pick(&self.fr, &self.en).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_in_threes() {
        for (number, french, english) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1000, "1 000", "1,000"),
            (1_234_567, "1 234 567", "1,234,567"),
        ] {
            assert_eq!(
                (grouped(number, Lang::Fr), grouped(number, Lang::En)),
                (french.to_owned(), english.to_owned())
            );
        }
    }
}
