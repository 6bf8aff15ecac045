//! Compresses replies with gzip, so that the first visit over a slow network costs a quarter of the bytes, also where
//! no gateway does it.
//!
//! The length of a compressed body can reveal a secret in it to an attacker who adds text of their own (BREACH). Our
//! bodies contain no secret: a session is in a cookie only, and cross-site checks need no token in the page
//! (docs/adr/0003).

use http::{HeaderValue, header};
use miniz_oxide::deflate::compress_to_vec;

use crate::{Reply, ReplyBody};

/// The smallest of gzip's, which go from 1 (quick) to 9 (small).
const LEVEL: u8 = 9;
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
/// Not by flate2, whose check sum has tables of 16 KB.
fn member(bytes: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // The last 32 bits of the length.
    let length = bytes.len() as u32;
    let tail = [crc32(bytes).to_le_bytes(), length.to_le_bytes()].concat();
    [&head, compress_to_vec(bytes, LEVEL).as_slice(), &tail].concat()
}

/// Four bits at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, bits: u8| {
        let index = (crc ^ u32::from(bits)) as usize % CRC_OF_FOUR_BITS.len();
        CRC_OF_FOUR_BITS.get(index).map_or(crc, |table| table ^ (crc >> 4))
    };
    !bytes.iter().fold(!0, |crc, byte| step(step(crc, *byte), byte >> 4))
}

/// The remainders of the polynomial of gzip, 0xEDB88320.
const CRC_OF_FOUR_BITS: [u32; 16] = [
    0x0000_0000,
    0x1DB7_1064,
    0x3B6E_20C8,
    0x26D9_30AC,
    0x76DC_4190,
    0x6B6B_51F4,
    0x4DB2_6158,
    0x5005_713C,
    0xEDB8_8320,
    0xF00F_9344,
    0xD6D6_A3E8,
    0xCB61_B38C,
    0x9B64_C2B0,
    0x86D3_D2D4,
    0xA00A_E278,
    0xBDBD_F21C,
];

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
    fn the_check_sum_is_that_of_gzip() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
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
