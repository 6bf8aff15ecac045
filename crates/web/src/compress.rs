//! Compresses replies with gzip, so that the first visit over a slow network costs a quarter of the bytes, also where
//! no gateway does it.
//!
//! The length of a compressed body can reveal a secret in it to an attacker who adds text of their own (BREACH). Our
//! bodies contain no secret: a session is in a cookie only, and cross-site checks need no token in the page
//! (docs/adr/0003).

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, header};

use crate::{Reply, ReplyBody};

/// A shorter reply gains less than its header costs to read.
const BYTES_MIN: usize = 512;
/// Beginnings of the content types that are compressed. An event stream is sent chunk by chunk, so it is not.
const TEXT: [&str; 6] =
    ["text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"];

/// The same reply, compressed when it is text of some length.
#[must_use]
pub(crate) fn gzip(reply: Reply) -> Reply {
    let text = |name| reply.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let is_text = TEXT.iter().any(|known| kind.starts_with(known));
    let ReplyBody::Whole(body) = &reply.body else { return reply };
    if !is_text || body.len() < BYTES_MIN || reply.headers.contains_key(header::CONTENT_ENCODING) {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; if it did, the uncompressed form would do.
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(bytes) => {
            let compressed = Reply { body: ReplyBody::Whole(bytes.into()), ..reply };
            compressed.with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
        }
        Err(_) => reply,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use http::StatusCode;

    use super::*;

    #[test]
    fn a_compressed_reply_decompresses_to_what_it_was() {
        let body = "une phrase qui revient, ".repeat(200);
        let compressed = gzip(Reply::new(StatusCode::OK, "text/html; charset=utf-8", body.clone()));
        assert_eq!(compressed.headers["content-encoding"], "gzip");
        let compressed = compressed.body.whole().unwrap();
        assert!(compressed.len() < body.len() / 10);
        let mut decompressed = String::new();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut decompressed).unwrap();
        assert_eq!(decompressed, body);
    }

    #[test]
    fn a_short_reply_or_one_that_is_not_text_is_not_compressed() {
        let check = |kind, body: String| {
            let reply = gzip(Reply::new(StatusCode::OK, kind, body.clone()));
            assert_eq!(
                (reply.headers.get("content-encoding"), reply.body.whole().unwrap()),
                (None, &body.into())
            );
        };
        check("text/html; charset=utf-8", "court".into());
        check("text/event-stream", "data: x\n\n".repeat(1000));
        check("application/pdf", "x".repeat(5000));
    }
}
