//! Requests to other services.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, StatusCode, response::Parts};
use spin_sdk::wasip3::{
    http::types::{ErrorCode, RequestOptions},
    http_compat::{BodyWriter, IncomingResponseBody, RequestOptionsExtension},
    spawn,
};

use super::{
    incoming::next_data,
    message::{self, no_trailers},
    variables::settled,
    within,
};
use crate::outbound::{
    Limits, Outbound, SendError, StreamingOutbound, StreamingResponse, collect, with_length,
};

/// The network as the manifest allows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Network;

impl Outbound for Network {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, SendError> {
        // The host watches the pauses; here one timer is enough.
        let exchange = async {
            let request =
                with_length(request).map(|body| Some(body).filter(|body| !body.is_empty()).into_iter());
            let mut response = send(request, limits).await.map_err(send_error)?;
            let body = match response.parts.status {
                StatusCode::NO_CONTENT => Bytes::new(),
                _ => collect(async || response.next().await, limits.reply_bytes_max).await?,
            };
            Ok(http::Response::from_parts(response.parts, body))
        };
        match within(limits.total, exchange).await {
            Some(result) => result,
            None => Err(SendError::TimedOut(format!("no whole reply within {} s", limits.total.as_secs()))),
        }
    }
}

impl StreamingOutbound for Network {
    type Response = HostResponse;

    async fn send_streaming<B>(
        &self,
        request: http::Request<B>,
        limits: Limits,
    ) -> Result<HostResponse, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static,
    {
        match within(limits.total, send(request, limits)).await {
            Some(response) => response.map_err(send_error),
            None => Err(SendError::TimedOut(format!("no response within {} s", limits.total.as_secs()))),
        }
    }
}

/// The host's response.
#[expect(missing_debug_implementations, reason = "the host's body has none")]
pub struct HostResponse {
    parts: Parts,
    body: IncomingResponseBody,
}

impl HostResponse {
    pub(super) fn new(response: http::Response<IncomingResponseBody>) -> Self {
        let (parts, body) = response.into_parts();
        Self { parts, body }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, SendError> {
        next_data(&mut self.body).await.map_err(send_error)
    }
}

impl StreamingResponse for HostResponse {
    fn status(&self) -> StatusCode {
        self.parts.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError> {
        let late = || Err(SendError::TimedOut("nothing more in time".to_owned()));
        within(limit, self.next()).await.unwrap_or_else(late)
    }
}

/// Sends a request, whose body without chunks is none.
async fn send<B>(mut request: http::Request<B>, limits: Limits) -> Result<HostResponse, ErrorCode>
where
    B: Iterator<Item = Bytes> + 'static,
{
    settled().await;
    request.extensions_mut().insert(options(limits));
    let (parts, body) = request.into_parts();
    let mut body = body.peekable();
    if body.peek().is_none() {
        return spin_sdk::http::send(message::request(parts, None, no_trailers())?)
            .await
            .map(HostResponse::new);
    }
    let (mut writer, contents, ended) = BodyWriter::new();
    let written = Box::pin(async move {
        for chunk in body {
            if !writer.stream_writer.write_all(chunk.into()).await.is_empty() {
                return;
            }
        }
        drop(writer.stream_writer);
        let _ = writer.result_writer.write(Ok(None)).await;
    });
    // The body first and its end last: before it gives way, wasmtime (47) polls only as far as the first stream or future
    // that makes progress. That is the body then, and Spin's client finds it when it writes the head. Spin sets no
    // TCP_NODELAY, so that a body that leaves later waits 40 ms for the acknowledgement of the head.
    match select(written, pin!(spin_sdk::http::send(message::request(parts, Some(contents), ended)?))).await {
        Either::Left(((), response)) => response.await,
        Either::Right((response, rest)) => {
            // The response may come before the request has ended; who does not read the rest in time gets no more.
            spawn(async move {
                let _ = within(limits.total, rest).await;
            });
            response
        }
    }
    .map(HostResponse::new)
}

/// Limits as the host's options. Spin's own default is 600 s for each stage.
fn options(limits: Limits) -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let nanoseconds = |limit: Duration| u64::try_from(limit.as_nanos()).ok();
    // Setting a limit fails on a host that does not support it; the total limit holds in any case.
    let _ = options.set_connect_timeout(nanoseconds(limits.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(limits.first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(limits.between_bytes));
    RequestOptionsExtension(options)
}

/// The error of the host, by whether the request may have taken effect.
fn send_error(error: ErrorCode) -> SendError {
    let cause = error.to_string();
    match error {
        ErrorCode::HttpRequestDenied => SendError::Denied(cause),
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => SendError::NotSent(cause),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => SendError::TimedOut(cause),
        _ => SendError::Cut(cause),
    }
}
