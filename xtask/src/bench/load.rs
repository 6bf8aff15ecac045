//! A small load generator: each worker keeps one connection and sends its next request when the reply is whole.

use std::io::Write as _;
use std::net::SocketAddr;
use std::thread::scope;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use test_support::{Reply, http};

/// A longer body is written while the reply is read.
const SMALL_BYTES: usize = 64 * 1024;

/// Of every account that is made.
pub(super) const PASSWORD: &str = "une phrase assez longue pour Atelier";

/// The form that registers an account or signs in.
pub(super) fn credentials(username: &str) -> String {
    format!("username={username}&password={}", PASSWORD.replace(' ', "+"))
}

/// How much is asked of each page.
pub(super) struct Load {
    pub(super) duration: Duration,
    pub(super) connections: usize,
}

/// A page, and the cookies of whoever asks for it; empty for nobody.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) address: SocketAddr,
    pub(super) path: &'a str,
    pub(super) cookie: &'a str,
    /// Packed with gzip, as browsers ask for it.
    pub(super) gzip: bool,
}

/// One keep-alive connection.
pub(super) struct Connection {
    stream: http::Connection,
    address: String,
    pub(super) cookie: String,
    gzip: bool,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let address = address.to_string();
        Ok(Self { stream: http::Connection::to(&address)?, address, cookie: String::new(), gzip: false })
    }

    /// Another one with the same cookies.
    pub(super) fn again(&self) -> Result<Self> {
        Ok(Self { cookie: self.cookie.clone(), ..Self::open(self.address.parse()?)? })
    }

    /// Sends a form, or nothing, and reads the whole reply.
    pub(super) fn ask(&mut self, method: &str, path: &str, form: &str) -> Result<Reply> {
        self.send(method, path, "application/x-www-form-urlencoded", form.as_bytes())
    }

    /// Sends a body of any type and reads the whole reply.
    pub(super) fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Reply> {
        let reply = if body.len() <= SMALL_BYTES {
            self.begin(method, path, kind, body)?;
            self.stream.read_reply(|_| {})?
        } else {
            let head = self.head(method, path, kind, body);
            let mut writer = self.stream.writer()?;
            scope(|scope| {
                scope.spawn(move || writer.write_all(&head).and_then(|()| writer.write_all(body)));
                self.stream.read_reply(|_| {})
            })?
        };
        if reply.complete { Ok(reply) } else { bail!("the reply to {method} {path} broke off") }
    }

    /// Sends a request in one write, as browsers send what is small, and reads nothing.
    pub(super) fn begin(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<()> {
        let message = [&self.head(method, path, kind, body), body].concat();
        Ok(self.stream.write(&message)?)
    }

    fn head(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len().to_string();
        let accepted = if method == "GET" { "text/html" } else { "application/json" };
        let mut headers = vec![("host", self.address.as_str()), ("accept", accepted)];
        if !self.cookie.is_empty() {
            headers.push(("cookie", &self.cookie));
        }
        if self.gzip {
            headers.push(("accept-encoding", "gzip"));
        }
        if !body.is_empty() {
            headers.extend([("content-type", kind), ("content-length", length.as_str())]);
        }
        http::head(method, path, &headers).into_bytes()
    }
}

/// The reply, which must have this status.
///
/// # Errors
/// When it has another, which says what was to be done.
pub(super) fn expect(reply: Reply, wanted: u16, what: &str) -> Result<Reply> {
    if reply.status == wanted {
        Ok(reply)
    } else {
        bail!("cannot {what}: answered with {}: {}", reply.status, reply.text())
    }
}

/// Requests per second of a page, after a second of warming up.
///
/// # Errors
/// When any answer is not 200: a fast error is no throughput.
pub(super) fn throughput(page: Page<'_>, load: &Load) -> Result<f64> {
    count(page, &Load { duration: Duration::from_secs(1), ..*load })?;
    let start = Instant::now();
    let answers = count(page, load)?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer requests than 2^52")]
    Ok(answers as f64 / start.elapsed().as_secs_f64())
}

fn count(page: Page<'_>, load: &Load) -> Result<u64> {
    let start = Instant::now();
    let what = format!("open {}", page.path);
    let worker = || -> Result<u64> {
        let mut connection = Connection::open(page.address)?;
        page.cookie.clone_into(&mut connection.cookie);
        connection.gzip = page.gzip;
        let mut answers = 0;
        while start.elapsed() < load.duration {
            expect(connection.ask("GET", page.path, "")?, 200, &what)?;
            answers += 1;
        }
        Ok(answers)
    };
    scope(|scope| {
        let running: Vec<_> = (0..load.connections).map(|_| scope.spawn(worker)).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a worker panicked"))).sum()
    })
}

/// The median time of something that is done this often, in milliseconds.
///
/// # Errors
/// Of what is done.
pub(super) fn median_of(times: usize, mut what: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut took = vec![];
    for _ in 0..times {
        let start = Instant::now();
        what()?;
        took.push(start.elapsed());
    }
    Ok(median(took))
}

/// The middle of some durations, in milliseconds.
fn median(mut durations: Vec<Duration>) -> f64 {
    durations.sort();
    durations.get(durations.len() / 2).map_or(f64::NAN, |middle| middle.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let milliseconds = |list: &[u64]| list.iter().map(|number| Duration::from_millis(*number)).collect();
        assert!((median(milliseconds(&[9, 1, 5])) - 5.0).abs() < 1e-9);
        assert!(median(vec![]).is_nan());
    }
}
