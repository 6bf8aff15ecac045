//! Compresses replies with gzip, so that the first visit over a slow network costs a quarter of the bytes, also where
//! no gateway does it.
//!
//! The length of a compressed body can reveal a secret in it to an attacker who adds text of their own (BREACH). Our
//! bodies contain no secret: a session is in a cookie only, and cross-site checks need no token in the page
//! (docs/adr/0003).

use crc::{CRC_32_ISO_HDLC, Crc};
use http::{HeaderValue, header};
use miniz_oxide::deflate::compress_to_vec;

use crate::{Reply, ReplyBody};

/// The usual one of gzip, between 1 (quick) and 9 (small).
const LEVEL: u8 = 6;
/// The check sum of gzip (RFC 1952), with a table of 1 KB: without one it takes two and a half times as long, a quarter
/// of what compressing takes.
static CHECK_SUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
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
    let compressed = member(body);
    Reply { body: ReplyBody::Whole(compressed.into()), ..reply }
        .with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
}

/// A gzip file (RFC 1952): a head without name and time, the deflated bytes, their check sum and their length.
/// Not by flate2, whose check sum has tables of 16 KB in each component.
fn member(bytes: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // The last 32 bits of the length.
    let length = bytes.len() as u32;
    let tail = [CHECK_SUM.checksum(bytes).to_le_bytes(), length.to_le_bytes()].concat();
    [&head, compress_to_vec(bytes, LEVEL).as_slice(), &tail].concat()
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
