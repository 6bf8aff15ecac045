//! A small load generator: each worker keeps one connection and asks again as soon as it is answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::scope;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::figures::Load;

const TIMEOUT: Duration = Duration::from_secs(30);

/// One keep-alive connection.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::new(stream), address })
    }

    /// Sends a request and reads the whole answer; gives its status.
    pub(super) fn ask(&mut self, method: &str, path: &str, form: &str) -> Result<u16> {
        let body = if form.is_empty() {
            String::new()
        } else {
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len())
        };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{body}\r\n{form}", self.address);
        self.stream.get_mut().write_all(request.as_bytes())?;
        read(&mut self.stream)
    }
}

/// Reads one answer to its end.
fn read(stream: &mut impl BufRead) -> Result<u16> {
    let first = line(stream)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no HTTP answer")?;
    let (mut length, mut chunked) = (0_u64, false);
    loop {
        let header = line(stream)?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().context("a length that is no number")?;
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    if !chunked {
        skip(stream, length)?;
        return Ok(status);
    }
    loop {
        let size = line(stream)?;
        let size = u64::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .context("a chunk's size that is no number")?;
        if size == 0 {
            // Trailers, if any, up to the empty line.
            while !line(stream)?.is_empty() {}
            return Ok(status);
        }
        skip(stream, size + 2)?;
    }
}

fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    if stream.read_line(&mut text)? == 0 {
        bail!("the server closed the connection");
    }
    Ok(text.trim_end().to_owned())
}

fn skip(stream: &mut impl BufRead, bytes: u64) -> Result<()> {
    let read = std::io::copy(&mut stream.by_ref().take(bytes), &mut std::io::sink())?;
    if read == bytes { Ok(()) } else { bail!("the server closed the connection") }
}

/// Requests per second of `GET path`, after a second of warming up.
///
/// # Errors
/// When any answer is not 200: a fast error is no throughput.
pub(super) fn throughput(address: SocketAddr, path: &str, load: &Load) -> Result<f64> {
    count(address, path, &Load { duration: Duration::from_secs(1), ..*load })?;
    let start = Instant::now();
    let answers = count(address, path, load)?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer requests than 2^52")]
    Ok(answers as f64 / start.elapsed().as_secs_f64())
}

fn count(address: SocketAddr, path: &str, load: &Load) -> Result<u64> {
    let start = Instant::now();
    let worker = || -> Result<u64> {
        let mut connection = Connection::open(address)?;
        let mut answers = 0;
        while start.elapsed() < load.duration {
            match connection.ask("GET", path, "")? {
                200 => answers += 1,
                status => bail!("GET {path} was answered with {status}"),
            }
        }
        Ok(answers)
    };
    scope(|scope| {
        let running: Vec<_> = (0..load.connections).map(|_| scope.spawn(worker)).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a worker panicked"))).sum()
    })
}

/// The middle of some durations, in milliseconds.
pub(super) fn median(mut durations: Vec<Duration>) -> f64 {
    durations.sort();
    durations.get(durations.len() / 2).map_or(f64::NAN, |middle| middle.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_on_one_connection_are_read_one_by_one() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let mut stream = text.as_bytes();
        assert_eq!(
            [read(&mut stream).unwrap(), read(&mut stream).unwrap(), read(&mut stream).unwrap()],
            [200, 404, 204]
        );
        assert!(read(&mut stream).is_err());
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        for text in ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n"] {
            assert!(read(&mut text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let milliseconds = |list: &[u64]| list.iter().map(|number| Duration::from_millis(*number)).collect();
        assert!((median(milliseconds(&[9, 1, 5])) - 5.0).abs() < 1e-9);
        assert!(median(vec![]).is_nan());
    }
}
