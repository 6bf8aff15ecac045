//! A small load generator: each worker keeps one connection and sends its next request when the reply is whole.

use std::net::SocketAddr;
use std::thread::scope;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use test_support::http;

/// How much is asked of each page.
pub(super) struct Load {
    pub(super) duration: Duration,
    pub(super) connections: usize,
}

/// One keep-alive connection.
pub(super) struct Connection {
    stream: http::Connection,
    address: String,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let address = address.to_string();
        Ok(Self { stream: http::Connection::to(&address)?, address })
    }

    /// Sends a request and reads the whole reply; gives its status.
    pub(super) fn ask(&mut self, method: &str, path: &str, form: &str) -> Result<u16> {
        let length = form.len().to_string();
        let mut headers = vec![("host", self.address.as_str())];
        if !form.is_empty() {
            let kind = ("content-type", "application/x-www-form-urlencoded");
            headers.extend([kind, ("content-length", length.as_str())]);
        }
        self.stream.write((http::head(method, path, &headers) + form).as_bytes())?;
        let reply = self.stream.read_reply(|_| {})?;
        if reply.complete { Ok(reply.status) } else { bail!("the reply to {method} {path} broke off") }
    }
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
    fn the_median_is_the_middle_one() {
        let milliseconds = |list: &[u64]| list.iter().map(|number| Duration::from_millis(*number)).collect();
        assert!((median(milliseconds(&[9, 1, 5])) - 5.0).abs() < 1e-9);
        assert!(median(vec![]).is_nan());
    }
}
