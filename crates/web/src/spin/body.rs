//! The body of a request, piece by piece, and what is done with the rest of one that nobody wants.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use spin_sdk::wasip3::{http::types::ErrorCode, http_compat::IncomingRequestBody};

use super::within;
use crate::{
    Problem, Text,
    drain::{BODY_TIME_MAX, DRAIN_PAUSE_MAX, DRAIN_TIME_MAX, allowance},
};

/// A body that is arriving.
#[expect(missing_debug_implementations, reason = "the host's body has none")]
pub struct BodyReader {
    body: IncomingRequestBody,
    bytes_read: u64,
}

impl BodyReader {
    #[must_use]
    pub const fn new(body: IncomingRequestBody) -> Self {
        Self { body, bytes_read: 0 }
    }

    /// The next piece; `None` at the end, and after an error.
    ///
    /// # Errors
    /// The body broke off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ErrorCode> {
        while let Some(frame) = self.body.frame().await {
            // What is not data is a trailer, which no route wants.
            let Ok(data) = frame?.into_data() else { continue };
            self.bytes_read += data.len() as u64;
            return Ok(Some(data));
        }
        Ok(None)
    }

    /// Reads and drops the rest, within the limits of [`crate::drain`], so that a client that writes its whole
    /// request first gets to read the answer that follows.
    pub async fn drain(&mut self, headers: &HeaderMap) {
        let last = self.bytes_read.saturating_add(allowance(headers, self.bytes_read));
        let rest = async {
            while self.bytes_read < last {
                let Some(Ok(Some(_))) = within(DRAIN_PAUSE_MAX, self.chunk()).await else { return };
            }
        };
        within(DRAIN_TIME_MAX, rest).await;
    }

    /// The whole body.
    pub(super) async fn whole(&mut self, bytes_max: usize, announced: Option<u64>) -> Result<Bytes, Problem> {
        if announced.is_some_and(|length| length > bytes_max as u64) {
            return Err(too_large(bytes_max));
        }
        within(BODY_TIME_MAX, self.collect(bytes_max)).await.unwrap_or_else(|| Err(too_slow()))
    }

    async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, Problem> {
        let mut bytes = BytesMut::new();
        while let Some(data) = self.chunk().await.map_err(|error| cut_short().because(error.to_string()))? {
            if bytes.len() + data.len() > bytes_max {
                return Err(too_large(bytes_max));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let kilobytes = bytes_max / 1024;
    Problem::too_large(&format!("{kilobytes} Kio"), &format!("{kilobytes} KiB"))
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        Text::new(
            "L’envoi a pris trop de temps. Vérifiez votre connexion et recommencez.",
            "The upload took too long. Check your connection and try again.",
        ),
    )
}

fn cut_short() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_cut_short",
        Text::new(
            "L’envoi a été interrompu. Vérifiez votre connexion et recommencez.",
            "The upload broke off. Check your connection and try again.",
        ),
    )
}
