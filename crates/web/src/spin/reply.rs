//! Replies as the host's types. A body is written piece by piece: a client that does not read ends its stream, which
//! Spin does not do.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, StatusCode};
use spin_sdk::{
    http::IntoResponse,
    wasip3::{
        http::types::{ErrorCode, Response},
        http_compat::BodyWriter,
        spawn,
    },
};

use super::{HostClock, message};
use crate::within;

/// How long one piece waits until the host takes it. What the host and the system hold beside it is for them to bound.
const WRITE_MAX: Duration = Duration::from_secs(30);

/// A client that reads a piece in time is not too slow.
const PIECE_BYTES: usize = 64 * 1024;

/// A reply for the host.
#[expect(missing_debug_implementations, reason = "a stream has none")]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Chunks>,
}

pub(super) type Chunks = Pin<Box<dyn Stream<Item = Bytes>>>;

impl IntoResponse for Answer {
    fn into_response(self) -> Result<Response, ErrorCode> {
        let Some(chunks) = self.body else { return message::reply(self.status, self.headers) };
        let (writer, contents, ended) = BodyWriter::new();
        spawn(write(writer, chunks));
        message::response(self.status, self.headers, Some(contents), ended)
    }
}

/// Dropping the chunks tells the work behind them that the client has left; dropping the writer, that the body is cut.
async fn write(mut writer: BodyWriter, mut chunks: Chunks) {
    // The host takes one piece before anybody reads: most replies need no timer.
    let mut is_first = true;
    while let Some(mut chunk) = chunks.next().await {
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(PIECE_BYTES));
            let written = writer.stream_writer.write_all(piece.into());
            let rest = match std::mem::take(&mut is_first) {
                true => Some(written.await),
                false => within(&HostClock, WRITE_MAX, written).await,
            };
            if rest.is_none_or(|rest| !rest.is_empty()) {
                return;
            }
        }
    }
    drop(writer.stream_writer);
    // The host may have gone.
    let _ = writer.result_writer.write(Ok(None)).await;
}
