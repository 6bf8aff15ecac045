//! The events of a response while it arrives, within limits.

use std::time::Duration;

use super::decoder::SseDecoder;
use crate::outbound::{SendError, StreamingResponse};

/// The most that is read of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLimits {
    /// One event, in bytes.
    pub event_bytes_max: usize,
    /// All of them, in bytes.
    pub bytes_max: usize,
}

/// The data of the events of one response.
#[expect(missing_debug_implementations, reason = "the data is a user's")]
pub struct IncomingEvents<R> {
    response: R,
    /// `None` at the end of the body.
    decoder: Option<SseDecoder>,
    bytes_left: usize,
}

impl<R: StreamingResponse> IncomingEvents<R> {
    #[must_use]
    pub const fn new(response: R, limits: EventLimits) -> Self {
        let decoder = Some(SseDecoder::new(limits.event_bytes_max));
        Self { response, decoder, bytes_left: limits.bytes_max }
    }

    /// The data of the events that the next chunk completes, waited for at most `limit`; `None` after the last one.
    ///
    /// # Errors
    /// As [`StreamingResponse::chunk`], and [`SendError::TooLarge`].
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Vec<String>>, SendError> {
        let Some(decoder) = &mut self.decoder else { return Ok(None) };
        let Some(chunk) = self.response.chunk(limit).await? else {
            let last = self.decoder.take().and_then(SseDecoder::finish);
            return Ok(Some(last.into_iter().collect()));
        };
        self.bytes_left = self.bytes_left.checked_sub(chunk.len()).ok_or(SendError::TooLarge)?;
        decoder.push(&chunk).map(Some).map_err(|_| SendError::TooLarge)
    }
}
