//! The two languages of the site. Each text is written in both at the same place, so that neither can be missing.

use std::borrow::Cow;

use http::{HeaderMap, header};

use crate::accept::weighted;

/// The language of a reply: French unless the browser prefers English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    /// Chooses from `Accept-Language` (RFC 9110 §12.5.4): whichever of French and English has the higher weight, and
    /// French on a tie, for other languages, and for a header that cannot be read.
    #[must_use]
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let weight = |language: &str| {
            let tags = weighted(headers, header::ACCEPT_LANGUAGE);
            let primary =
                |tag: &str| tag.split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case(language));
            tags.filter(|(tag, _)| primary(tag)).map(|(_, weight)| weight).max()
        };
        if weight("en").unwrap_or(0) > weight("fr").unwrap_or(0) { Self::En } else { Self::Fr }
    }

    /// The BCP 47 tag, for `<html lang>` and `Content-Language`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The text in this language. Templates call it, so that both languages are written side by side.
    #[must_use]
    pub const fn pick<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
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

    /// The sentence in `lang`.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_chosen_and_french_wins_ties() {
        let check = |line: &str, expected| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, line.parse().unwrap())]);
            assert_eq!(Lang::from_headers(&headers), expected, "{line}");
        };
        check("", Lang::Fr);
        check("en", Lang::En);
        check("en-GB,en;q=0.9", Lang::En);
        check("fr-FR,fr;q=0.9,en;q=0.8", Lang::Fr);
        check("de,en;q=0.7,fr;q=0.3", Lang::En);
        check("de", Lang::Fr);
        check("en;q=0", Lang::Fr);
        check("EN", Lang::En);
        check("en;q=abc, fr;q=0.1", Lang::Fr);
        check("fr, en", Lang::Fr);
    }
}
