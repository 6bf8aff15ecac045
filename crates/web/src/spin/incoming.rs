//! What arrives from the host while it is read: the body of a request, and the response to one that was sent.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, response::Parts};
use http_body_util::BodyExt;
use spin_sdk::wasip3::http_compat::{IncomingRequestBody, IncomingResponseBody};

use super::{send_error, within};
use crate::{
    IncomingBody,
    outbound::{SendError, StreamingResponse},
};

/// The host's body of a request.
#[expect(missing_debug_implementations, reason = "the host's body has none")]
pub struct HostBody(pub(super) IncomingRequestBody);

impl IncomingBody for HostBody {
    async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        while let Some(frame) = self.0.frame().await {
            // A frame without data is a trailer, which no route reads.
            let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
            return Ok(Some(data));
        }
        Ok(None)
    }
}

/// A response as the host hands it over.
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
}

impl StreamingResponse for HostResponse {
    fn status(&self) -> StatusCode {
        self.parts.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError> {
        loop {
            match within(limit, self.body.frame()).await {
                None => return Err(SendError::TimedOut("nothing more in time".to_owned())),
                Some(None) => return Ok(None),
                Some(Some(Err(error))) => return Err(send_error(error)),
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
