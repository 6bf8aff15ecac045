//! The seam between transport errors and what they mean.

use std::time::Duration;

use web::outbound::SendError;

use crate::gemini::failure::Failure as Upstream;
use crate::ports::Answer;

/// A connection to Gemini must stand within this; the edge passes it to the host.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);
/// From the request to the status line of a model's answer.
pub const FIRST_BYTE_TIME: Duration = Duration::from_secs(60);
/// Between two pieces of an answer.
pub const BETWEEN_BYTES_TIME: Duration = Duration::from_secs(30);
/// Answers that are read as a whole: errors, and the Files API.
const WHOLE_BYTES_MAX: usize = 256 * 1024;

pub fn upstream(error: SendError) -> Upstream {
    match error {
        SendError::Denied(cause) => Upstream::Refused(format!("allowed_outbound_hosts: {cause}")),
        SendError::NotSent(cause) => Upstream::Unreachable(cause),
        SendError::TimedOut(_) => Upstream::TimedOut,
        SendError::Cut(cause) => Upstream::Cut(cause),
        SendError::TooLarge => Upstream::Garbage("answer too long".to_owned()),
    }
}

/// The whole body of a short answer.
pub async fn whole(answer: &mut impl Answer) -> Result<Vec<u8>, Upstream> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk(BETWEEN_BYTES_TIME).await.map_err(upstream)? {
        if body.len() + chunk.len() > WHOLE_BYTES_MAX {
            return Err(Upstream::Garbage("answer too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
