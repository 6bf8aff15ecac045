//! A minimal HTTP client, to check whether the server that xtask started answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// An answer may be a page; no more than this of it is read.
const BODY_BYTES_MAX: u64 = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A status and what follows the head (still chunked if the server chunks).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) rest: String,
}

/// `GET path`, on a connection of its own.
///
/// # Errors
/// When nothing listens, or there is no HTTP answer within 10 s.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.take(BODY_BYTES_MAX).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes))
        .with_context(|| format!("http://{address}{path} does not answer in HTTP"))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, rest: rest.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_the_rest() {
        let parsed = parse("HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nno database");
        assert_eq!(parsed, Some(Answer { status: 503, rest: "no database".to_owned() }));
        assert_eq!(parse("HTTP/1.1 twohundred OK\r\n\r\n"), None);
        assert_eq!(parse("220 mail.example.org ESMTP\r\n\r\n"), None);
        assert_eq!(parse(""), None);
    }
}
