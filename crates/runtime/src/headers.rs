//! The headers that a guest sees: the client's, without those of the connection, and Spin's.
//!
//! Spin's headers are *appended*: when a client sends a `spin-client-addr`, its value is the first and the real one is
//! the last. Components must read the last.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};

use crate::allowed_hosts::chained_component;
use crate::routes::RouteMatch;

/// Removes what a request from outside may not pass to a guest: `Connection`, and a `Host` of service chaining.
pub(crate) fn strip_forbidden(headers: &mut HeaderMap) {
    if headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(chained_component).is_some() {
        headers.remove(HOST);
    }
    headers.remove(CONNECTION);
}

/// Makes the request's URI absolute, with its own authority or that of the `Host` header.
///
/// # Errors
/// Neither is there, they disagree, or `Host` is not an authority.
pub(crate) fn set_absolute_uri<B>(request: &mut Request<B>, scheme: Scheme) -> Result<()> {
    let from_header = request
        .headers()
        .get(HOST)
        .map(|host| -> Result<Authority> {
            host.to_str()
                .context("'Host' header is not valid UTF-8")?
                .parse()
                .context("'Host' header contains an invalid authority")
        })
        .transpose()?;
    let mut parts = request.uri().clone().into_parts();
    parts.authority = match (from_header, parts.authority) {
        (None, None) => bail!("no 'Host' header present in request"),
        (Some(header), Some(uri)) if header != uri => {
            bail!("authority in 'Host' header does not match authority in URI")
        }
        (Some(authority), _) | (None, Some(authority)) => Some(authority),
    };
    parts.scheme = Some(scheme);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts).context("the request's URI is not complete")?;
    Ok(())
}

/// Appends Spin's headers to the client's.
///
/// # Errors
/// A header value that is not UTF-8: Spin answers such a request with 500.
pub(crate) fn add_spin_headers<B>(
    request: &mut Request<B>,
    route: &RouteMatch,
    client: SocketAddr,
) -> Result<()> {
    for (name, value) in request.headers() {
        std::str::from_utf8(value.as_bytes())
            .with_context(|| format!("the value of the request header {name} is not UTF-8"))?;
    }
    let computed = spin_headers(request, route, client);
    let headers = request.headers_mut();
    for (name, value) in computed {
        let name = HeaderName::try_from(name.replace('_', "-").to_ascii_lowercase());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
    Ok(())
}

fn spin_headers<B>(request: &Request<B>, route: &RouteMatch, client: SocketAddr) -> Vec<(String, String)> {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http");
    // A chained request has no Host header; Spin's full URL then says localhost.
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut headers: Vec<(String, String)> = [
        ("spin-path-info", route.path_info.clone()),
        ("spin-full-url", format!("{scheme}://{host}{path}")),
        ("spin-matched-route", route.based_route.clone()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", route.raw_route.clone()),
        ("spin-component-route", route.component_route().to_owned()),
        ("spin-client-addr", client.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    headers
        .extend(route.named.iter().map(|(name, value)| (format!("spin-path-match-{name}"), value.clone())));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &[u8])]) -> Request<()> {
        let mut request = Request::builder().uri(uri).body(()).unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        request
    }

    fn route() -> RouteMatch {
        RouteMatch {
            component: "c".to_owned(),
            raw_route: "/foo/:userid/...".to_owned(),
            based_route: "/foo/:userid/...".to_owned(),
            path_info: "/bar".to_owned(),
            named: vec![("userid".to_owned(), "42".to_owned())],
        }
    }

    fn values(request: &Request<()>, name: &str) -> Vec<String> {
        request.headers().get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn spins_headers_describe_the_request_and_its_route() {
        let mut request = request("https://example.org/foo/42/bar?k=1&l=2", &[("host", b"example.org")]);
        add_spin_headers(&mut request, &route(), "127.0.0.1:8777".parse().unwrap()).unwrap();
        for (name, expected) in [
            ("spin-full-url", "https://example.org/foo/42/bar?k=1&l=2"),
            ("spin-path-info", "/bar"),
            ("spin-matched-route", "/foo/:userid/..."),
            ("spin-base-path", "/"),
            ("spin-raw-component-route", "/foo/:userid/..."),
            ("spin-component-route", "/foo/:userid"),
            ("spin-client-addr", "127.0.0.1:8777"),
            ("spin-path-match-userid", "42"),
        ] {
            assert_eq!(values(&request, name), [expected], "{name}");
        }
    }

    #[test]
    fn a_forged_header_stays_the_first_value_and_the_true_one_comes_last() {
        let mut request = request("http://h/", &[("spin-client-addr", b"9.9.9.9:1"), ("host", b"h")]);
        add_spin_headers(&mut request, &route(), "127.0.0.1:2".parse().unwrap()).unwrap();
        assert_eq!(values(&request, "spin-client-addr"), ["9.9.9.9:1", "127.0.0.1:2"]);
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_an_error() {
        let mut request = request("http://h/", &[("x-latin", b"caf\xe9")]);
        let error = add_spin_headers(&mut request, &route(), "127.0.0.1:2".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("x-latin"), "{error}");
    }

    #[test]
    fn the_absolute_uri_comes_from_host_or_from_the_request_line() {
        for (uri, host, expected) in [
            ("/a?b", Some("example.org:81"), Ok("http://example.org:81/a?b")),
            ("http://example.org/a", None, Ok("http://example.org/a")),
            ("http://example.org/a", Some("example.org"), Ok("http://example.org/a")),
            ("http://example.org/a", Some("other.org"), Err("does not match")),
            ("/a", None, Err("no 'Host'")),
            ("/a", Some("not an authority"), Err("invalid authority")),
        ] {
            let mut request = request(uri, &[]);
            if let Some(host) = host {
                request.headers_mut().insert(HOST, host.parse().unwrap());
            }
            match (set_absolute_uri(&mut request, Scheme::HTTP), expected) {
                (Ok(()), Ok(expected)) => assert_eq!(request.uri().to_string(), expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (got, expected) => panic!("{uri} {host:?}: {got:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn a_client_cannot_pretend_to_be_a_component() {
        for (host, kept) in
            [("auth.spin.internal", false), ("auth.spin.internal:80", false), ("example.org", true)]
        {
            let mut request = request("/", &[("host", host.as_bytes()), ("connection", b"close")]);
            strip_forbidden(request.headers_mut());
            assert_eq!(request.headers().contains_key(HOST), kept, "{host}");
            assert!(!request.headers().contains_key(CONNECTION));
        }
    }
}
