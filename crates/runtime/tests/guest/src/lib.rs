//! The guest of the runtime's own tests. `/<prefix>/verb?argument` does one thing; see the table in `answer`.
//! Outside WebAssembly there is nothing here.
#![cfg(target_family = "wasm")]

mod database;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use spin_sdk::http::{Request, Response, StatusCode};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

type Body = UnsyncBoxBody<Bytes, ErrorCode>;

#[spin_sdk::http_service]
async fn handle(request: Request) -> Result<Response<Body>, ErrorCode> {
    let verb = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let argument = request.uri().query().unwrap_or_default().to_owned();
    match verb.as_str() {
        // Streams.
        "echo" => return Ok(Response::new(request.into_body().boxed_unsync())),
        "count" => count(request).await,
        "produce" => return Ok(Response::new(produce(number(&argument)))),
        "slow" => return Ok(Response::new(slow(number(&argument)))),
        "break" => return Ok(Response::new(broken())),
        // What the guest sees.
        "headers" => Ok(headers(&request)),
        "uri" => Ok(format!("{} {}", request.method(), request.uri())),
        "variable" => spin_sdk::variables::get(&argument).await.map_err(|e| format!("{e:?}")),
        "environment" => {
            Ok(format!("{:?} {:?}", std::env::vars().collect::<Vec<_>>(), std::env::args().len()))
        }
        "file" => std::fs::read_to_string(&argument).map_err(|e| e.to_string()),
        "socket" => socket(&argument).await,
        // What the guest does.
        "print" => Ok(print(&argument)),
        "fetch" => return fetch(&argument, request).await,
        "sleep" => Ok(sleep(number(&argument)).await),
        "compute" => Ok(compute(number(&argument))),
        "instance" => Ok(instance()),
        "trap" => std::process::abort(),
        "panic" => deliberate_panic(),
        "refuse" => return Err(ErrorCode::InternalError(Some("the guest refuses".to_owned()))),
        "allocate" => Ok(allocate(number(&argument))),
        // Databases: the statement is the body, the connection string a header.
        "query" | "execute" | "query-blocking" | "execute-blocking" | "built" | "built-blocking"
        | "first" | "types" => database::run(&verb, request).await,
        _ => Err("no such verb".to_owned()),
    }
    .map_or_else(|error| Ok(text(StatusCode::BAD_GATEWAY, error)), |found| Ok(text(StatusCode::OK, found)))
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response =
        Response::new(Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn number(argument: &str) -> u64 {
    argument.parse().unwrap_or(0)
}

async fn count(request: Request) -> Result<String, String> {
    let mut body = request.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| format!("{e:?}"))?;
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes.to_string())
}

/// So many KiB, made while they are sent.
fn produce(kib: u64) -> Body {
    let chunk = Bytes::from(vec![b'x'; 1024]);
    let frames = (0..kib).map(move |_| Ok(Frame::data(chunk.clone())));
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

/// Four pieces with a pause of so many milliseconds before each.
fn slow(pause: u64) -> Body {
    let pieces = futures_util::stream::iter(0..4).then(move |piece| async move {
        monotonic_clock::wait_for(pause * 1_000_000).await;
        Ok(Frame::data(Bytes::from(format!("piece {piece}\n"))))
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// Begins an answer and aborts in its middle.
fn broken() -> Body {
    let pieces = futures_util::stream::iter(0..4).then(|piece| async move {
        monotonic_clock::wait_for(20_000_000).await;
        if piece == 2 {
            std::process::abort();
        }
        Ok(Frame::data(Bytes::from_static(b"piece\n")))
    });
    StreamBody::new(pieces).boxed_unsync()
}

fn headers(request: &Request) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    request.headers().iter().map(line).collect()
}

fn print(argument: &str) -> String {
    println!("to stdout: {argument}");
    eprintln!("to stderr: {argument}");
    eprint!("without an end");
    String::new()
}

/// Sends the request's own headers `x-url` names to, with its body; `x-first-byte-ms`, `x-connect-ms` and
/// `x-pause-ms` set timeouts.
async fn fetch(argument: &str, request: Request) -> Result<Response<Body>, ErrorCode> {
    let (parts, body) = request.into_parts();
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let url = header("x-url").unwrap_or_else(|| argument.to_owned());
    let options = RequestOptions::new();
    let milliseconds = |name| header(name).map(|text| number(&text) * 1_000_000);
    let _ = options.set_connect_timeout(milliseconds("x-connect-ms"));
    let _ = options.set_first_byte_timeout(milliseconds("x-first-byte-ms"));
    let _ = options.set_between_bytes_timeout(milliseconds("x-pause-ms"));
    let outgoing = http::Request::builder().method(parts.method.clone()).uri(url);
    let Ok(mut outgoing) = outgoing.body(body) else { return Err(ErrorCode::HttpRequestUriInvalid) };
    outgoing.extensions_mut().insert(RequestOptionsExtension(options));
    Ok(match spin_sdk::http::send(outgoing).await {
        Ok(response) => response.map(BodyExt::boxed_unsync),
        Err(error) => text(StatusCode::BAD_GATEWAY, format!("{error:?}")),
    })
}

async fn socket(address: &str) -> Result<String, String> {
    use spin_sdk::wasip3::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};
    let address: std::net::SocketAddrV4 = address.parse().map_err(|_| "not an address".to_owned())?;
    let [a, b, c, d] = address.ip().octets();
    let address = Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) };
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|e| format!("{e:?}"))?;
    let connected = socket.connect(IpSocketAddress::Ipv4(address)).await;
    connected.map(|()| "connected".to_owned()).map_err(|e| format!("{e:?}"))
}

async fn sleep(milliseconds: u64) -> String {
    monotonic_clock::wait_for(milliseconds * 1_000_000).await;
    "slept".to_owned()
}

/// Keeps the processor busy without giving way.
fn compute(milliseconds: u64) -> String {
    let end = monotonic_clock::now() + milliseconds * 1_000_000;
    let mut rounds: u64 = 0;
    while monotonic_clock::now() < end {
        rounds = rounds.wrapping_add(1);
    }
    rounds.to_string()
}

/// How many requests this instance has had, to see it reused.
fn instance() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    REQUESTS.fetch_add(1, Ordering::Relaxed).to_string()
}

fn allocate(mib: u64) -> String {
    let bytes = usize::try_from(mib << 20).unwrap_or(usize::MAX);
    let memory = vec![1_u8; bytes];
    memory.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string()
}

fn deliberate_panic() -> Result<String, String> {
    panic!("the guest panics on purpose")
}
