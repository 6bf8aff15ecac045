//! What arrives in the host's bodies.

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use crate::IncomingBody;

/// The host's body of a request.
#[expect(missing_debug_implementations, reason = "the host's body has none")]
pub struct HostBody(pub(super) IncomingRequestBody);

impl IncomingBody for HostBody {
    async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        next_data(&mut self.0).await.map_err(|error| error.to_string())
    }
}

/// The next chunk of a body; `None` at its end. A frame without data is a trailer, which nobody reads.
pub(super) async fn next_data<B>(body: &mut B) -> Result<Option<Bytes>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
