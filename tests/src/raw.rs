//! Bytes on a socket, for requests that no HTTP client would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

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
