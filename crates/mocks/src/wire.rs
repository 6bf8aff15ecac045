//! Faults that any HTTP server can show, whatever it was asked: silence, drip, cut, reset, redirect, …

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, HeaderValue};

use crate::answer::{Answer, Ending, Outcome, Piece};

/// A fault of the transport. It changes the answer that the mock would have given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The normal answer, after a silence.
    Delay(Duration),
    /// The normal answer, one byte per pause.
    Drip(Duration),
    /// The normal headers and this many bytes of the body, then the connection is dropped.
    Cut(usize),
    /// A TCP reset instead of a status line.
    Reset,
    /// 302 to this address.
    Redirect(String),
    /// 200 with an HTML page, as a proxy or a captive portal gives.
    Html,
    /// 200 with bytes that are not UTF-8.
    InvalidUtf8,
    /// The normal answer compressed with gzip, though nobody asked for it.
    Gzip,
    /// 200 with a body of this many bytes of text.
    Huge(usize),
    /// This status with this plain text.
    Status(u16, String),
}

const HTML_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head>\
<body><h1>We will be back soon</h1></body></html>\n";
const HUGE_BLOCK_BYTES: usize = 64 * 1024;

impl Fault {
    pub(crate) fn apply(&self, mut answer: Answer) -> Outcome {
        match self {
            Self::Delay(silence) => answer.wait += *silence,
            Self::Drip(pause) => drip(&mut answer, *pause),
            Self::Cut(after) => cut(&mut answer, *after),
            Self::Reset => return Outcome::Reset(Duration::ZERO),
            Self::Redirect(to) => {
                answer = Answer::new(StatusCode::FOUND, "text/plain; charset=utf-8", "Found");
                answer = answer.with_header("location", to);
            }
            Self::Html => answer = Answer::new(StatusCode::OK, "text/html; charset=utf-8", HTML_PAGE),
            Self::InvalidUtf8 => {
                let bytes: &'static [u8] = b"Voici le code \xff\xfe\xc3\x28 sans fin \xe2\x82";
                answer = Answer::new(StatusCode::OK, "text/plain; charset=utf-8", bytes);
            }
            Self::Gzip => gzip(&mut answer),
            Self::Huge(bytes) => answer = huge(*bytes),
            Self::Status(status, text) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                answer = Answer::new(status, "text/plain; charset=utf-8", text.clone());
            }
        }
        Outcome::Answer(answer)
    }
}

fn drip(answer: &mut Answer, pause: Duration) {
    let body = answer.body();
    answer.pieces = (0..body.len()).map(|at| Piece { wait: pause, bytes: body.slice(at..=at) }).collect();
}

/// Keeps the announced length: what is missing is what the client must notice.
fn cut(answer: &mut Answer, after: usize) {
    let mut left = after;
    for piece in &mut answer.pieces {
        piece.bytes.truncate(left);
        left -= piece.bytes.len();
    }
    answer.ending = Ending::Cut;
}

fn gzip(answer: &mut Answer) {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to a Vec cannot fail; an empty body would show it if it did.
    let packed = encoder.write_all(&answer.body()).and_then(|()| encoder.finish()).unwrap_or_default();
    answer.length = Some(packed.len());
    answer.pieces = vec![Piece { wait: Duration::ZERO, bytes: packed.into() }];
    answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
}

fn huge(bytes: usize) -> Answer {
    let block = Bytes::from("0123456789abcde\n".repeat(HUGE_BLOCK_BYTES / 16));
    let pieces = (0..bytes).step_by(HUGE_BLOCK_BYTES).map(|at| block.slice(..block.len().min(bytes - at)));
    let mut answer = Answer::stream("text/plain; charset=utf-8", pieces, Duration::ZERO);
    answer.length = Some(bytes);
    answer
}
