//! The two languages of the site, and which of them a reply is in.

use http::{HeaderMap, header};

use crate::{accept::weighted, cookie};

/// The cookie that remembers the language a user chose, over HTTPS and over plain HTTP on localhost.
pub const LANG_COOKIES: [&str; 2] = ["__Host-lang", "lang"];

/// The language of a reply: French unless the browser prefers English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    /// The language that the user chose on a page, which a cookie remembers; else the one that the browser prefers.
    #[must_use]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = LANG_COOKIES.iter().find_map(|name| Self::parse(cookie::find(headers, name)?));
        chosen.unwrap_or_else(|| Self::from_headers(headers))
    }

    /// The language of a tag as [`code`](Self::code) gives it.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Fr, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// The other language, which a page offers.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Fr => Self::En,
            Self::En => Self::Fr,
        }
    }

    /// Chooses from `Accept-Language` (RFC 9110 §12.5.4): whichever of French and English has the higher weight, and
    /// French on a tie, for other languages, and for a header that cannot be read.
    fn from_headers(headers: &HeaderMap) -> Self {
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

    #[test]
    fn the_language_that_the_user_chose_wins() {
        let check = |cookie: &str, expected| {
            let headers = HeaderMap::from_iter([
                (header::ACCEPT_LANGUAGE, "fr".parse().unwrap()),
                (header::COOKIE, cookie.parse().unwrap()),
            ]);
            assert_eq!(Lang::of(&headers), expected, "{cookie}");
        };
        check("lang=en", Lang::En);
        check("session=1; __Host-lang=en", Lang::En);
        check("__Host-lang=en; lang=fr", Lang::En);
        check("lang=de", Lang::Fr);
        check("lang=en; lang=en", Lang::Fr);
    }
}
