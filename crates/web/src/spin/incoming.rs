//! The host's body of a request.

use bytes::Bytes;
use http_body_util::BodyExt;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use crate::IncomingBody;

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
