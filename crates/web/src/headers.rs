//! The headers that every reply carries (ASVS 5.0 3.4.1 to 3.4.8, 14.3.2; OWASP HTTP headers cheat sheet).

use http::{HeaderValue, StatusCode, header};

use crate::{Reply, ReplyBody, compress, request::Context};

/// Adds to a reply what every reply carries: security headers, language, request id, length; and compresses it
/// when the client accepts that. Headers that the reply already has are not changed.
#[must_use]
pub fn finish(mut reply: Reply, context: &Context) -> Reply {
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in fixed {
        if reply.policy.loads_nothing && name == "permissions-policy" {
            continue;
        }
        if !reply.headers.contains_key(name) {
            reply.headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // A reply that says itself what it varies with, like a style sheet, is in no language.
    if !reply.headers.contains_key(header::VARY) {
        let vary = HeaderValue::from_static("accept, accept-encoding, accept-language, cookie");
        reply.headers.insert(header::VARY, vary);
        reply.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(context.lang.code()));
    }
    if context.https {
        reply.headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if let Ok(policy) = HeaderValue::from_str(&reply.policy.render()) {
        reply.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Ok(id) = HeaderValue::from_str(context.request_id.as_str()) {
        reply.headers.insert("x-request-id", id);
    }
    let reply = if context.gzip { compress::gzip(reply) } else { reply };
    with_length(reply)
}

/// Adds `content-length` to a whole reply. Without it the host sends chunks, and the last, empty one is delayed by
/// 40 ms: Spin does not set TCP_NODELAY, so it waits for the client's delayed acknowledgement. The reply to a HEAD has
/// the length of the reply to a GET; a 204 must have none (RFC 9110 §8.6).
fn with_length(reply: Reply) -> Reply {
    match &reply.body {
        ReplyBody::Whole(bytes) if reply.status != StatusCode::NO_CONTENT => {
            let length = HeaderValue::from(bytes.len());
            reply.with(header::CONTENT_LENGTH, length)
        }
        _ => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn every_reply_has_the_security_headers_and_the_request_id() {
        let mut context = Request::test("GET", "/").context;
        let reply = finish(Reply::no_content(), &context);
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["x-request-id"], context.request_id.as_str());
        assert!(!reply.headers.contains_key("strict-transport-security"));
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");

        context.https = true;
        assert!(finish(Reply::no_content(), &context).headers.contains_key("strict-transport-security"));
    }

    #[test]
    fn a_style_sheet_and_an_icon_go_without_what_is_for_documents() {
        for (extension, has) in [("css", false), ("svg", false), ("js", true), ("html", true)] {
            let asset = crate::assets::Asset::new("a", extension, "text/plain", b"a");
            let headers = finish(asset.reply(), &Request::test("GET", "/").context).headers;
            assert_eq!(headers.contains_key("permissions-policy"), has, "{extension}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert_eq!(policy.contains("script-src 'self'"), has, "{extension}: {policy}");
            assert!(
                policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{policy}"
            );
        }
    }

    #[test]
    fn a_whole_reply_has_its_length_as_sent_and_a_204_has_none() {
        let length = |reply: Reply, gzip| {
            let context = Context { gzip, ..Request::test("GET", "/").context };
            let reply = finish(reply, &context);
            let length =
                reply.headers.get("content-length").map(|length| length.to_str().unwrap().to_owned());
            (length, reply.body.whole().unwrap().len().to_string())
        };
        let page = || Reply::new(StatusCode::OK, "text/html", "é".repeat(2000));
        assert_eq!(length(page(), false), (Some("4000".to_owned()), "4000".to_owned()));
        let (compressed, sent) = length(page(), true);
        assert!(compressed.as_ref() == Some(&sent) && sent.len() < 4, "{compressed:?} {sent}");
        assert_eq!(length(Reply::see_other("/home"), true).0.as_deref(), Some("0"));
        assert_eq!(length(Reply::no_content(), false).0, None);
    }
}
