//! Server-sent events (HTML standard, §9.2): `text/event-stream` as a reply, and as the response of an upstream.

mod decoder;
mod incoming;

pub use decoder::{SseDecoder, TooLong};
pub use incoming::{EventLimits, IncomingEvents};

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::{
    Reply, json_text,
    stream::{self, ChunkSender, Ending, KeepAlive},
};

/// A comment, which browsers ignore.
const KEEP_ALIVE: &[u8] = b": ...\n\n";

/// One event. JSON contains no line breaks, so it is always one `data` line.
#[must_use]
pub fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {}\n\n", json_text(data)).into()
}

/// A reply whose events `work` sends: see [`stream::reply`]. A comment is sent when nothing else was for `silence`: some
/// proxies close a connection that is silent for a minute, and it is by sending that a disconnected client is noticed.
pub async fn reply<W>(silence: Duration, work: W) -> Reply
where
    W: AsyncFnOnce(&ChunkSender) -> Ending + 'static,
{
    // nginx and others buffer a reply unless this header forbids it; others compress it, which buffers too.
    let head = Reply::new(StatusCode::OK, "text/event-stream; charset=utf-8", Bytes::new())
        .with(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"))
        .with(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    stream::reply(head, KeepAlive { every: silence, chunk: KEEP_ALIVE }, work).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ReplyBody, testing::run};

    #[test]
    fn an_event_is_one_data_line_whatever_its_text() {
        let event = event("latex", &json!({"text": "a\nb\r\n\u{2028}data: x\n\nevent: done"}));
        let text = String::from_utf8(event.to_vec()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("event: latex\ndata: {") && text.ends_with("}\n\n"), "{text}");
    }

    #[test]
    fn an_event_stream_has_its_content_type_and_is_not_buffered() {
        let reply = run(reply(Duration::from_secs(10), async |_: &ChunkSender| Ending::Done {
            last: event("done", &json!({})),
            cause: None,
        }));
        assert_eq!(reply.headers["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(reply.headers["x-accel-buffering"], "no");
        assert_eq!(reply.headers["cache-control"], "no-store, no-transform");
        assert!(matches!(reply.body, ReplyBody::Stream(_)));
    }
}
