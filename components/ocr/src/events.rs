//! The events of a running conversion, sent as `text/event-stream`.
//!
//! `progress` names the stage, `latex` appends text, `restart` replaces it, and exactly one of `done` and
//! `problem` ends the stream. `done` carries the checked document: it, not the sum of the pieces, is the result.

use bytes::Bytes;
use serde_json::json;
use web::event_stream;

/// No `Debug`: the text is the user's document.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The upload was read and accepted.
    Accepted {
        pages: Option<u32>,
        bytes: u64,
    },
    /// Google is preparing the stored file.
    Preparing,
    /// A model is being asked.
    Model(String),
    /// The document is being compiled.
    Compiling,
    /// The answer reached its limit; the rest is being asked for.
    Continuing,
    /// The next try is after a pause.
    Waiting {
        seconds: u64,
    },
    /// The whole document was refused; it is transcribed page by page.
    Page {
        page: u32,
        pages: u32,
    },
    Latex(String),
    Restart(String),
}

impl Event {
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let (name, data) = match self {
            Self::Accepted { pages, bytes } => {
                ("progress", json!({"stage": "accepted", "pages": pages, "bytes": bytes}))
            }
            Self::Preparing => ("progress", json!({"stage": "preparing"})),
            Self::Model(model) => ("progress", json!({"stage": "model", "model": model})),
            Self::Compiling => ("progress", json!({"stage": "compiling"})),
            Self::Continuing => ("progress", json!({"stage": "continuing"})),
            Self::Waiting { seconds } => ("progress", json!({"stage": "waiting", "seconds": seconds})),
            Self::Page { page, pages } => {
                ("progress", json!({"stage": "page", "page": page, "pages": pages}))
            }
            Self::Latex(text) => ("latex", json!({"text": text})),
            Self::Restart(text) => ("restart", json!({"text": text})),
        };
        event_stream::event(name, &data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_data_line_whatever_its_text() {
        let event = Event::Latex("a\nb\r\n\u{2028}data: x\n\nevent: done".into()).encode();
        let text = String::from_utf8(event.to_vec()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("event: latex\ndata: {") && text.ends_with("}\n\n"), "{text}");
        let accepted = Event::Accepted { pages: None, bytes: 5 }.encode();
        assert_eq!(
            accepted,
            "event: progress\ndata: {\"bytes\":5,\"pages\":null,\"stage\":\"accepted\"}\n\n"
        );
    }
}
