//! An HTTP/1.1 client that shows what is on the wire: the order of headers, pieces as they arrive, bodies that break
//! off. Each request has a connection of its own. It follows nothing, decodes nothing and keeps no cookies.

use std::io::{self, BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::Reply;

const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Sends a request and reads the reply. `host`, `connection` and `content-length` are added where they are not given.
///
/// A server may answer and close before it has read the body; like a browser, this then reads the answer.
///
/// # Errors
/// When there is no connection or no reply.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
    let url = url.trim_start_matches("http://");
    let (address, target) = url.find('/').map_or((url, "/"), |at| url.split_at(at));
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    let mut default = |name, value| {
        if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            all.push((name, value));
        }
    };
    default("host", address);
    default("connection", "close");
    let is_chunked = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    let has_no_body = body.is_empty() && matches!(method, "GET" | "HEAD" | "OPTIONS");
    if !is_chunked && !has_no_body {
        default("content-length", &length);
    }

    let mut connection = Connection::to(address)?;
    let mut writer = connection.writer()?;
    let head = head(method, target, &all);
    thread::scope(|scope| {
        scope.spawn(move || writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body)));
        let reply = connection.read(method == "HEAD", |_| {});
        // Ends the thread when the server has answered without reading the whole body.
        let _ = connection.stream.get_ref().shutdown(Shutdown::Both);
        reply.map(|reply| Reply { request: format!("{method} {target}"), ..reply })
    })
}

/// A request line and headers, with the empty line at their end.
#[must_use]
pub fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {target} HTTP/1.1\r\n{lines}\r\n")
}

/// A body in chunks of `size` bytes, for a request with `transfer-encoding: chunked`.
#[must_use]
pub fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    body.chunks(size).map(chunk).chain([b"0\r\n\r\n".to_vec()]).collect::<Vec<_>>().concat()
}

/// A connection for what [`send`] does not do: malformed requests, requests that are sent or read piece by piece.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// To an address or an origin: `127.0.0.1:80` or `http://127.0.0.1:80`.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn to(origin: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(origin.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TIME_LIMIT))?;
        let connection = Self { stream: BufReader::new(stream) };
        connection.set_read_limit(TIME_LIMIT)?;
        Ok(connection)
    }

    /// How long a read waits for the next bytes; two minutes at first.
    ///
    /// # Errors
    /// When the limit is zero.
    pub fn set_read_limit(&self, limit: Duration) -> io::Result<()> {
        self.stream.get_ref().set_read_timeout(Some(limit))
    }

    /// # Errors
    /// When the server has closed the connection, or takes nothing for two minutes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The sending half, for a thread or a callback that writes while this reads.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub fn writer(&self) -> io::Result<TcpStream> {
        self.stream.get_ref().try_clone()
    }

    /// Tells the server that nothing more will be sent.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn finish_writing(&self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)
    }

    /// Reads one reply; `on_piece` sees each chunk of a chunked body as it arrives.
    ///
    /// # Errors
    /// When the connection ends, or the time is over, before the head of a reply is whole.
    pub fn read_reply(&mut self, on_piece: impl FnMut(&[u8])) -> io::Result<Reply> {
        self.read(false, on_piece)
    }

    /// Appends everything up to the end of the connection to `received`.
    ///
    /// # Errors
    /// When the connection was reset or the time is over; what came before is in `received`.
    pub fn read_to_end(&mut self, received: &mut Vec<u8>) -> io::Result<()> {
        self.stream.read_to_end(received).map(drop)
    }

    fn read(&mut self, without_body: bool, on_piece: impl FnMut(&[u8])) -> io::Result<Reply> {
        let mut reply = self.read_head()?;
        reply.complete = if without_body || matches!(reply.status, 204 | 304) {
            true
        } else if reply.header("transfer-encoding") == "chunked" {
            self.read_chunks(&mut reply.body, on_piece).is_ok()
        } else if let Ok(length) = reply.header("content-length").parse() {
            let read = self.stream.by_ref().take(length).read_to_end(&mut reply.body);
            read.is_ok_and(|read| read as u64 == length)
        } else {
            self.read_to_end(&mut reply.body).is_ok()
        };
        Ok(reply)
    }

    fn read_head(&mut self) -> io::Result<Reply> {
        let first = self.read_line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid(format!("not a status line: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Reply { status, headers, body: Vec::new(), complete: false, request: String::new() })
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>, mut on_piece: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let line = self.read_line()?;
            let size =
                usize::from_str_radix(&line, 16).map_err(|_| invalid(format!("not a size: {line:?}")))?;
            let mut chunk = vec![0; size];
            self.stream.read_exact(&mut chunk)?;
            self.read_line()?;
            if size == 0 {
                return Ok(());
            }
            on_piece(&chunk);
            body.append(&mut chunk);
        }
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the connection ended within the reply"));
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that sends `reply` to one client, closes, and returns what it had received until then.
    fn server(reply: &'static [u8]) -> (String, thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = vec![0; 4096];
            let size = stream.read(&mut received).unwrap();
            received.truncate(size);
            stream.write_all(reply).unwrap();
            received
        });
        (origin, serving)
    }

    #[test]
    fn a_request_carries_what_was_given_and_the_rest_is_added() {
        let (origin, serving) = server(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n");
        let reply = send("POST", &format!("{origin}/a?b=c"), &[("x-own", "é")], b"").unwrap();
        assert_eq!((reply.status, reply.complete, reply.all("x-a")), (204, true, vec!["1", "2"]));
        assert_eq!(reply.request, "POST /a?b=c");
        let host = origin.trim_start_matches("http://");
        let expected = format!(
            "POST /a?b=c HTTP/1.1\r\nx-own: é\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(String::from_utf8(serving.join().unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_body_that_breaks_off_is_not_complete() {
        for (reply, body, complete) in [
            (&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole"[..], "whole", true),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "half", false),
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
                "abcd",
                true,
            ),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", false),
            (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end", true),
        ] {
            let (origin, serving) = server(reply);
            let reply = send("GET", &origin, &[], b"").unwrap();
            assert_eq!((reply.text().as_str(), reply.complete), (body, complete));
            serving.join().unwrap();
        }
    }

    #[test]
    fn a_connection_that_ends_without_a_reply_is_an_error() {
        for reply in [&b""[..], b"HTTP/1.1 200 OK\r\nx-a", b"220 mail\r\n\r\n"] {
            let (origin, serving) = server(reply);
            assert!(send("GET", &origin, &[], b"").is_err());
            serving.join().unwrap();
        }
    }

    #[test]
    fn a_chunked_body_has_sizes_and_an_end() {
        assert_eq!(chunked(b"abcde", 3), b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    }
}
