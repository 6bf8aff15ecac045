//! Limits of clients. Where a connection must end, `--max-connections 1` shows it: only then the next one is answered.

mod support;

use support::{App, manifest};
use test_support::Connection;

const SHORT: &str = "300ms";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn app(connections: &str, timeout: &str) -> App {
    let arguments = ["--max-connections", connections, "--client-timeout", timeout];
    App::start_with(&manifest("", ""), &arguments, &[])
}

/// An HTTP/2 frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The head of a GET request in HTTP/2, without the flag END_HEADERS.
fn http2_head(path: &str) -> Vec<u8> {
    let text =
        |name: u8, value: &str| [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    // HPACK (RFC 7541, appendix A): `:method: GET`, `:scheme: http`, `:path`, `:authority`.
    [vec![0x82, 0x86], text(0x04, path), text(0x01, "h")].concat()
}

fn http2_get(path: &str, end_headers: bool) -> Vec<u8> {
    const HEADERS: u8 = 1;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;
    let flags = END_STREAM | if end_headers { END_HEADERS } else { 0 };
    [PREFACE.to_vec(), frame(4, 0, 0, &[]), frame(HEADERS, flags, 1, &http2_head(path))].concat()
}

#[test]
fn a_connection_that_waits_for_its_client_ends() {
    let app = app("1", SHORT);
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: h\r\n\r\n").into_bytes();
    for (case, bytes) in [
        ("nothing", Vec::new()),
        ("a part of the head", b"GET /uri HTTP/1.1\r\nhost".to_vec()),
        ("a part of the HTTP/2 preface", PREFACE[..5].to_vec()),
        ("HTTP/2 without a request", PREFACE.to_vec()),
        ("HTTP/2 without END_HEADERS", http2_get("/uri", false)),
        ("a part of an upload", b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\npart".to_vec()),
        ("a request whose long reply is not read", request("/produce?262144")),
        ("a request whose long HTTP/2 reply is not read", http2_get("/produce?262144", true)),
        ("a request, and then nothing", request("/uri")),
    ] {
        let connection = app.connect_and_send(&bytes);
        assert_eq!(app.get("/uri").status, 200, "{case}");
        drop(connection);
    }
}

#[test]
fn a_head_that_is_sent_byte_by_byte_has_the_same_limit() {
    let app = app("1", SHORT);
    let mut connection = app.connect_and_send(b"GET /uri HTTP/1.1\r\nx-endless: ");
    let mut writer = connection.writer().unwrap();
    let sender = std::thread::spawn(move || {
        while std::io::Write::write_all(&mut writer, b"x").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    let mut received = Vec::new();
    let _ = connection.read_to_end(&mut received);
    assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
    sender.join().unwrap();
}

#[test]
fn a_guest_may_work_longer_than_a_client_may_be_silent() {
    let app = app("8", SHORT);
    assert_eq!(app.get("/sleep?1500").text(), "slept");
    let reply = app.get("/slow?700");
    assert!(reply.complete && reply.text().ends_with("piece 3\n"), "{}", reply.text());
}

#[test]
fn a_client_that_goes_on_slowly_is_served() {
    let app = app("8", "1s");
    let mut connection =
        app.connect_and_send(b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 12\r\n\r\n");
    for _ in 0..12 {
        std::thread::sleep(std::time::Duration::from_millis(150));
        connection.write(b"x").unwrap();
    }
    assert_eq!(connection.read_reply(|_| {}).unwrap().text(), "12");
}

#[test]
fn more_connections_than_allowed_wait_for_a_free_one() {
    let app = app("2", "60s");
    let keep_alive = b"GET /uri HTTP/1.1\r\nhost: h\r\n\r\n";
    let mut open: Vec<Connection> = (0..2).map(|_| app.connect_and_send(keep_alive)).collect();
    for connection in &mut open {
        assert_eq!(connection.read_reply(|_| {}).unwrap().status, 200);
    }
    app.logged("new connections wait");
    let mut third = app.connect_and_send(keep_alive);
    third.set_read_limit(std::time::Duration::from_millis(300)).unwrap();
    assert!(third.read_reply(|_| {}).is_err(), "it is not answered");
    drop(open.pop());
    third.set_read_limit(support::TIME_LIMIT).unwrap();
    assert_eq!(third.read_reply(|_| {}).unwrap().status, 200);
}

#[test]
fn replies_that_are_not_read_take_bounded_memory() {
    const CLIENTS: usize = 24;
    const MIB: usize = 1 << 20;
    let app = app("64", "60s");
    app.get("/uri");
    let (before, _) = app.resident();
    // 256 MiB each. The last chunks that fit are sent within the first second.
    let request = b"GET /produce?262144 HTTP/1.1\r\nhost: h\r\n\r\n";
    let http1: Vec<_> = (0..CLIENTS).map(|_| app.connect_and_send(request)).collect();
    let http2: Vec<_> =
        (0..CLIENTS).map(|_| app.connect_and_send(&http2_get("/produce?262144", true))).collect();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let (_, most) = app.resident();
    println!("{} + {} clients: from {} to {} KiB", http1.len(), http2.len(), before >> 10, most >> 10);
    assert!(most < before + 32 * MIB, "{} MiB grew to {} MiB", before / MIB, most / MIB);
}
