//! Bytes on a socket, for requests that no HTTP client would send.

use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

/// Sends `request` as it is, closes the sending half when `half_close`, and returns what came back
/// within five seconds.
///
/// # Panics
/// When the server cannot be reached.
#[must_use]
pub fn raw_exchange(origin: &str, request: &[u8], half_close: bool) -> String {
    let address = origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    // The server may refuse and close before it has read everything.
    let _ = stream.write_all(request);
    if half_close {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

/// A connection for a client that reads nothing before it has written what it wants to.
#[derive(Debug)]
pub struct Wire(TcpStream);

impl Wire {
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn to(origin: &str) -> Self {
        let address = origin.trim_start_matches("http://");
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        let _ = stream.set_write_timeout(Some(Duration::from_secs(60)));
        Self(stream)
    }

    /// # Errors
    /// The server has closed the connection, or takes nothing for a minute.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Everything up to the end of the connection, as text.
    ///
    /// # Errors
    /// The connection was reset, or nothing came for a minute.
    pub fn read(mut self) -> io::Result<String> {
        let mut reply = Vec::new();
        self.0.read_to_end(&mut reply)?;
        Ok(String::from_utf8_lossy(&reply).into_owned())
    }
}

/// Sends a request whose body may not be wanted: a server that answers early closes while we still write, and
/// like a browser we then read the answer instead of failing.
///
/// `head` holds the request line and headers, each with its line end, without the empty line.
///
/// # Errors
/// When there is no answer that can be read.
pub(crate) fn exchange(origin: &str, head: &str, body: &[u8]) -> Result<(u16, HeaderMap, Vec<u8>), String> {
    let address = origin.trim_start_matches("http://");
    let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
    let mut writing = stream.try_clone().map_err(|error| error.to_string())?;
    let head = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    thread::scope(|scope| {
        scope.spawn(move || writing.write_all(head.as_bytes()).and_then(|()| writing.write_all(body)));
        read_reply(&mut BufReader::new(&stream)).inspect(|_| {
            // The answer is whole: what is still being written interests nobody.
            let _ = stream.shutdown(Shutdown::Both);
        })
    })
}

fn read_reply(from: &mut impl BufRead) -> Result<(u16, HeaderMap, Vec<u8>), String> {
    let mut line = || -> Result<String, String> {
        let mut line = String::new();
        from.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| format!("no status line but {first:?}"))?;
    let mut headers = HeaderMap::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { break };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|error| error.to_string())?);
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        while let Some(size) = chunk_size(from)? {
            let read = from.take(size).read_to_end(&mut body).map_err(|error| error.to_string())?;
            if read as u64 != size {
                return Err("the reply is cut".into());
            }
            from.read_line(&mut String::new()).map_err(|error| error.to_string())?;
        }
    } else {
        from.read_to_end(&mut body).map_err(|error| error.to_string())?;
    }
    Ok((status, headers, body))
}

fn chunk_size(from: &mut impl BufRead) -> Result<Option<u64>, String> {
    let mut line = String::new();
    from.read_line(&mut line).map_err(|error| error.to_string())?;
    let size = u64::from_str_radix(line.trim(), 16).map_err(|_| format!("no chunk size but {line:?}"))?;
    Ok((size > 0).then_some(size))
}
