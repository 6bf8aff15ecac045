//! A whole reply. Streams are the business of the edge that has one (ocr).

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{ContentSecurityPolicy, log};

/// Status, headers and a body that fits in memory.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub policy: ContentSecurityPolicy,
    /// Why it failed, for the log; never sent.
    pub cause: Option<String>,
    /// The id of whoever asked, for the log; never sent.
    pub user: Option<String>,
}

impl Reply {
    #[must_use]
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body: body.into(),
            policy: ContentSecurityPolicy::default(),
            cause: None,
            user: None,
        }
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
        Self::new(status, "application/json", value.to_string())
    }

    /// 303: look there, with GET (RFC 9110 §15.4.4). `path` is one of ours; anything unfit for a header becomes `/`.
    #[must_use]
    pub fn see_other(path: &str) -> Self {
        let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
        Self::empty(StatusCode::SEE_OTHER).with(header::LOCATION, location)
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

    /// Notes the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Notes who asked, for the log.
    #[must_use]
    pub fn asked_by(mut self, user_id: &str) -> Self {
        self.user = Some(user_id.to_owned());
        self
    }

    /// The level at which this reply is logged.
    #[must_use]
    pub fn level(&self) -> log::Level {
        match self.status.as_u16() {
            500.. => log::Level::Error,
            400.. => log::Level::Warn,
            _ => log::Level::Info,
        }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            policy: ContentSecurityPolicy::default(),
            cause: None,
            user: None,
        }
    }
}
