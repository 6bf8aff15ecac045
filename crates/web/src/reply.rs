//! A reply: whole, or with a body that is sent while it is made.

use std::fmt;

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{ContentSecurityPolicy, log::Outcome, stream::StreamedBody};

/// The body of a reply.
pub enum ReplyBody {
    Whole(Bytes),
    /// Made by [`crate::stream::reply`].
    Stream(StreamedBody),
}

impl ReplyBody {
    /// The bytes of a body that is not a stream.
    #[must_use]
    pub const fn whole(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Stream(_) => None,
        }
    }
}

/// Status, headers and body, and what the log records of it.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: ReplyBody,
    pub policy: ContentSecurityPolicy,
    /// Why it failed, for the log; never sent.
    pub cause: Option<String>,
    /// The id of the user, for the log; never sent.
    pub user: Option<String>,
}

impl Reply {
    #[must_use]
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let body = ReplyBody::Whole(body.into());
        Self { headers, body, ..Self::empty(status) }
    }

    /// A page. A template that cannot be rendered is a bug: it becomes a bare 500 whose cause is logged.
    #[must_use]
    pub fn html(status: StatusCode, page: &impl Template) -> Self {
        match page.render() {
            Ok(html) => Self::new(status, "text/html; charset=utf-8", html),
            Err(error) => {
                let body = "Erreur interne. Réessayez plus tard. / Internal error. Try again later.";
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Self::new(status, "text/plain; charset=utf-8", body).because(format!("template: {error}"))
            }
        }
    }

    #[must_use]
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", crate::json_text(value))
    }

    /// 303: continue there, with GET (RFC 9110 §15.4.4). A path that cannot be in a header becomes `/`.
    #[must_use]
    pub fn see_other(path: &str) -> Self {
        let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
        Self::empty(StatusCode::SEE_OTHER).with(header::LOCATION, location)
    }

    /// Whether it is a page that says why something failed.
    #[must_use]
    pub fn is_error_page(&self) -> bool {
        let is_error = self.status.is_client_error() || self.status.is_server_error();
        let content_type = self.headers.get(header::CONTENT_TYPE);
        is_error && content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    #[must_use]
    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// Sets a header, in place of any of that name.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// May be kept for ever: its address names its content.
    #[must_use]
    pub fn for_ever(self) -> Self {
        self.with(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"))
            .with(header::VARY, HeaderValue::from_static("accept-encoding"))
    }

    /// Adds a `Set-Cookie` line.
    #[must_use]
    pub fn with_cookie(mut self, cookie: HeaderValue) -> Self {
        self.headers.append(header::SET_COOKIE, cookie);
        self
    }

    #[must_use]
    pub const fn with_policy(mut self, policy: ContentSecurityPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Records the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Records the user for the log.
    #[must_use]
    pub fn for_user(mut self, user_id: &str) -> Self {
        self.user = Some(user_id.to_owned());
        self
    }

    /// The outcome of a whole reply; that of a stream is known at its end.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome { status: self.status, cause: self.cause.clone(), user: self.user.clone() }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: ReplyBody::Whole(Bytes::new()),
            policy: ContentSecurityPolicy::default(),
            cause: None,
            user: None,
        }
    }
}

/// Without the values of headers and the bytes of the body: both can contain secrets.
impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(formatter, "{} bytes", bytes.len()),
            Self::Stream(_) => formatter.write_str("a stream"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_a_reply_shows_no_cookie_and_no_body() {
        let reply = Reply::new(StatusCode::OK, "text/plain", "hunter2");
        let reply = reply.with_cookie(HeaderValue::from_static("session=hunter2"));
        let shown = format!("{reply:?}");
        assert!(shown.contains("set-cookie") && !shown.contains("hunter2"), "{shown}");
    }
}
