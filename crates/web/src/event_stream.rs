//! Server-sent events: `text/event-stream` as a reply (HTML standard, §9.2).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::{
    Reply,
    stream::{self, ChunkSender, Ending, KeepAlive},
};

/// A comment: a browser ignores it. Proxies close what is silent for a minute.
const KEEP_ALIVE: KeepAlive = KeepAlive { every: Duration::from_secs(10), chunk: b": ...\n\n" };

/// One event. JSON has no line ends of its own, so it is one `data` line whatever it says.
#[must_use]
pub fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// A reply whose events `work` sends: see [`stream::reply`].
pub async fn reply<W>(work: W) -> Reply
where
    W: AsyncFnOnce(&ChunkSender) -> Ending + 'static,
{
    // nginx and others collect a reply unless this header says not to.
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
    fn an_event_is_one_data_line_whatever_it_says() {
        let event = event("latex", &json!({"text": "a\nb\r\n\u{2028}data: x\n\nevent: done"}));
        let text = String::from_utf8(event.to_vec()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("event: latex\ndata: {") && text.ends_with("}\n\n"), "{text}");
    }

    #[test]
    fn an_event_stream_says_what_it_is_and_is_not_to_be_collected() {
        let reply =
            run(reply(async |_: &ChunkSender| Ending::Done { last: event("done", &json!({})), cause: None }));
        assert_eq!(reply.headers["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(reply.headers["x-accel-buffering"], "no");
        assert!(matches!(reply.body, ReplyBody::Stream(_)));
    }
}
