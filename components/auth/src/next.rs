//! The redirect after signing in: only to a path of this site (open redirects, ASVS 1.2.2).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use web::{Layout, Request};

/// The default.
pub(crate) const HOME: &str = "/home";
const CHARS_MAX: usize = 512;

/// `given` when it is a path on this site, else [`HOME`]. Browsers read `//host` and `/\host` as another host,
/// and drop tabs and line breaks before they parse, so only visible ASCII without backslashes passes.
pub(crate) fn same_site(given: Option<&str>) -> &str {
    same_site_or(given, HOME)
}

/// The same with another default.
pub(crate) fn same_site_or<'a>(given: Option<&'a str>, default: &'a str) -> &'a str {
    let is_path = |path: &&str| {
        path.len() <= CHARS_MAX
            && path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    given.filter(is_path).unwrap_or(default)
}

/// `path` with `next` as its query, unless `next` is the default anyway.
pub(crate) fn carried(path: &str, next: &str) -> String {
    if next == HOME {
        return path.to_owned();
    }
    format!("{path}?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))
}

/// The frame of the form at `path`: the switch of language leads back to it, and it still knows where to go on.
pub(crate) fn layout(request: &Request, path: &str, next: &str) -> Layout {
    Layout::new(request).at(&carried(path, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for good in ["/ocr", "/llm?x=1#y", "/account/", "/%2f%2fevil.example"] {
            assert_eq!(same_site(Some(good)), good);
        }
        let long = format!("/{}", "a".repeat(600));
        for bad in [
            "",
            "home",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ é",
            "/a\r\nset-cookie:x",
            long.as_str(),
        ] {
            assert_eq!(same_site(Some(bad)), HOME, "{bad:?}");
        }
        assert_eq!(same_site(None), HOME);
    }

    #[test]
    fn the_next_page_is_carried_in_the_query() {
        assert_eq!(carried("/register", "/llm?a=1"), "/register?next=%2Fllm%3Fa%3D1");
        assert_eq!(carried("/register", HOME), "/register");
    }
}
