//! Requests to other services.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode, response::Parts};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use spin_sdk::wasip3::{
    http::types::{ErrorCode, RequestOptions},
    http_compat::{IncomingResponseBody, RequestOptionsExtension},
};

use super::{bodiless, incoming::next_data, within};
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
            let mut response = send_whole(with_length(request), limits).await.map_err(send_error)?;
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
        mut request: http::Request<B>,
        limits: Limits,
    ) -> Result<HostResponse, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static,
    {
        request.extensions_mut().insert(options(limits));
        let request = request.map(|body| {
            StreamBody::new(stream::iter(body.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)))))
        });
        match within(limits.total, spin_sdk::http::send(request)).await {
            Some(Ok(response)) => Ok(HostResponse::new(response)),
            Some(Err(error)) => Err(send_error(error)),
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

async fn send_whole(mut request: http::Request<Bytes>, limits: Limits) -> Result<HostResponse, ErrorCode> {
    request.extensions_mut().insert(options(limits));
    let (parts, body) = request.into_parts();
    let response = match body.is_empty() {
        true => spin_sdk::http::send(bodiless::request(parts)?).await?,
        false => spin_sdk::http::send(http::Request::from_parts(parts, Full::new(body))).await?,
    };
    Ok(HostResponse::new(response))
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
