//! The incoming request: with a bounded body, and with the time and an id from the edge.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use crate::{
    Lang, RequestId, TrustedProxies,
    accept::{accepts_gzip, preferred},
    cookie,
};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub i64);

/// The headers whose values the `Debug` form of a `HeaderMap` does not show.
const SECRET_HEADERS: [HeaderName; 3] =
    [header::COOKIE, header::AUTHORIZATION, HeaderName::from_static("x-service-key")];

/// What [`crate::finish`] and pages need to know of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub request_id: RequestId,
    pub lang: Lang,
    /// The configured origin starts with `https://`: cookies are `Secure` and replies carry HSTS.
    pub https: bool,
    /// The client accepts replies compressed with gzip.
    pub gzip: bool,
}

/// A request whose body has been read within a limit.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub now: UnixTime,
    pub context: Context,
    /// `https://host[:port]` as users type it, or empty when the request's own Host is trusted.
    pub public_origin: String,
    /// The name of the signed-in user, once the component knows it: every page from then on shows it, error pages too.
    pub user_name: Option<String>,
}

impl Request {
    /// A request whose body has not been read yet: `parts` from the host, the rest from the edge. Its id is the given
    /// one where `proxies` or another component of the application gave it (ASVS 5.0 4.1.3), else a random one.
    #[must_use]
    pub fn new(
        parts: http::request::Parts,
        now: UnixTime,
        random: [u8; 16],
        public_origin: String,
        proxies: &TrustedProxies,
    ) -> Self {
        let mut headers = parts.headers;
        let request_id = headers.get("x-request-id").filter(|_| proxies.is_sender_of(&headers));
        let request_id = request_id.and_then(|id| id.to_str().ok());
        let context = Context {
            request_id: RequestId::from_header_or(request_id, random),
            lang: Lang::of(&headers),
            https: public_origin.starts_with("https://"),
            gzip: accepts_gzip(&headers),
        };
        for (name, value) in &mut headers {
            if SECRET_HEADERS.contains(name) {
                value.set_sensitive(true);
            }
        }
        // Requests to auth on behalf of this one have its headers, and so its id.
        if let Ok(id) = HeaderValue::from_str(context.request_id.as_str()) {
            headers.insert("x-request-id", id);
        }
        let (method, uri) = (parts.method, parts.uri);
        Self { method, uri, headers, body: Bytes::new(), now, context, public_origin, user_name: None }
    }

    /// The same request, of a user who is signed in.
    #[must_use]
    pub fn of_user(&self, name: &str) -> Self {
        Self { user_name: Some(name.to_owned()), ..self.clone() }
    }

    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.context.lang
    }

    /// The header's value when it is text; the first one when it is repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of a query parameter, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// Host and port the client asked for. The WASI interface moves the Host header into the URI's authority.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.header("host").or_else(|| self.uri.authority().map(http::uri::Authority::as_str))
    }

    /// The value of a cookie that was sent exactly once (RFC 6265 §5.4); of two, neither is used.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie::find(&self.headers, name)
    }

    /// The client's address: see [`TrustedProxies::client`].
    #[must_use]
    pub fn client_addr(&self, proxies: &TrustedProxies) -> Option<std::net::IpAddr> {
        proxies.client(&self.headers)
    }

    /// The essence of the content type, in lower case: `application/json` of `Application/JSON; charset=utf-8`.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE.as_str())?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Whether to answer with JSON rather than with a page: the client prefers it, or it sent JSON and names no
    /// preference.
    #[must_use]
    pub fn prefers_json(&self) -> bool {
        let sent_json = || self.content_type().is_some_and(|kind| kind == "application/json");
        let offers = [("text/html", false), ("application/json", true)];
        preferred(&self.headers, &offers).unwrap_or_else(sent_json)
    }

    /// Whether a person waits for a page: browsers name `text/html` in `Accept`, programs seldom do.
    #[must_use]
    pub fn is_from_browser(&self) -> bool {
        preferred(&self.headers, &[("text/html", ())]).is_some() && !self.prefers_json()
    }

    /// GET or HEAD: both have the same reply, and the host drops the body of a HEAD.
    #[must_use]
    pub fn is_get(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// The request came to a loopback address, where plain HTTP is expected.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let Some(host) = self.host() else { return false };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let is_loopback_ip = name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        name.eq_ignore_ascii_case("localhost") || is_loopback_ip
    }
}

/// Without query, headers and body: they can contain secrets.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request({} {})", self.method, self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_forms_of_a_request_and_of_its_headers_show_no_secret() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        for (name, value) in [("cookie", "a=hunter2"), ("cookie", "b=hunter2"), ("x-service-key", "hunter2")]
        {
            parts.headers.append(name, HeaderValue::from_static(value));
        }
        let request = Request::new(parts, UnixTime(7), [0; 16], String::new(), &TrustedProxies::default());
        let request = request.with_body("text/plain", "hunter2");
        assert_eq!(format!("{request:?}"), "Request(GET /)");
        let shown = format!("{:?}", request.headers);
        assert!(shown.contains("cookie") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn json_is_answered_to_a_client_that_prefers_it() {
        let check = |accept: &str, content_type: &str, expected| {
            let mut request = Request::test("POST", "/send");
            if !accept.is_empty() {
                request = request.with("accept", accept);
            }
            if !content_type.is_empty() {
                request = request.with("content-type", content_type);
            }
            assert_eq!(request.prefers_json(), expected, "{accept} {content_type}");
        };
        check("application/json", "", true);
        check("text/html,application/xhtml+xml", "", false);
        check("*/*", "application/json; charset=utf-8", true);
        check("", "application/json", true);
        check("text/html", "application/json", false);
        check("*/*", "", false);
        check("application/problem+json", "", true);
        check("text/html-like, application/x-json", "", false);
        check("application/json, text/html;q=0.9", "", true);
        check("application/json, text/plain, */*", "", true);
    }

    #[test]
    fn only_loopback_hosts_are_loopback() {
        let check = |host: &str, expected| {
            assert_eq!(Request::test("GET", "/").with("host", host).is_loopback(), expected, "{host}");
        };
        check("127.0.0.1:3000", true);
        check("localhost", true);
        check("[::1]:3000", true);
        check("localhost.evil.example", false);
        check("127.0.0.1.evil.example", false);
        check("atelier.example:443", false);
    }

    #[test]
    fn a_request_has_an_id_and_the_preferences_of_its_client() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers.insert("accept-language", HeaderValue::from_static("en"));
        parts.headers.insert("accept-encoding", HeaderValue::from_static("gzip"));
        let proxies = TrustedProxies::default();
        let request =
            Request::new(parts, UnixTime(7), [0xab; 16], "https://atelier.example".to_owned(), &proxies);
        let id = "ab".repeat(16);
        assert_eq!(request.context.request_id.as_str(), id);
        assert_eq!(request.headers["x-request-id"], id);
        assert_eq!((request.lang(), request.context.https, request.context.gzip), (Lang::En, true, true));
    }

    #[test]
    fn the_host_is_found_in_the_header_or_in_the_uri() {
        assert_eq!(Request::test("GET", "http://a.example:81/x").host(), Some("a.example:81"));
        assert_eq!(Request::test("GET", "/x").with("host", "b.example").host(), Some("b.example"));
    }
}
