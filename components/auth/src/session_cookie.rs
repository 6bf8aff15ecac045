//! The session's cookie: its names, and which of them a request is trusted with. Knows no storage.

use http::HeaderValue;
use secrecy::ExposeSecret;
use web::{Reply, Request, UnixTime, cookie};

use crate::session::{AGE_SECONDS_MAX, SessionToken};

/// Browsers accept a cookie with this prefix only over HTTPS, for the whole host and without `Domain`, so another
/// host of the domain cannot set one.
const SECURE_NAME: &str = "__Host-session";
/// For plain HTTP on localhost, where some browsers refuse `Secure`.
const PLAIN_NAME: &str = "session";

/// The token of the request. Behind HTTPS only the protected name counts.
pub(crate) fn token(request: &Request) -> Option<SessionToken> {
    let secure = request.cookie(SECURE_NAME);
    // llm and ocr pass the user's cookie on under another Host, so the Host does not count here.
    let plain = || if request.context.https { None } else { request.cookie(PLAIN_NAME) };
    secure.or_else(plain).and_then(SessionToken::parse)
}

/// Sets the cookie.
pub(crate) fn set(reply: Reply, request: &Request, token: &SessionToken) -> Reply {
    let secure = is_secure(request);
    let name = if secure { SECURE_NAME } else { PLAIN_NAME };
    with(reply, cookie::set(name, token.to_cookie().expose_secret(), secure, AGE_SECONDS_MAX))
}

/// Deletes the cookie under both names, and what the pages stored in the browser.
pub(crate) fn clear(reply: Reply, request: &Request) -> Reply {
    let names: &[(&str, bool)] =
        if is_secure(request) { &[(SECURE_NAME, true), (PLAIN_NAME, false)] } else { &[(PLAIN_NAME, false)] };
    let reply =
        names.iter().fold(reply, |reply, (name, secure)| with(reply, cookie::set(name, "", *secure, 0)));
    let data = HeaderValue::from_static("\"cache\", \"storage\"");
    reply.with(http::HeaderName::from_static("clear-site-data"), data)
}

/// Whether cookies are `Secure`: everywhere but on plain-HTTP loopback.
pub(crate) fn is_secure(request: &Request) -> bool {
    request.context.https || !request.is_loopback()
}

fn with(reply: Reply, cookie: Option<HeaderValue>) -> Reply {
    match cookie {
        Some(cookie) => reply.with_cookie(cookie),
        None => reply,
    }
}

/// The end of the cookie, as Unix time.
pub(crate) const fn expires(now: UnixTime) -> i64 {
    now.0.saturating_add(AGE_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_cookie(request: &Request) -> String {
        let reply = set(Reply::no_content(), request, &SessionToken::from_random([1; 32]));
        reply.headers["set-cookie"].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_prefix_is_missing_only_on_plain_http_loopback() {
        let local = set_cookie(&Request::test("POST", "/auth").with("host", "127.0.0.1:3000"));
        assert!(local.starts_with("session=") && !local.contains("Secure"), "{local}");
        let remote = set_cookie(&Request::test("POST", "/auth").with("host", "atelier.example"));
        assert!(remote.starts_with("__Host-session=") && remote.ends_with("; Secure"), "{remote}");
        let mut https = Request::test("POST", "/auth").with("host", "127.0.0.1:3000");
        https.context.https = true;
        assert!(set_cookie(&https).starts_with("__Host-session="));
        assert!(local.contains("HttpOnly") && local.contains("SameSite=Lax") && !local.contains("Domain"));
    }

    #[test]
    fn behind_https_a_cookie_without_the_prefix_is_ignored() {
        let value = "01".repeat(32);
        let mut request = Request::test("GET", "/home").with("cookie", &format!("session={value}"));
        assert!(token(&request).is_some());
        request.context.https = true;
        assert!(token(&request).is_none());
        let mut request = Request::test("GET", "/home").with("cookie", &format!("__Host-session={value}"));
        request.context.https = true;
        assert!(token(&request).is_some());
    }
}
