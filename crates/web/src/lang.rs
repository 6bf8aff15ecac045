//! The two languages of the site. A text is written in both at the same place, so that none can be missing.

use std::borrow::Cow;

/// The language of a reply: French unless the browser prefers English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    /// Chooses from an `Accept-Language` header (RFC 9110 §12.5.4): whichever of French and English has the
    /// higher weight, and French on a tie, for other languages, and for a header that cannot be read.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let weight_of = |wanted: &str| {
            header
                .split(',')
                .filter_map(|item| {
                    let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
                    let primary = tag.trim().split('-').next().unwrap_or_default();
                    primary.eq_ignore_ascii_case(wanted).then(|| quality(parameters))
                })
                .fold(0.0_f32, f32::max)
        };
        if weight_of("en") > weight_of("fr") { Self::En } else { Self::Fr }
    }

    /// The BCP 47 tag, for `<html lang>` and `Content-Language`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The text in this language; templates call it so that both languages stand side by side.
    #[must_use]
    pub const fn pick<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }
}

fn quality(parameters: &str) -> f32 {
    parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("q="))
        .map_or(1.0, |value| value.trim().parse().unwrap_or(0.0))
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
        let check = |header, expected| assert_eq!(Lang::from_accept_language(header), expected, "{header}");
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
