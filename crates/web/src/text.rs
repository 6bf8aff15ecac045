//! Sentences for the user. Each is written in both languages at the same place, so that neither can be missing.

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

    /// A sentence with values in it.
    #[must_use]
    pub fn owned(fr: String, en: String) -> Self {
        Self { fr: Cow::Owned(fr), en: Cow::Owned(en) }
    }

    /// The sentence in `lang`, with its no-break spaces and apostrophes.
    #[must_use]
    pub fn get(&self, lang: Lang) -> String {
        lang.pick(&self.fr, &self.en).to_string()
    }
}
