//! Server-sent events: `text/event-stream` as a reply (HTML standard, §9.2).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::{
    Reply,
    stream::{self, ChunkSender, Ending, KeepAlive},
};

/// A comment, which browsers ignore. Some proxies close a connection that is silent for a minute.
const KEEP_ALIVE: KeepAlive = KeepAlive { every: Duration::from_secs(10), chunk: b": ...\n\n" };

/// One event. JSON contains no line breaks, so it is always one `data` line.
#[must_use]
pub fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// A reply whose events `work` sends: see [`stream::reply`].
pub async fn reply<W>(work: W) -> Reply
where
    W: AsyncFnOnce(&ChunkSender) -> Ending + 'static,
{
    // nginx and others buffer a reply unless this header forbids it.
    let head = Reply::new(StatusCode::OK, "text/event-stream; charset=utf-8", Bytes::new())
        .with(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    stream::reply(head, KEEP_ALIVE, work).await
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
        let reply =
            run(reply(async |_: &ChunkSender| Ending::Done { last: event("done", &json!({})), cause: None }));
        assert_eq!(reply.headers["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(reply.headers["x-accel-buffering"], "no");
        assert!(matches!(reply.body, ReplyBody::Stream(_)));
    }
}
