//! Packs replies with gzip, so that the first visit over a slow network costs a quarter of the bytes, whatever
//! gateway stands in front.
//!
//! Packing what an attacker can add to can tell what stands beside it, letter by letter (BREACH). Nothing secret does
//! in our replies: a session is in a cookie only, and cross-site checks need no token in the page
//! (docs/adr/0003).

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, header};

use crate::{Reply, ReplyBody};

/// A shorter reply fits into one packet anyway.
const BYTES_MIN: usize = 1024;
/// What is text, by the beginning of its content type. An event stream is not here: it leaves piece by piece.
const TEXT: [&str; 6] =
    ["text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"];

/// The same reply, packed when it is text that is worth it.
#[must_use]
pub(crate) fn pack(reply: Reply) -> Reply {
    let text = |name| reply.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let is_text = TEXT.iter().any(|known| kind.starts_with(known));
    let ReplyBody::Whole(body) = &reply.body else { return reply };
    if !is_text || body.len() < BYTES_MIN || reply.headers.contains_key(header::CONTENT_ENCODING) {
        return reply;
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail; if it did, the plain form is as good.
    match packer.write_all(body).and_then(|()| packer.finish()) {
        Ok(packed) => {
            let packed = Reply { body: ReplyBody::Whole(packed.into()), ..reply };
            packed.with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
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
    fn a_packed_reply_unpacks_to_what_it_was() {
        let body = "une phrase qui revient, ".repeat(200);
        let packed = pack(Reply::new(StatusCode::OK, "text/html; charset=utf-8", body.clone()));
        assert_eq!(packed.headers["content-encoding"], "gzip");
        let packed = packed.body.whole().unwrap();
        assert!(packed.len() < body.len() / 10);
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, body);
    }

    #[test]
    fn what_is_short_or_no_text_stays_as_it_is() {
        let check = |kind, body: String| {
            let reply = pack(Reply::new(StatusCode::OK, kind, body.clone()));
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
