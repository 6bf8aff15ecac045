//! Addresses that were configured or received: parsed once, and compared as origins (RFC 6454).
//!
//! The parser is that of the `http` crate. The `url` crate adds 330 KB to a component, of which 255 KB are for domain
//! names outside ASCII, and all three are within 150 KB of their limit of 1 MiB.

use std::fmt;

use http::Uri;

/// An absolute `http` or `https` URL without user information. No `Debug`: the webhook's URL is a secret.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "the webhook's URL is a secret")]
pub struct HttpUrl {
    uri: Uri,
    origin: Origin,
}

impl HttpUrl {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let is_https = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let default_port = if is_https { 443 } else { 80 };
        let port =
            if authority.as_str() == authority.host() { default_port } else { authority.port_u16()? };
        let origin = Origin { is_https, host: authority.host().to_ascii_lowercase(), port };
        (!origin.host.is_empty()).then_some(Self { uri, origin })
    }

    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// For a request.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// Scheme, host and port. Displayed as `https://host`, with a port that is not the scheme's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads a URL without path and query; one slash at its end makes no difference.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let HttpUrl { uri, origin } = HttpUrl::parse(text)?;
        (matches!(uri.path(), "" | "/") && uri.query().is_none()).then_some(origin)
    }

    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Host and port as in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        match (self.is_https, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(HttpUrl: fmt::Debug);

    #[test]
    fn an_origin_is_read_in_each_spelling_and_shown_in_one() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), expected, "{text}");
        };
        check("https://atelier.example", Some("https://atelier.example"));
        check(" HTTPS://Atelier.Example:443/ ", Some("https://atelier.example"));
        check("http://localhost:3000", Some("http://localhost:3000"));
        check("http://localhost:80", Some("http://localhost"));
        check("http://[::1]:8080", Some("http://[::1]:8080"));
        check("https://[2001:db8::1]", Some("https://[2001:db8::1]"));
        for text in [
            "",
            "null",
            "atelier.example",
            "//atelier.example",
            "ftp://a.example",
            "https://",
            "https://a.example/x",
            "https://a.example?x",
            "https://user@a.example",
            "https://a.example:",
            "https://a.example:99999",
            "https://a.example b",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_url_keeps_its_path_and_query_and_knows_its_origin() {
        let url = HttpUrl::parse("https://hook.example:8443/a/b?c=d").unwrap();
        assert_eq!(url.uri().path_and_query().unwrap(), "/a/b?c=d");
        assert_eq!(Some(url.origin()), Origin::parse("https://HOOK.example:8443").as_ref());
        assert_ne!(Some(url.origin()), Origin::parse("http://hook.example:8443").as_ref());
        assert!(HttpUrl::parse("https://a.example@evil.example/upload").is_none());
    }
}
