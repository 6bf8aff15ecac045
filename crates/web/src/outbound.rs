//! A request to another service, as a port: the edge sends it ([`crate::spin`]), fakes answer it in tests.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Limits of time and of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the TCP connection is established; Spin counts TLS towards the first byte.
    pub connect: Duration,
    /// Until the status line, including connecting and sending the request.
    pub first_byte: Duration,
    /// Between two chunks of the body. [`Outbound::send`] leaves it to the host.
    pub between_bytes: Duration,
    /// For the whole exchange.
    pub total: Duration,
    /// The body of the reply, in bytes.
    pub reply_bytes_max: usize,
}

/// Why there is no whole reply. What was sent may have taken effect except after [`SendError::NotSent`] and
/// [`SendError::Denied`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The manifest does not allow this component to reach that host.
    Denied(String),
    /// No connection: refused, no such host, TLS failed, or not in time.
    NotSent(String),
    /// Connected, but no whole reply in time.
    TimedOut(String),
    /// The connection broke off.
    Cut(String),
    /// The reply is longer than [`Limits::reply_bytes_max`].
    TooLarge,
}

impl SendError {
    /// For the log.
    #[must_use]
    pub fn cause(&self) -> &str {
        match self {
            Self::Denied(cause) | Self::NotSent(cause) | Self::TimedOut(cause) | Self::Cut(cause) => cause,
            Self::TooLarge => "reply longer than the limit",
        }
    }
}

/// Sends one request and reads the whole reply. Redirects are not followed.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Outbound {
    /// # Errors
    /// See [`SendError`]; a reply with any status is a success here.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, SendError>;
}

/// A response whose body is still arriving.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait StreamingResponse {
    fn status(&self) -> StatusCode;
    fn headers(&self) -> &HeaderMap;
    /// The next chunk of the body, waited for at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError>;
}

/// Sends one request whose body is produced while it is sent, and returns when the head of the response has arrived.
/// Redirects are not followed.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait StreamingOutbound {
    type Response: StreamingResponse;
    /// `limits.total` applies up to the head of the response; the reader of the body limits its bytes.
    ///
    /// # Errors
    /// See [`SendError`]; a response with any status is a success here.
    async fn send_streaming<B>(
        &self,
        request: http::Request<B>,
        limits: Limits,
    ) -> Result<Self::Response, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static;
}

/// The whole body of a response, which `next` gives chunk by chunk.
///
/// # Errors
/// Those of `next`, and [`SendError::TooLarge`].
pub async fn collect(
    mut next: impl AsyncFnMut() -> Result<Option<Bytes>, SendError>,
    bytes_max: usize,
) -> Result<Bytes, SendError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = next().await? {
        if body.len() + chunk.len() > bytes_max {
            return Err(SendError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The same request with its `content-length`. Without it the host sends chunks, and the last one is delayed like that
/// of a reply ([`crate::finish`]).
#[must_use]
pub fn with_length(mut request: http::Request<Bytes>) -> http::Request<Bytes> {
    let length = HeaderValue::from(request.body().len());
    request.headers_mut().insert(header::CONTENT_LENGTH, length);
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;

    #[test]
    fn a_body_is_collected_up_to_its_limit() {
        let collected = |bytes_max| {
            let mut chunks = ["12", "34"].into_iter();
            run(collect(async || Ok(chunks.next().map(Bytes::from)), bytes_max))
        };
        assert_eq!(collected(4), Ok(Bytes::from_static(b"1234")));
        assert_eq!(collected(3), Err(SendError::TooLarge));
    }

    #[test]
    fn a_request_has_its_length_also_without_a_body() {
        for (body, expected) in [("", "0"), ("é", "2")] {
            assert_eq!(with_length(http::Request::new(body.into())).headers()["content-length"], expected);
        }
    }
}
