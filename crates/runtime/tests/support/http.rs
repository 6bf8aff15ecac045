//! A client that shows what is on the wire: framing, order of headers, pieces as they arrive.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use super::PATIENCE;

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body came to its proper end.
    pub complete: bool,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub fn exchange(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    raw(address, &bytes).expect("an answer")
}

/// Sends bytes as they are. `None` when the connection ends without an answer.
pub fn raw(address: &str, request: &[u8]) -> Option<Reply> {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    read(&mut BufReader::new(stream), |_| {})
}

/// Reads one reply and calls `piece` with each chunk as it arrives.
pub fn read(stream: &mut impl BufRead, mut piece: impl FnMut(&[u8])) -> Option<Reply> {
    let status = line(stream)?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    while let Some(header) = line(stream).filter(|header| !header.is_empty()) {
        let (name, value) = header.split_once(':').unwrap();
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply { status, headers, body: Vec::new(), complete: false };
    if reply.header("transfer-encoding") == Some("chunked") {
        while let Some(size) = line(stream) {
            let size = usize::from_str_radix(&size, 16).unwrap();
            let mut chunk = vec![0; size + 2];
            if stream.read_exact(&mut chunk).is_err() {
                break;
            }
            if size == 0 {
                reply.complete = true;
                break;
            }
            piece(&chunk[..size]);
            reply.body.extend_from_slice(&chunk[..size]);
        }
    } else if let Some(length) = reply.header("content-length").map(|length| length.parse().unwrap()) {
        let mut body = vec![0; length];
        reply.complete = stream.read_exact(&mut body).is_ok();
        reply.body = body;
    }
    Some(reply)
}

fn line(stream: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line) {
        Ok(read) if read > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}
