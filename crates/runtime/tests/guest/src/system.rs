//! WASI, time, memory and traps.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::bindings::wasi::clocks0_3_0::monotonic_clock;
use crate::bindings::wasi::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};

pub(crate) fn environment() -> String {
    format!("{:?} {:?}", std::env::vars().collect::<Vec<_>>(), std::env::args().len())
}

pub(crate) fn print(argument: &str) -> String {
    println!("to stdout: {argument}");
    eprintln!("to stderr: {argument}");
    eprint!("without a line break");
    String::new()
}

pub(crate) async fn socket(address: &str) -> Result<String, String> {
    let address: std::net::SocketAddrV4 = address.parse().map_err(|_| "not an address".to_owned())?;
    let [a, b, c, d] = address.ip().octets();
    let address = Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) };
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|error| format!("{error:?}"))?;
    let connected = socket.connect(IpSocketAddress::Ipv4(address)).await;
    connected.map(|()| "connected".to_owned()).map_err(|error| format!("{error:?}"))
}

pub(crate) async fn sleep(milliseconds: u64) -> String {
    monotonic_clock::wait_for(milliseconds * 1_000_000).await;
    "slept".to_owned()
}

/// Computes without ever waiting.
pub(crate) fn compute(milliseconds: u64) -> String {
    let end = monotonic_clock::now() + milliseconds * 1_000_000;
    let mut rounds: u64 = 0;
    while monotonic_clock::now() < end {
        rounds = rounds.wrapping_add(1);
    }
    rounds.to_string()
}

/// How many requests this instance has had before; said after some work and a pause.
pub(crate) async fn instance(milliseconds: u64) -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    let before = REQUESTS.fetch_add(1, Ordering::Relaxed);
    compute(milliseconds / 500);
    sleep(milliseconds).await;
    before.to_string()
}

pub(crate) fn allocate(mib: u64) -> String {
    let bytes = usize::try_from(mib << 20).unwrap_or(usize::MAX);
    let memory = vec![1_u8; bytes];
    memory.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string()
}

pub(crate) fn deliberate_panic() -> Result<String, String> {
    panic!("the guest panics on purpose")
}
