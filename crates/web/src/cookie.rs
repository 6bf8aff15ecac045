//! Reads and writes cookies (RFC 6265bis). Only what a session needs: one value, no `Domain`.

use http::{HeaderMap, HeaderValue, header};

/// The value of the cookie `name`, when exactly one was sent. A second one of that name was set by another host of the
/// same domain, and the order does not say which is ours.
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(key, value)| (key == name).then_some(value));
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// A `Set-Cookie` value for a cookie of the whole host that scripts cannot read. `max_age_seconds` of 0 deletes it.
///
/// `None` when the value holds a character that a cookie may not (RFC 6265 §4.1.1).
#[must_use]
pub fn set(name: &str, value: &str, secure: bool, max_age_seconds: i64) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let is_cookie_octet =
        |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    if !value.bytes().all(is_cookie_octet) {
        return None;
    }
    let line = format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&line).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_across_header_lines() {
        assert_eq!(find(&cookies(&["a=1; session=abc; b=2"]), "session"), Some("abc"));
        assert_eq!(find(&cookies(&["a=1", "session=abc"]), "session"), Some("abc"));
        assert_eq!(find(&cookies(&["xsession=abc"]), "session"), None);
    }

    #[test]
    fn of_two_cookies_with_one_name_neither_is_used() {
        assert_eq!(find(&cookies(&["session=abc; session=def"]), "session"), None);
        assert_eq!(find(&cookies(&["session=abc", "session=abc"]), "session"), None);
    }

    #[test]
    fn a_cookie_cannot_carry_an_attribute_in_its_value() {
        assert_eq!(set("session", "abc; Domain=evil.example", true, 60), None);
        let line = set("session", "abc", true, 60).unwrap();
        assert_eq!(line, "session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(!format!("{line:?}").contains("abc"));
    }
}
