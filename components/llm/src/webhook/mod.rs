//! Make.com's webhook, sans I/O: [`Webhook::request`] builds what is sent, [`reply`] says what came back,
//! [`retry::decide`] whether to try again. The edge only carries bytes.

mod envelope;
mod reply;
pub mod retry;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Uri, header};
use serde_json::json;
use web::outbound::{Limits, SendError};

use crate::question::Question;
pub use reply::{Answered, reply};

/// How long a student waits at most, retries included: docs and page say so.
pub const TOTAL_MAX: Duration = Duration::from_secs(75);

/// What one call may take. The scenario answers only when its model has, so nearly all the time is before
/// the first byte.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(70),
    between_bytes: Duration::from_secs(10),
    total: TOTAL_MAX,
    reply_bytes_max: 2 * 1024 * 1024,
};

/// Where questions go. The address is the secret: whoever knows it can spend the operator's credits.
#[expect(missing_debug_implementations, reason = "holds secrets, so it must not be printable")]
#[derive(Clone)]
pub struct Webhook {
    url: Uri,
    api_key: Option<HeaderValue>,
}

/// A variable that keeps the webhook from being called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misconfigured {
    /// Not set.
    Missing(&'static str),
    /// Set to something that cannot be used.
    Unusable(&'static str),
}

impl Webhook {
    /// Reads the variables `webhook_url` and `webhook_api_key`; the key may be empty.
    ///
    /// # Errors
    /// Names the variable that is missing, is no `http(s)` address, or cannot stand in a header.
    pub fn configure(url: &str, api_key: &str) -> Result<Self, Misconfigured> {
        let url = url.trim();
        if url.is_empty() {
            return Err(Misconfigured::Missing("webhook_url"));
        }
        let url: Uri = url.parse().map_err(|_| Misconfigured::Unusable("webhook_url"))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.authority().is_none() {
            return Err(Misconfigured::Unusable("webhook_url"));
        }
        let api_key = match api_key.trim() {
            "" => None,
            key => {
                let mut key =
                    HeaderValue::from_str(key).map_err(|_| Misconfigured::Unusable("webhook_api_key"))?;
                key.set_sensitive(true);
                Some(key)
            }
        };
        Ok(Self { url, api_key })
    }

    /// The one request for a question. Only `message` is sent: a scenario with a declared data structure
    /// refuses unknown keys.
    #[must_use]
    pub fn request(&self, question: &Question, request_id: &str) -> http::Request<Bytes> {
        let body = json!({ "message": question.as_str() }).to_string();
        let mut request = http::Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.1"),
        );
        // wasi:http does not decompress.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("atelier-llm/", env!("CARGO_PKG_VERSION"))),
        );
        // To find one question in both logs.
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-request-id", id);
        }
        if let Some(key) = &self.api_key {
            headers.insert("x-make-apikey", key.clone());
        }
        request
    }
}

/// Why there is no answer. The variants are what an operator or a retry acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// No whole reply.
    Send(SendError),
    /// 200 `Accepted`: queued, not answered (no Webhook-response module, scenario off, out of credits, or
    /// more than 180 s).
    OnlyAccepted,
    /// 429, or 400 `Queue is full`: nothing was taken, it may work later.
    Busy { retry_after_seconds: Option<u32> },
    /// 503: nothing was taken.
    Unavailable,
    /// 500 `Scenario failed to complete.` Make.com switches an instant scenario off after its first error.
    ScenarioFailed,
    /// 408, 504 or 524: the webhook itself gave up waiting.
    GaveUp(u16),
    /// 401 or 403: the API key is wrong or missing.
    KeyRefused(u16),
    /// 404 or 410: no such webhook, or no scenario listens.
    Gone(u16),
    /// 3xx, which we do not follow: the secret address would go wherever it says.
    Redirected(u16),
    /// Any other status that is no success.
    Status(u16),
    /// A success without text.
    Empty,
    /// A success whose JSON is a provider's error.
    ProviderError,
    /// A success that is no text to show: HTML, bytes that are no UTF-8, compressed, JSON without text.
    Unreadable(&'static str),
}

impl UpstreamError {
    /// Whether it says that the webhook is ill, so that the next question would fail as this one did. Not a sign
    /// of illness: a busy webhook, which says itself when to come back; what may be this question's fault (400,
    /// 413, an answer that cannot be read, a model's refusal); and our own manifest, which costs nobody time.
    #[must_use]
    pub const fn means_ill(&self) -> bool {
        match self {
            Self::Send(SendError::NotSent(_) | SendError::TimedOut(_) | SendError::Cut(_))
            | Self::OnlyAccepted
            | Self::Unavailable
            | Self::ScenarioFailed
            | Self::GaveUp(_)
            | Self::KeyRefused(_)
            | Self::Gone(_)
            | Self::Redirected(_) => true,
            Self::Status(code) => *code >= 500,
            Self::Send(SendError::Denied(_) | SendError::TooLarge)
            | Self::Busy { .. }
            | Self::Empty
            | Self::ProviderError
            | Self::Unreadable(_) => false,
        }
    }

    /// For the log; never holds what the webhook said, which may quote the question.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Send(error) => format!("webhook: {}", error.cause()),
            other => format!("webhook: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://hook.eu2.make.com/secret";

    fn question(text: &str) -> Question {
        Question::parse(Some(text)).unwrap()
    }

    #[test]
    fn a_question_becomes_one_json_post() {
        let request =
            Webhook::configure(URL, "").ok().unwrap().request(&question("Trier \"x\" ?\n😀"), "id-12345");
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&http::Method::POST, URL));
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["accept-encoding"], "identity");
        assert_eq!(request.headers()["x-request-id"], "id-12345");
        assert!(!request.headers().contains_key("x-make-apikey"));
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, json!({ "message": "Trier \"x\" ?\n😀" }));
    }

    #[test]
    fn the_api_key_goes_into_its_header_and_is_marked_secret() {
        let request = Webhook::configure(URL, " k1 ").ok().unwrap().request(&question("a"), "");
        assert_eq!(request.headers()["x-make-apikey"], "k1");
        assert!(request.headers()["x-make-apikey"].is_sensitive());
    }

    #[test]
    fn only_what_the_next_question_would_meet_too_is_an_illness() {
        use UpstreamError as E;
        let text = String::new;
        for (error, ill) in [
            (E::Send(SendError::NotSent(text())), true),
            (E::Send(SendError::TimedOut(text())), true),
            (E::Send(SendError::Cut(text())), true),
            (E::Send(SendError::Denied(text())), false),
            (E::Send(SendError::TooLarge), false),
            (E::OnlyAccepted, true),
            (E::Busy { retry_after_seconds: None }, false),
            (E::Busy { retry_after_seconds: Some(9) }, false),
            (E::Unavailable, true),
            (E::ScenarioFailed, true),
            (E::GaveUp(524), true),
            (E::KeyRefused(401), true),
            (E::Gone(410), true),
            (E::Redirected(302), true),
            (E::Status(400), false),
            (E::Status(413), false),
            (E::Status(500), true),
            (E::Status(599), true),
            (E::Empty, false),
            (E::ProviderError, false),
            (E::Unreadable("not UTF-8"), false),
        ] {
            assert_eq!(error.means_ill(), ill, "{error:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (url, key, expected) in [
            ("", "", Misconfigured::Missing("webhook_url")),
            ("  ", "", Misconfigured::Missing("webhook_url")),
            ("hook.make.com/x", "", Misconfigured::Unusable("webhook_url")),
            ("/x", "", Misconfigured::Unusable("webhook_url")),
            ("ftp://a/x", "", Misconfigured::Unusable("webhook_url")),
            ("https://a b", "", Misconfigured::Unusable("webhook_url")),
            (URL, "a\nb", Misconfigured::Unusable("webhook_api_key")),
        ] {
            assert_eq!(Webhook::configure(url, key).err(), Some(expected), "{url} {key}");
        }
    }
}
