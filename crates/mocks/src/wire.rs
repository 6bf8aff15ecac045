//! Faults that any HTTP server can show, whatever the request: silence, drip, cut, reset, redirect, …

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::answer::{Answer, End};

/// A fault of the transport. It changes or replaces the answer that the mock would have given.
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
    /// 200 with a body in gzip, which the client has not asked for.
    Gzip,
    /// 200 with a body of this many bytes of text.
    Huge(usize),
    /// This status with this plain text.
    Status(u16, String),
}

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head>\
<body><h1>We will be back soon</h1></body></html>\n";
const NOT_UTF_8: &[u8] = b"Voici le code \xff\xfe\xc3\x28 sans fin \xe2\x82";
const GZIPPED: &[u8] = include_bytes!("../fixtures/answer.md.gz");
const HUGE_BLOCK_BYTES: usize = 64 * 1024;

impl Fault {
    pub(crate) fn apply(&self, mut answer: Answer) -> Answer {
        match self {
            Self::Delay(silence) => answer.wait += *silence,
            Self::Drip(pause) => {
                let body = answer.body();
                answer.pieces = (0..body.len()).map(|at| body.slice(at..=at)).collect();
                answer.pace = *pause;
            }
            Self::Cut(after) => cut(&mut answer, *after),
            Self::Reset => answer.end = End::Reset,
            Self::Redirect(to) => {
                answer = Answer::new(StatusCode::FOUND, PLAIN, "Found").with_header("location", to);
            }
            Self::Html => answer = Answer::new(StatusCode::OK, "text/html; charset=utf-8", HTML_PAGE),
            Self::InvalidUtf8 => answer = Answer::new(StatusCode::OK, PLAIN, NOT_UTF_8),
            Self::Gzip => {
                answer = Answer::new(StatusCode::OK, PLAIN, GZIPPED).with_header("content-encoding", "gzip");
            }
            Self::Huge(bytes) => answer = huge(*bytes),
            Self::Status(status, text) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                answer = Answer::new(status, PLAIN, text.clone());
            }
        }
        answer
    }
}

/// Keeps the announced length: the client must notice what is missing.
fn cut(answer: &mut Answer, after: usize) {
    let mut left = after;
    for piece in &mut answer.pieces {
        piece.truncate(left);
        left -= piece.len();
    }
    answer.end = End::Cut;
}

fn huge(bytes: usize) -> Answer {
    let block = Bytes::from("0123456789abcde\n".repeat(HUGE_BLOCK_BYTES / 16));
    let pieces = (0..bytes).step_by(HUGE_BLOCK_BYTES).map(|at| block.slice(..block.len().min(bytes - at)));
    let mut answer = Answer::stream(PLAIN, pieces.collect(), Duration::ZERO);
    answer.length = Some(bytes);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_and_a_drip_change_only_when_the_bytes_are_sent() {
        let pause = Duration::from_secs(7);
        let normal = Answer::new(StatusCode::OK, PLAIN, "bonjour");
        let delayed = Fault::Delay(pause).apply(normal.clone());
        assert_eq!(
            (delayed.wait, delayed.pace, delayed.pieces),
            (pause, Duration::ZERO, normal.pieces.clone())
        );
        let dripped = Fault::Drip(pause).apply(normal.clone());
        assert_eq!((dripped.wait, dripped.pace, dripped.pieces.len()), (Duration::ZERO, pause, 7));
        assert_eq!((dripped.body(), dripped.length), (normal.body(), normal.length));
    }
}
